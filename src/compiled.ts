/**
 * The program in one file, with what V8 has made of its text when it was built (`write-compiled.ts`):
 * to do that anew takes a fifth of the time until the configuration is read (30 of 140 ms). What was
 * made by another V8, or of another text, is not used. Such a program can not `import()` (Node 20).
 */
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";
import type { Worker } from "node:worker_threads";

export interface Compiled {
  readonly roamd: (netlinkWorker?: Worker) => Promise<number>;
  /** Of all functions that have run by now. */
  bytecode(): Uint8Array;
}

/** Throws if there is no such file. */
export function openCompiled(bundle: URL): Compiled {
  // A leaf is quiet for hours, and then a rack moves. V8 makes machine code of what has become hot, with
  // up to 920 bytes of bytecode inlined into each function; for code as flat as this that takes more of
  // the processors than it ever saves: with 100, 1,000 hosts that move take a sixth less of them (Node
  // 20). Before anything is compiled: V8 uses no bytecode that was made with other flags.
  setFlagsFromString("--max-inlined-bytecode-size-cumulative=100");
  // What 100,000 routes leave behind makes V8 take all that is made at the same places for long-lived, and
  // put it where it is collected late: each request to the kernel then takes memory that nobody has used
  // yet, which the kernel clears first (without, a quarter fewer page faults at such a start, Node 20).
  setFlagsFromString("--no-allocation-site-pretenuring");
  const filename = fileURLToPath(bundle);
  const text = readFileSync(filename, "utf8");
  const script = new Script(`(function (exports, require, module, __filename) {${text}\n})`, {
    filename,
    cachedData: bytecodeOf(filename),
  });
  const module = { exports: {} as Pick<Compiled, "roamd"> };
  script.runInThisContext()(module.exports, createRequire(bundle), module, filename);
  return { roamd: module.exports.roamd, bytecode: () => script.createCachedData() };
}

/** Where the bytecode of a bundle is kept. */
export function bytecodeFile(bundle: string): string {
  return `${bundle}.bytecode`;
}

/** V8 itself compares no more than the length of the text. */
function bytecodeOf(bundle: string): Buffer | undefined {
  try {
    const file = bytecodeFile(bundle);
    const isOlder = statSync(file).mtimeMs < statSync(bundle).mtimeMs;
    return isOlder ? undefined : readFileSync(file);
  } catch {
    return undefined;
  }
}
