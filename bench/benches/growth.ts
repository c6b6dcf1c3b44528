/** `growth`: how long one host's move takes while so many others stand. */
import { setTimeout as sleep } from "node:timers/promises";
import { type BenchLeaf, ELSEWHERE } from "../lab/bench-leaf.ts";
import type { Crowd } from "../lab/hosts.ts";

export interface OneByOne {
  /** From the host's frame at a port of ours until the neighbour hears our route, ms. */
  readonly here: readonly number[];
  /** From the neighbour's route until the kernel forwards there, ms. */
  readonly there: readonly number[];
}

const PATIENCE_MS = 30_000;
const PAUSE_MS = 30;

/** Each of so many hosts comes here and goes away again: in the end all are where they were. */
export async function measureOneByOne(
  lab: BenchLeaf,
  crowd: Crowd,
  seq: number,
): Promise<OneByOne> {
  const here: number[] = [];
  const there: number[] = [];
  await lab.untilHeard();
  for (let i = 0; i < crowd.count; i++) {
    const host = crowd.first + i;
    await sleep(PAUSE_MS);
    here.push(await comesHere(lab, host));
    await sleep(PAUSE_MS);
    there.push(await goesThere(lab, host, seq));
  }
  return { here, there };
}

async function comesHere(lab: BenchLeaf, host: number): Promise<number> {
  const told = lab.peer.ask({ kind: "told-of", host, timeoutMs: PATIENCE_MS });
  const spoke = await lab.speakers.announce({ first: host, count: 1 });
  return (await told) - spoke.firstAt;
}

export async function goesThere(
  lab: BenchLeaf,
  host: number,
  seq: number,
  vtep: string = ELSEWHERE[0],
): Promise<number> {
  const crowd = { first: host, count: 1 };
  await lab.closeWitness.expect(crowd, { kind: "vtep", vtep });
  const at = await lab.peer.ask({ kind: "announce", crowd, vtep, seq, withIp: true });
  return (await lab.closeWitness.arrived(1, PATIENCE_MS)).lastAt - at;
}
