/** `mass-move`: a rack is evacuated; so many hosts speak at another leaf, as fast as frames can come. */
import { setTimeout as sleep } from "node:timers/promises";
import { poll } from "../../labs/runner/poll.ts";
import type { BenchFabric } from "../lab/bench-fabric.ts";
import { LEAVES, VTEPS } from "../lab/definition.ts";
import { type Crowd, GUEST, macNumber } from "../lab/hosts.ts";
import type { Measurement } from "../measured.ts";
import type { ByKind } from "./move.ts";

export interface MassMove {
  readonly hosts: number;
  readonly repeats: number;
}

export interface MassMoved {
  /** From the first frame until the third leaf forwards the first, and the last of them, ms. */
  readonly first: readonly number[];
  readonly last: readonly number[];
  /** Until the old leaf has withdrawn a route of every one of them, as the third leaf hears it, ms. */
  readonly withdrawn: readonly number[];
}

const PATIENCE_MS = 120_000;
const FIRST_HOST = 10_000;
/** After which nobody works at the last move any more. */
const QUIET_MS = 500;

export async function measureMassMove(
  lab: BenchFabric,
  { hosts, repeats }: MassMove,
): Promise<MassMoved> {
  const crowd = { first: FIRST_HOST, count: hosts };
  const first: number[] = [];
  const last: number[] = [];
  const withdrawn: number[] = [];
  await lab.settle(crowd, "leaf1");
  let at: "leaf1" | "leaf2" = "leaf1";
  for (let i = 0; i < repeats; i++) {
    await sleep(QUIET_MS);
    const rd = VTEPS[at];
    at = at === "leaf1" ? "leaf2" : "leaf1";
    // What was withdrawn before does not count.
    await lab.eavesdropper.withdrawn({ mac: macNumber(GUEST.first), rd });
    await lab.expect(crowd, at);
    const spoke = await lab.speakers[at].announce(crowd);
    const third = await lab.witnesses.leaf3.arrived(hosts, PATIENCE_MS);
    for (const leaf of LEAVES) await lab.witnesses[leaf].arrived(hosts, PATIENCE_MS);
    first.push(third.firstAt - spoke.firstAt);
    last.push(third.lastAt - spoke.firstAt);
    withdrawn.push((await allWithdrawn(lab, crowd, rd)) - spoke.firstAt);
  }
  await sleep(QUIET_MS);
  await lab.inspect(hosts);
  return { first, last, withdrawn };
}

/** When the last route was withdrawn by then, ms since the epoch. */
async function allWithdrawn(lab: BenchFabric, { count }: Crowd, rd: string): Promise<number> {
  return await poll(
    `the routes of ${count} hosts to be withdrawn (${lab.kind})`,
    async () => {
      const heard = await lab.eavesdropper.withdrawn({ rd });
      return heard.count >= count ? heard.lastAt : undefined;
    },
    { timeoutMs: PATIENCE_MS, everyMs: 100 },
  );
}

export function massMeasurement(hosts: number, moved: ByKind<MassMoved>): Measurement {
  const reflected = moved["frr-gobgp"];
  const firsts = [moved.roamd, moved.floor, moved.frr].map(({ first }) => median(first));
  const [ours = 0, floor = 0, frr = 0] = firsts;
  const gone = [moved.roamd, moved.floor, moved.frr].map(({ withdrawn }) => median(withdrawn));
  return {
    name: "mass-move",
    work: `${hosts} hosts`,
    what: `${hosts} MAC/IPs move at once, until a third leaf forwards to the last of them`,
    unit: "ms",
    ours: moved.roamd.last,
    frr: moved.frr.last,
    floor: moved.floor.last,
    targets: [
      { kind: "floor-median", atMost: 1.3 },
      ...(hosts <= 100 ? ([{ kind: "frr", atLeast: 1 }] as const) : []),
    ],
    faults: [],
    notes: [
      `The first of ${hosts} after ${ours.toFixed(1)} ms (floor ${floor.toFixed(1)}, FRR ${frr.toFixed(1)}); ` +
        `FRR with gobgpd as reflector: the last after ${median(reflected.last).toFixed(1)} ms`,
      `The last is withdrawn at the old place after ${gone.map((ms) => ms.toFixed(0)).join(", ")} ms (roamd, floor, FRR)`,
    ],
  };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
}
