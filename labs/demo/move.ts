/** One move of the machine, from its first frame to the last leaf's right row, and what it cost. */

import { Talker, USUAL_SIGNALS } from "../runner/machine.ts";
import { poll } from "../runner/poll.ts";
import type { RibRoute } from "../runner/rib-watch.ts";
import { HOSTS, LEAVES, type Leaf, type Scene, VM } from "../runner/scene.ts";

/** The contract: what `npm run demo -- --json` tells of a move. Milliseconds after the first frame. */
export interface MoveReport {
  readonly signal: string;
  readonly from: Leaf;
  readonly to: Leaf;
  readonly seq: number | null;
  /** When roamd on the new leaf saw the machine; `null` where there is no roamd. */
  readonly detectMs: number | null;
  /** When the last of the other leaves forwarded to the new one; `null`: not all have. */
  readonly remoteFdbMs: number | null;
  /** When the last route of the old leaf was gone at the spine; `null`: not gone. */
  readonly oldWithdrawnMs: number | null;
  readonly sent: number;
  readonly lost: number;
}

export interface Step {
  readonly atMs: number;
  readonly what: string;
}

export interface MeasuredMove {
  readonly report: MoveReport;
  readonly talker: string;
  /** In the order of time. */
  readonly steps: readonly Step[];
}

const PER_SECOND = 1000;
const PATIENCE_MS = 15_000;
/** Traffic before and after what is measured, so that all of it is in the middle. */
const MARGIN_PACKETS = 300;

interface RoamMove {
  readonly at: string;
  readonly mac: string;
}

export async function measureMove(scene: Scene, to: Leaf): Promise<MeasuredMove> {
  const from = scene.machine.leaf as Leaf;
  const third = LEAVES.find((leaf) => leaf !== from && leaf !== to) ?? from;
  const talker = new Talker(scene.fabric, HOSTS[third]);
  await scene.machine.countFromNow();
  await talker.talk(VM.ipv4, PER_SECOND);
  await arrival(scene, MARGIN_PACKETS);

  const heard = scene.rib.events.length;
  const began = await scene.machine.move(to);
  const steps: Step[] = [{ atMs: 0, what: `first frame of the machine at ${to}` }];
  const told = (at: number, what: string): number => {
    steps.push({ atMs: at - began, what });
    return at - began;
  };

  const [fdbs, withdrawn] = await Promise.all([
    Promise.all(LEAVES.map((leaf) => followed(scene, leaf, to))),
    oldWithdrawn(scene, scene.vteps[from]),
  ]);
  const { received } = await scene.machine.count();
  await arrival(scene, received + MARGIN_PACKETS).catch(() => undefined);
  const sent = await talker.hush();
  const lost = sent - (await settled(scene, sent));

  for (const [index, at] of fdbs.entries()) {
    if (at !== undefined) told(at, `${LEAVES[index]} forwards to the new place`);
  }
  const others = fdbs.filter((_, index) => LEAVES[index] !== to);
  const remoteFdbMs = others.every((at) => at !== undefined)
    ? Math.max(...others.map((at) => at - began))
    : null;
  const seen = await detected(scene, to);
  // Told in whole milliseconds, hence perhaps a fraction too early.
  const detectMs = seen === undefined ? null : told(Math.max(seen, began), `roamd on ${to} saw it`);
  const route = firstRoute(scene, heard, scene.vteps[to]);
  if (route !== undefined) {
    const { seq } = route;
    told(
      route.at,
      `the spine has ${to}'s route, ${seq === null ? "no sequence number" : `sequence ${seq}`}`,
    );
  }
  if (withdrawn !== undefined) told(withdrawn, `the last route of ${from} is gone from the spine`);
  return {
    report: {
      signal: USUAL_SIGNALS[0] ?? "",
      from,
      to,
      seq: route?.seq ?? null,
      detectMs: rounded(detectMs),
      remoteFdbMs: rounded(remoteFdbMs),
      oldWithdrawnMs: rounded(withdrawn === undefined ? null : withdrawn - began),
      sent,
      lost,
    },
    talker: HOSTS[third],
    steps: steps.sort((a, b) => a.atMs - b.atMs),
  };
}

/** Since when the leaf forwards to the new place; `undefined`: it does not. */
function followed(scene: Scene, leaf: Leaf, to: Leaf): Promise<number | undefined> {
  return scene.fdbs[leaf]
    .until(VM.mac, scene.placeSeenFrom(leaf, to), PATIENCE_MS)
    .catch(() => undefined);
}

/** When the last of the VTEP's routes for the machine went; `undefined`: one still stands. */
async function oldWithdrawn(scene: Scene, vtep: string): Promise<number | undefined> {
  const stands = (): readonly RibRoute[] =>
    scene.rib.routesOf(VM.mac).filter((route) => route.vtep === vtep);
  try {
    await poll("the old routes to go", () => stands().length === 0, {
      timeoutMs: PATIENCE_MS,
      everyMs: 5,
    });
  } catch {
    return undefined;
  }
  const gone = scene.rib.events.filter(
    (event) => event.withdrawn && event.mac === VM.mac && event.vtep === vtep,
  );
  return gone.at(-1)?.at;
}

function firstRoute(scene: Scene, heard: number, vtep: string) {
  return scene.rib.events
    .slice(heard)
    .find((event) => !event.withdrawn && event.mac === VM.mac && event.vtep === vtep);
}

/** When roamd on the new leaf saw the machine there, by its own account. */
async function detected(scene: Scene, leaf: Leaf): Promise<number | undefined> {
  if (!scene.roamdLeaves.includes(leaf)) return undefined;
  const moves = await scene.roam<RoamMove>(leaf, ["show", "moves", "--mac", VM.mac, "--last", "1"]);
  const at = moves.at(-1)?.at;
  return at === undefined ? undefined : Date.parse(at);
}

async function arrival(scene: Scene, count: number): Promise<void> {
  await poll(
    `${count} datagrams to arrive`,
    async () => (await scene.machine.count()).received >= count,
    {
      timeoutMs: PATIENCE_MS,
    },
  );
}

/** How many have arrived, once no more come. */
async function settled(scene: Scene, sent: number): Promise<number> {
  let before = -1;
  return poll(
    "the last datagrams to arrive",
    async () => {
      const { received } = await scene.machine.count();
      const done = received === sent || received === before;
      before = received;
      return done ? received : undefined;
    },
    { everyMs: 100 },
  );
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 100) / 100;
}
