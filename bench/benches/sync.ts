/** `sync`, and what is seen by the way: a leaf starts with so many routes in the RIB. */
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../../labs/runner/clock.ts";
import type { BenchLeaf } from "../lab/bench-leaf.ts";
import { type Daemon, processOf, residentKbOf } from "../lab/daemon.ts";
import type { Crowd } from "../lab/hosts.ts";

export const PATIENCE_MS = 180_000;
/** Until whatever was needed only for the start has been given back. */
const SETTLED_MS = 3000;

/** Memory of daemons, KB. */
export interface Memory {
  /** Roamd, or zebra and bgpd together. */
  readonly own: number;
  /** Of gobgpd, beside roamd. */
  readonly speaker: number;
}

/** The neighbour tells of more hosts; until gobgpd has them all, as the floor sees it. */
export async function load(lab: BenchLeaf, before: number, crowd: Crowd): Promise<void> {
  const added = { first: crowd.first + before, count: crowd.count - before };
  await lab.expect(crowd);
  await lab.announce(added);
  const floor = lab.startFloor();
  await lab.witness.arrived(crowd.count, PATIENCE_MS);
  await floor.end("KILL");
  await lab.witness.clear();
}

/** From the start of the process until the kernel has every row, ms. */
export async function measureStart(
  lab: BenchLeaf,
  crowd: Crowd,
  start: () => Daemon,
): Promise<{ readonly daemon: Daemon; readonly tookMs: number }> {
  await lab.expect(crowd);
  const daemon = start();
  const { lastAt } = await lab.witness.arrived(crowd.count, PATIENCE_MS);
  await lab.witness.inspect(crowd.count);
  return { daemon, tookMs: lastAt - daemon.startedAt };
}

export async function measureFloor(lab: BenchLeaf, crowd: Crowd): Promise<number> {
  const { daemon, tookMs } = await measureStart(lab, crowd, () => lab.startFloor());
  await daemon.end("KILL");
  await lab.witness.clear();
  return tookMs;
}

/** Roamd starts without any memory of a former life; it is left running. */
export async function startAnew(
  lab: BenchLeaf,
  crowd: Crowd,
): Promise<{ readonly daemon: Daemon; readonly tookMs: number }> {
  await lab.forgetRoamd();
  return await measureStart(lab, crowd, () => lab.startRoamd());
}

export async function roamdMemory(lab: BenchLeaf, daemon: Daemon): Promise<Memory> {
  await sleep(SETTLED_MS);
  const speaker = residentKbOf(processOf(lab.leaf, "gobgpd"));
  return { own: daemon.residentKb(), speaker };
}

export async function frrMemory(lab: BenchLeaf): Promise<Memory> {
  await sleep(SETTLED_MS);
  const own = ["zebra", "bgpd"].map((daemon) => residentKbOf(processOf(lab.leaf, daemon)));
  return { own: own.reduce((sum, each) => sum + each, 0), speaker: 0 };
}

export interface FrrStart {
  /** From the start of FRR's daemons until the kernel has every row. */
  readonly tookMs: number;
  /** Of it, until bgpd has called its neighbour: nearly always a second. */
  readonly calledMs: number;
}

/** bgpd calls its neighbour, which has all its messages at hand and sends them as soon as it is called. */
export async function startFrrAnew(lab: BenchLeaf, crowd: Crowd): Promise<FrrStart> {
  await lab.killFrr();
  await lab.witness.clear();
  await lab.expect(crowd);
  await lab.prepare(crowd);
  const at = now();
  await lab.startFrr();
  await lab.meet();
  const calledMs = now() - at;
  await lab.announce(crowd);
  const { lastAt } = await lab.witness.arrived(crowd.count, PATIENCE_MS);
  await lab.witness.inspect(crowd.count);
  return { tookMs: lastAt - at, calledMs };
}

/** From the first byte of what the neighbour tells until the kernel of FRR that runs has every row, ms. */
export async function measureFrr(lab: BenchLeaf, crowd: Crowd): Promise<number> {
  await lab.expect(crowd);
  const at = await lab.announce(crowd);
  const { lastAt } = await lab.witness.arrived(crowd.count, PATIENCE_MS);
  await lab.witness.inspect(crowd.count);
  return lastAt - at;
}

export async function forgetFrr(lab: BenchLeaf, crowd: Crowd): Promise<void> {
  await lab.withdraw(crowd);
  await lab.witness.gone(PATIENCE_MS);
}
