/**
 * `npm run fuzz -- [--seconds N] [--seed FIRST]`: mutated frames and netlink messages through every
 * decoder of `src/wire`, seed by seed, and how much of the decoders that has run. A seed that fails
 * is printed with its input; `--seed N --seconds 0` runs that one again.
 */
import { readFileSync } from "node:fs";
import { Session } from "node:inspector";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { FuzzFailure, fuzz, INPUTS_PER_SEED } from "./fuzzer.ts";

const USAGE = "Usage: npm run fuzz -- [--seconds NUMBER] [--seed FIRST]";
const PROGRESS_EVERY_MS = 5000;

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface Script {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

function main(): number {
  const { values } = parseArgs({
    options: { seconds: { type: "string" }, seed: { type: "string" } },
  });
  const seconds = Number(values.seconds ?? "10");
  const first = Number(values.seed ?? "1");
  if (!(seconds >= 0) || !Number.isSafeInteger(first)) {
    console.error(`Cannot fuzz: numbers are needed\n${USAGE}`);
    return 2;
  }
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: false, detailed: true });
  const code = run(first, seconds);
  session.post("Profiler.takePreciseCoverage", (error, answer) => {
    if (error === null) tellCoverage(answer.result);
  });
  session.disconnect();
  return code;
}

function run(first: number, seconds: number): number {
  const shapes = new Set<string>();
  const startedAt = Date.now();
  let toldAt = startedAt;
  let seed = first;
  try {
    do {
      for (const shape of fuzz(seed)) shapes.add(shape);
      seed += 1;
      if (Date.now() - toldAt < PROGRESS_EVERY_MS) continue;
      toldAt = Date.now();
      console.log(`${(seed - first) * INPUTS_PER_SEED} inputs, ${shapes.size} kinds of answers`);
    } while (Date.now() - startedAt < seconds * 1000);
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    console.error(error.message);
    console.error(error.cause);
    return 1;
  }
  const inputs = (seed - first) * INPUTS_PER_SEED;
  const took = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(`Seeds ${first} to ${seed - 1}: ${inputs} inputs in ${took} s, no failure`);
  return 0;
}

/** By the lines of the compiled files, without those that are nothing but comments and braces. */
function tellCoverage(scripts: readonly Script[]): void {
  const files = scripts.filter(({ url }) => url.includes("/src/wire/"));
  let [run, all] = [0, 0];
  for (const script of [...files].sort((a, b) => a.url.localeCompare(b.url))) {
    const lines = linesOf(script);
    run += lines.run;
    all += lines.all;
    const missed = lines.missed.length === 0 ? "" : `, not ${lines.missed.join(" ")}`;
    console.log(`  ${basename(script.url)}: ${lines.run} of ${lines.all} lines${missed}`);
  }
  console.log(`src/wire: ${run} of ${all} lines (${((100 * run) / all).toFixed(1)} %)`);
}

function linesOf({ url, functions }: Script): {
  readonly run: number;
  readonly all: number;
  readonly missed: readonly number[];
} {
  const text = readFileSync(fileURLToPath(url), "utf8");
  // Of ranges within each other the innermost counts, and it comes last.
  const ranges = functions.flatMap((each) => each.ranges).sort(widestFirst);
  const missed: number[] = [];
  let all = 0;
  let start = 0;
  for (const [index, line] of text.split("\n").entries()) {
    const from = start + line.search(/\S|$/);
    const isCode = /^\s*(?!\/\/|\/?\*)[^\s{}()[\];,]/.test(line);
    start += line.length + 1;
    if (!isCode) continue;
    all += 1;
    const innermost = ranges.findLast((each) => each.startOffset <= from && from < each.endOffset);
    if (innermost?.count === 0) missed.push(index + 1);
  }
  return { run: all - missed.length, all, missed };
}

function widestFirst(a: Range, b: Range): number {
  return a.startOffset - b.startOffset || b.endOffset - a.endOffset;
}

process.exitCode = main();
