#!/usr/bin/env node
/** `roam`, the command line of roamd: the process around `command.ts`. */
import { once } from "node:events";
import { timeOfDay } from "../clock.ts";
import { run } from "./command.ts";
import { EXIT } from "./io.ts";

/** Whoever reads our output may stop to (`roam watch | head`): then nothing is left to do. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(EXIT.ok);
}

async function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, "drain");
}

process.stdout.on("error", endQuietly);
process.stderr.on("error", endQuietly);
const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());
process.once("SIGTERM", () => interrupted.abort());

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => write(process.stdout, text),
  err: (text) => write(process.stderr, text),
  colour: process.stdout.isTTY && (process.env.NO_COLOR ?? "") === "",
  screenLines: process.stdout.isTTY ? process.stdout.rows : undefined,
  now: timeOfDay,
  signal: interrupted.signal,
});
