/** `cli`: how soon `roam show macs` answers, and whether hosts have to wait for it. */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { now } from "../../labs/runner/clock.ts";
import { type BenchLeaf, ELSEWHERE } from "../lab/bench-leaf.ts";
import type { Crowd } from "../lab/hosts.ts";
import { goesThere } from "./growth.ts";

export interface Asked {
  /** From the start of `roam` until its first line, and until its last, ms. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Throws unless there is a line for each of so many hosts. */
export async function askForMacs(lab: BenchLeaf, hosts: number): Promise<Asked> {
  const startedAt = now();
  const words = lab.roam("show", "macs");
  const child = lab.fabric.spawn("leaf1", words, { stdio: ["ignore", "pipe", "inherit"] });
  if (child.stdout === null) throw new Error("Cannot read what roam prints");
  const ended = once(child, "close");
  let lines = 0;
  let firstAt = 0;
  child.stdout.once("data", () => {
    firstAt = now();
  });
  for await (const line of createInterface({ input: child.stdout })) if (line !== "") lines++;
  const [code] = await ended;
  if (code !== 0) throw new Error(`roam show macs has ended with ${code}`);
  // The first line says what the columns are.
  if (lines - 1 < hosts) throw new Error(`roam has shown ${lines - 1} MACs, not ${hosts}`);
  return { firstMs: firstAt - startedAt, lastMs: now() - startedAt };
}

/** Moves of one host between two leaves elsewhere while `work` is under way, ms each. */
export async function moveMeanwhile(
  lab: BenchLeaf,
  host: number,
  { firstSeq, work }: { readonly firstSeq: number; readonly work: () => Promise<unknown> },
): Promise<readonly number[]> {
  const took: number[] = [];
  let isOver = false;
  const worked = work().finally(() => {
    isOver = true;
  });
  for (let seq = firstSeq; !isOver || took.length % 2 === 1; seq++) {
    took.push(await goesThere(lab, host, seq, ELSEWHERE[(seq - firstSeq + 1) % 2]));
  }
  await worked;
  return took;
}

export async function forgetMoves(lab: BenchLeaf, crowd: Crowd): Promise<void> {
  await lab.peer.ask({ kind: "withdraw", crowd, vtep: ELSEWHERE[1], withIp: true });
}
