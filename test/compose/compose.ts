/** `docker compose` in labs/compose. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { inRepository } from "../../labs/runner/repository.ts";

const run = promisify(execFile);

/** What it prints; any code but 0 is an error that says what was said. */
export async function compose(...words: readonly string[]): Promise<string> {
  const { stdout } = await run("docker", ["compose", ...words], {
    cwd: inRepository("labs/compose"),
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** Runs a command in a service's container. */
export function exec(service: string, ...words: readonly string[]): Promise<string> {
  return compose("exec", "-T", service, ...words);
}
