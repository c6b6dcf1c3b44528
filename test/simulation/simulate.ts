/**
 * `npm run simulate -- --seeds N [--seed FIRST]`: as many fabrics as you like; a seed that fails is
 * printed with its story. `npm run simulate -- --seed N` tells the story of one, whatever comes of it.
 */
import { parseArgs } from "node:util";
import { Fabric } from "./fabric.ts";

const USAGE = "Usage: npm run simulate -- [--seeds NUMBER] [--seed FIRST]";
const PROGRESS_EVERY_MS = 2000;

function main(): number {
  const { values } = parseArgs({
    options: { seeds: { type: "string" }, seed: { type: "string" } },
  });
  const seeds = countOf(values.seeds ?? (values.seed === undefined ? "10000" : "1"));
  const first = countOf(values.seed ?? "1");
  if (seeds === undefined || first === undefined) {
    console.error(`Cannot simulate: numbers from 1 on are needed\n${USAGE}`);
    return 2;
  }
  return simulate(first, seeds);
}

function simulate(first: number, seeds: number): number {
  const startedAt = Date.now();
  let toldAt = startedAt;
  for (let seed = first; seed < first + seeds; seed++) {
    const fabric = new Fabric(seed);
    const faults = fabric.run();
    if (faults.length > 0 || seeds === 1) console.log(fabric.story.join("\n"));
    if (faults.length > 0) {
      console.error(`Seed ${seed} fails:\n${faults.join("\n")}`);
      return 1;
    }
    const now = Date.now();
    if (now - toldAt < PROGRESS_EVERY_MS) continue;
    toldAt = now;
    console.log(`${seed - first + 1} of ${seeds} seeds, no fault`);
  }
  const tookMs = Date.now() - startedAt;
  console.log(`${seeds} seeds from ${first} on in ${(tookMs / 1000).toFixed(1)} s, no fault`);
  return 0;
}

function countOf(text: string): number | undefined {
  const count = Number(text);
  return Number.isSafeInteger(count) && count > 0 ? count : undefined;
}

try {
  process.exitCode = main();
} catch (error) {
  // Node says which option it does not know.
  if (!(error instanceof TypeError) || !("code" in error)) throw error;
  console.error(`Cannot simulate: ${error.message}\n${USAGE}`);
  process.exitCode = 2;
}
