/** The benches that need one leaf: first with gobgpd beside roamd or the floor, then with FRR. */
import type { BenchOptions } from "../bench-options.ts";
import { BenchLeaf } from "../lab/bench-leaf.ts";
import type { Daemon } from "../lab/daemon.ts";
import type { Crowd } from "../lab/hosts.ts";
import type { Measurement } from "../measured.ts";
import { type Asked, askForMacs, forgetMoves, moveMeanwhile } from "./cli.ts";
import { measureOneByOne, type OneByOne } from "./growth.ts";
import { type FrrFound, type GobgpFound, leafMeasurements } from "./leaf-measurements.ts";
import { measureDumps, measureRestart } from "./restart.ts";
import { measureSnoop } from "./snoop.ts";
import {
  type FrrStart,
  forgetFrr,
  frrMemory,
  load,
  type Memory,
  measureFloor,
  measureFrr,
  roamdMemory,
  startAnew,
  startFrrAnew,
} from "./sync.ts";

export const LEAF_BENCHES = ["sync", "restart", "snoop", "memory", "growth", "cli"] as const;

const FIRST_HOST = 10_000;
const FEW = 10;

/** What is to be done at each number of hosts. */
interface Plan {
  readonly sizes: readonly number[];
  readonly repeats: number;
  readonly moves: number;
  /** Both take a quarter more or less from one time to the next: of five, the ratio is chance. */
  readonly restarts: number;
}

export async function runLeafBenches(
  names: readonly string[],
  options: BenchOptions,
): Promise<readonly Measurement[]> {
  const wanted = LEAF_BENCHES.filter((name) => names.includes(name));
  if (wanted.length === 0) return [];
  const { isSmoke } = options;
  const plan: Plan = isSmoke
    ? { sizes: [100], repeats: 1, moves: 2, restarts: 2 }
    : { sizes: [1000, 10_000, 50_000, 100_000], repeats: 3, moves: 20, restarts: 11 };
  const snooped: Measurement[] = [];
  const needsRoutes = wanted.some((name) => name !== "snoop");
  let gobgp: GobgpFound | undefined;
  {
    await using lab = await BenchLeaf.up("gobgp", options.binaries);
    if (wanted.includes("snoop")) snooped.push(...(await measureSnoop(lab, options)));
    if (needsRoutes) gobgp = await measureRoamd(lab, plan, options);
  }
  if (gobgp === undefined) return snooped;
  await using lab = await BenchLeaf.up("frr", options.binaries);
  const frr = await measureFrrLeaf(lab, plan, options);
  const measured = leafMeasurements(plan.sizes, gobgp, frr);
  return [...measured.filter(({ name }) => wanted.some((each) => each === name)), ...snooped];
}

async function measureRoamd(
  lab: BenchLeaf,
  { sizes, repeats, moves, restarts }: Plan,
  { say }: BenchOptions,
): Promise<GobgpFound> {
  const sync = new Map<number, { ours: number[]; floor: number[] }>();
  const growth = new Map<number, { ours: OneByOne; floor: OneByOne }>();
  const memory: Memory[] = [];
  const few = { first: FIRST_HOST, count: FEW };
  await load(lab, 0, few);
  let { daemon } = await startAnew(lab, few);
  const empty = await roamdMemory(lab, daemon);
  const askedFew = await ask(lab, few, repeats + 2);
  await stop(lab, daemon);
  let before = FEW;
  let seq = 1;
  for (const size of sizes) {
    const crowd = { first: FIRST_HOST, count: size };
    await load(lab, before, crowd);
    before = size;
    const floor: number[] = [];
    for (let i = 0; i < repeats; i++) floor.push(await measureFloor(lab, crowd));
    const moving = { first: FIRST_HOST, count: moves };
    const bare = lab.startFloor();
    await lab.expect(crowd);
    await lab.witness.arrived(size, 180_000);
    seq += 2;
    const bareMoves = await measureOneByOne(lab, moving, seq);
    await stop(lab, bare);
    const ours: number[] = [];
    for (let i = 0; i < repeats; i++) {
      if (i > 0) await stop(lab, daemon);
      const started = await startAnew(lab, crowd);
      ({ daemon } = started);
      ours.push(started.tookMs);
      if (size === sizes.at(-1)) memory.push(await roamdMemory(lab, daemon));
    }
    seq += 2;
    growth.set(size, { ours: await measureOneByOne(lab, moving, seq), floor: bareMoves });
    sync.set(size, { ours, floor });
    say(`gobgpd: ${size} routes`);
    if (size !== sizes.at(-1)) await stop(lab, daemon);
  }
  const crowd = { first: FIRST_HOST, count: before };
  // While nobody moves, as with the few: who moves hosts needs the processors as well.
  const asked = await ask(lab, crowd, repeats + 2);
  const mover = FIRST_HOST + moves;
  const work = (): Promise<unknown> => ask(lab, crowd, repeats + 2);
  const idle = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 1000));
  const movesIdle = await moveMeanwhile(lab, mover, { firstSeq: 1, work: idle });
  const movesAsked = await moveMeanwhile(lab, mover + 1, { firstSeq: 1, work });
  await forgetMoves(lab, { first: mover, count: 2 });
  say("gobgpd: roam show macs");
  const restart: { ours: number[]; floor: number[] } = { ours: [], floor: [] };
  for (let i = 0; i < restarts; i++) {
    const restarted = await measureRestart(lab, daemon, crowd);
    ({ daemon } = restarted);
    restart.ours.push(restarted.tookMs);
    restart.floor.push(await measureDumps(lab, crowd));
  }
  say("gobgpd: restarts");
  await stop(lab, daemon);
  return { sync, growth, memory, empty, restart, askedFew, asked, movesIdle, movesAsked };
}

async function stop(lab: BenchLeaf, daemon: Daemon): Promise<void> {
  await daemon.end("KILL");
  await lab.witness.clear();
}

async function ask(lab: BenchLeaf, crowd: Crowd, times: number): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  for (let i = 0; i < times; i++) asked.push(await askForMacs(lab, crowd.count));
  return asked;
}

async function measureFrrLeaf(
  lab: BenchLeaf,
  { sizes, repeats, moves }: Plan,
  { say }: BenchOptions,
): Promise<FrrFound> {
  const sync = new Map<number, readonly FrrStart[]>();
  const told = new Map<number, readonly number[]>();
  const growth = new Map<number, OneByOne>();
  const memory: Memory[] = [];
  const few = { first: FIRST_HOST, count: FEW };
  await measureFrr(lab, few);
  const empty = await frrMemory(lab);
  await forgetFrr(lab, few);
  let seq = 1;
  for (const size of sizes) {
    const crowd = { first: FIRST_HOST, count: size };
    const took: number[] = [];
    for (let i = 0; i < repeats; i++) {
      if (i > 0) await forgetFrr(lab, crowd);
      took.push(await measureFrr(lab, crowd));
      if (i === 0 && size === sizes.at(-1)) memory.push(await frrMemory(lab));
    }
    told.set(size, took);
    const started: FrrStart[] = [];
    for (let i = 0; i < repeats; i++) started.push(await startFrrAnew(lab, crowd));
    sync.set(size, started);
    seq += 2;
    growth.set(size, await measureOneByOne(lab, { first: FIRST_HOST, count: moves }, seq));
    say(`FRR: ${size} routes`);
    await forgetFrr(lab, crowd);
  }
  return { sync, told, growth, memory, empty };
}
