/** `restart`: roamd is killed and started again with all rows in the kernel. */
import { setTimeout as sleep } from "node:timers/promises";
import { part } from "../lab/assistants.ts";
import type { BenchLeaf } from "../lab/bench-leaf.ts";
import { Daemon } from "../lab/daemon.ts";
import type { Crowd } from "../lab/hosts.ts";

/** What it says when all sources have told their start, and when each table has been read. */
const READY = ['"kind":"ready"', '"table":"fdb"', '"table":"neighbour"'] as const;
/** A row that is touched late is touched as well. */
const AFTERWARDS_MS = 1000;

export interface Restarted {
  readonly daemon: Daemon;
  readonly tookMs: number;
}

export async function measureRestart(
  lab: BenchLeaf,
  running: Daemon,
  crowd: Crowd,
): Promise<Restarted> {
  await running.end("KILL");
  await lab.closeWitness.touched();
  const daemon = lab.startRoamd();
  const tookMs = (await daemon.said(READY)) - daemon.startedAt;
  await sleep(AFTERWARDS_MS);
  const touched = await lab.closeWitness.touched();
  if (touched > 0) throw new Error(`A restart has touched rows: ${touched} messages`);
  await lab.witness.inspect(crowd.count);
  return { daemon, tookMs };
}

/** The two dumps alone, from the start of the process, ms. */
export async function measureDumps(lab: BenchLeaf, crowd: Crowd): Promise<number> {
  const daemon = new Daemon(lab.leaf, part("dumps", String(crowd.count)));
  const at = await daemon.said(["dumped"]);
  await daemon.ended();
  return at - daemon.startedAt;
}
