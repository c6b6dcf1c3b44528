/** `docker compose` in labs/compose, as npm's docker-compose drives it. */
import { execCompose, exec as execIn, type IDockerComposeResult } from "docker-compose";
import { inRepository } from "../../labs/runner/repository.ts";

const options = { cwd: inRepository("labs/compose") };

/** What it prints; any code but 0 is an error that says what was said. */
export function compose(command: string, ...words: readonly string[]): Promise<string> {
  return outputOf(execCompose(command, [...words], options));
}

/** Runs a command in a service's container. */
export function exec(service: string, ...words: readonly string[]): Promise<string> {
  return outputOf(execIn(service, [...words], options));
}

/** It rejects with a result, which is no error and would be shown as an object. */
async function outputOf(running: Promise<IDockerComposeResult>): Promise<string> {
  try {
    return (await running).out;
  } catch (failure) {
    if (failure instanceof Error) throw failure;
    const { exitCode, out, err } = failure as IDockerComposeResult;
    throw new Error(`docker compose ended with ${exitCode}: ${out}${err}`, { cause: failure });
  }
}
