/** `mass-move`: a rack is evacuated; so many hosts speak at another leaf, as fast as frames can come. */
import { setTimeout as sleep } from "node:timers/promises";
import { poll } from "../../labs/runner/poll.ts";
import type { BenchFabric } from "../lab/bench-fabric.ts";
import { LEAVES, VTEPS } from "../lab/definition.ts";
import type { Crowd } from "../lab/hosts.ts";
import { type Measurement, SAME } from "../measured.ts";
import { spreadOf } from "../statistics.ts";
import type { ByKind } from "./move.ts";

export interface MassMove {
  readonly hosts: number;
  readonly repeats: number;
}

export interface MassMoved {
  /** From the first frame until the third leaf forwards the first, and the last of them, ms. */
  readonly first: readonly number[];
  readonly last: readonly number[];
  /** Until the old leaf has withdrawn all their routes, as the third leaf hears it, ms. */
  readonly withdrawn: readonly number[];
  /** How often the new leaf has told a route, for each that stands in the end. */
  readonly told: readonly number[];
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
  const told: number[] = [];
  await lab.settle(crowd, "leaf1");
  let at: "leaf1" | "leaf2" = "leaf1";
  for (let i = 0; i < repeats; i++) {
    await sleep(QUIET_MS);
    const rd = VTEPS[at];
    at = at === "leaf1" ? "leaf2" : "leaf1";
    await lab.eavesdropper.listen(crowd);
    await lab.expect(crowd, at);
    const spoke = await lab.speakers[at].announce(crowd);
    const third = await lab.witnesses.leaf3.arrived(hosts, PATIENCE_MS);
    for (const leaf of LEAVES) await lab.witnesses[leaf].arrived(hosts, PATIENCE_MS);
    first.push(third.firstAt - spoke.firstAt);
    last.push(third.lastAt - spoke.firstAt);
    withdrawn.push((await allWithdrawn(lab, crowd, rd)) - spoke.firstAt);
    const heard = await lab.eavesdropper.heard(VTEPS[at]);
    told.push(heard.told / heard.standing);
  }
  await sleep(QUIET_MS);
  await lab.inspect(hosts);
  return { first, last, withdrawn, told };
}

/** When the last route was withdrawn, ms since the epoch. */
async function allWithdrawn(lab: BenchFabric, { count }: Crowd, rd: string): Promise<number> {
  return await poll(
    `all routes of ${count} hosts to be withdrawn (${lab.kind})`,
    async () => {
      const { standing, withdrawn, lastWithdrawnAt } = await lab.eavesdropper.heard(rd);
      return standing === 0 && withdrawn >= count ? lastWithdrawnAt : undefined;
    },
    { timeoutMs: PATIENCE_MS, everyMs: 100 },
  );
}

/** Beside how one host alone moves. */
export function massMeasurements(
  hosts: number,
  moved: ByKind<MassMoved>,
  one: ByKind<MassMoved>,
): readonly Measurement[] {
  const { roamd, floor, frr, "frr-gobgp": reflected } = moved;
  const gone = [roamd, floor, frr].map(({ withdrawn }) => spreadOf(withdrawn).median.toFixed(0));
  const told = Math.max(...roamd.told);
  const alone = spreadOf(one.roamd.first).median;
  const bare = spreadOf(one.floor.first).median;
  const common = { name: "mass-move", unit: "ms", faults: [] };
  return [
    {
      ...common,
      work: `the first of ${hosts}`,
      what: `${hosts} MAC/IPs move at once, until a third leaf forwards to the first of them`,
      ours: roamd.first,
      frr: frr.first,
      floor: floor.first,
      targets: [{ kind: "ours", atMost: alone * SAME }],
      notes: [`One alone: ${alone.toFixed(1)} ms (floor ${bare.toFixed(1)})`],
    },
    {
      ...common,
      work: `${hosts} hosts`,
      what: "the same, until it forwards to the last of them",
      ours: roamd.last,
      frr: frr.last,
      floor: floor.last,
      targets: [
        { kind: "floor-median", atMost: 1.3 },
        ...(hosts <= 100 ? ([{ kind: "frr", atLeast: 1 }] as const) : []),
        { kind: "beside", what: "times a route is told", is: told, atMost: 1 },
      ],
      notes: [
        `FRR with gobgpd as reflector: the last after ${spreadOf(reflected.last).median.toFixed(1)} ms`,
        `All are withdrawn at the old place after ${gone.join(", ")} ms (roamd, floor, FRR)`,
        `A route is told ${told.toFixed(2)} times at the most (floor ${Math.max(...floor.told).toFixed(2)}, ` +
          `FRR ${Math.max(...frr.told).toFixed(2)})`,
      ],
    },
  ];
}
