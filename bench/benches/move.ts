/** `move` and `withdraw`: one machine goes to and fro between two leaves, and a third sends to it. */
import { setTimeout as sleep } from "node:timers/promises";
import { poll } from "../../labs/runner/poll.ts";
import type { BenchFabric } from "../lab/bench-fabric.ts";
import { GUEST_IP, type Kind, VTEPS } from "../lab/definition.ts";
import { GUEST } from "../lab/hosts.ts";
import type { Measurement, Target } from "../measured.ts";
import { meanOf } from "../statistics.ts";

const PACKETS_PER_SECOND = 1000;
/** Longer than anybody holds back an update; what has not come by then does not come. */
const QUIET_MS = 150;

export interface Moves {
  /** From the machine's first frame until the third leaf forwards to the new place, ms. */
  readonly followed: readonly number[];
  /** Until the old leaf does, and has withdrawn its routes as the third leaf hears it, ms. */
  readonly withdrawn: readonly number[];
  readonly sent: number;
  readonly lost: number;
  /** Came more than once. */
  readonly duplicates: number;
}

export async function measureMoves(lab: BenchFabric, count: number): Promise<Moves> {
  const followed: number[] = [];
  const withdrawn: number[] = [];
  await settle(lab);
  await lab.watchFirst(true);
  await lab.machine.countFromNow();
  await lab.talker.talk(GUEST_IP, PACKETS_PER_SECOND);
  for (let i = 0; i < count; i++) {
    // Not in step with anybody's timers.
    await sleep(20 + ((i * 37) % 50));
    const [from, to] = lab.machine.leaf === "leaf1" ? LEFT_TO_RIGHT : RIGHT_TO_LEFT;
    const move = await measureMove(lab, from, to);
    followed.push(move.followed);
    withdrawn.push(move.withdrawn);
  }
  const sent = await lab.talker.hush();
  await sleep(QUIET_MS);
  const { received, duplicates } = await lab.machine.count();
  await lab.watchFirst(false);
  await lab.inspect(1);
  return { followed, withdrawn, sent, lost: sent - received, duplicates };
}

const LEFT_TO_RIGHT = ["leaf1", "leaf2"] as const;
const RIGHT_TO_LEFT = ["leaf2", "leaf1"] as const;
type Mover = "leaf1" | "leaf2";

async function settle(lab: BenchFabric): Promise<void> {
  await lab.expect(GUEST, "leaf1", lab.machinePort);
  await lab.machine.signal(["gratuitous-arp"]);
  for (const leaf of ["leaf1", "leaf2", "leaf3"] as const) await lab.witnesses[leaf].arrived(1);
  // Whoever talks to it has asked for its MAC by then.
  await lab.machine.countFromNow();
  await lab.talker.talk(GUEST_IP, PACKETS_PER_SECOND);
  await poll(
    `packets to reach the machine (${lab.kind})`,
    async () => (await lab.machine.count()).received > 0,
  );
  await lab.talker.hush();
  await sleep(QUIET_MS);
}

async function measureMove(
  lab: BenchFabric,
  from: Mover,
  to: Mover,
): Promise<{ followed: number; withdrawn: number }> {
  await lab.expect(GUEST, to, lab.machinePort);
  await lab.eavesdropper.listen(GUEST);
  const at = await lab.machine.move(to, { signals: ["gratuitous-arp"] });
  const third = await lab.witnesses.leaf3.arrived(1);
  const second = await lab.witnesses[from].arrived(1);
  await lab.witnesses[to].arrived(1);
  const lastAt = await untilWithdrawn(lab, VTEPS[from]);
  return { followed: third.lastAt - at, withdrawn: Math.max(second.lastAt, lastAt) - at };
}

/** When the last of the old leaf's routes was, ms since the epoch: none stands, and it is quiet. */
async function untilWithdrawn(lab: BenchFabric, rd: string): Promise<number> {
  let before = 0;
  for (const until = performance.now() + 10_000; performance.now() < until; ) {
    await sleep(QUIET_MS);
    const { standing, withdrawn, lastWithdrawnAt } = await lab.eavesdropper.heard(rd);
    if (standing === 0 && withdrawn > 0 && withdrawn === before) return lastWithdrawnAt;
    before = withdrawn;
  }
  throw new Error(`${rd} has not withdrawn all its routes (${lab.kind})`);
}

export type ByKind<T> = Readonly<Record<Kind, T>>;

export function moveMeasurements(moves: ByKind<Moves>): readonly Measurement[] {
  const lost = (kind: Kind): string => {
    const { lost, sent, followed } = moves[kind];
    return `${(lost / followed.length).toFixed(1)} (${lost} of ${sent})`;
  };
  const losses =
    `Packets lost per move, ${PACKETS_PER_SECOND} a second: roamd ${lost("roamd")}, ` +
    `floor ${lost("floor")}, FRR ${lost("frr")}, FRR with gobgpd as reflector ${lost("frr-gobgp")}`;
  const faults = Object.entries(moves).flatMap(([kind, each]) => packetFaults(kind, each));
  return (["frr", "frr-gobgp"] as const).flatMap((frr) => {
    const work = frr === "frr" ? "FRR with its own reflector" : "FRR with gobgpd's reflector";
    const targets = [
      { kind: "floor-median", atMost: 1.3 },
      { kind: "floor-p99", atMost: 3 },
      { kind: "frr", atLeast: frr === "frr" ? 20 : 10 },
    ] as const;
    const common = { work, unit: "ms" };
    return [
      {
        name: "move",
        what: "one machine, gratuitous ARP, until a third leaf forwards to the new place",
        ...common,
        ours: moves.roamd.followed,
        frr: moves[frr].followed,
        floor: moves.floor.followed,
        targets: [...targets, lostInProportion(moves.roamd)],
        faults,
        notes: [losses],
      },
      {
        name: "withdraw",
        what: "the same, until the old leaf forwards there and its routes are withdrawn",
        ...common,
        ours: moves.roamd.withdrawn,
        frr: moves[frr].withdrawn,
        floor: moves.floor.withdrawn,
        targets,
        faults: [],
        notes: [],
      },
    ];
  });
}

/** Only what was sent while the third leaf forwarded to the old place. */
function lostInProportion({ followed, lost }: Moves): Target {
  const expected = (meanOf(followed) * followed.length * PACKETS_PER_SECOND) / 1000;
  return {
    kind: "beside",
    what: "packets lost by those sent meanwhile",
    is: lost / expected,
    atMost: 1.3,
  };
}

function packetFaults(kind: string, { sent, lost, duplicates }: Moves): readonly string[] {
  return [
    ...(lost >= sent ? [`${kind}: none of ${sent} packets came`] : []),
    ...(duplicates > 0 ? [`${kind}: ${duplicates} packets came more than once`] : []),
  ];
}
