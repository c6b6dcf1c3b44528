/** One migration of the guest, from where it stands still to the last leaf's right row, as a story. */
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../runner/clock.ts";
import { poll } from "../runner/poll.ts";
import type { RibEvent } from "../runner/rib-watch.ts";
import { LEAVES, type Leaf, type Scene, VTEPS } from "../runner/scene.ts";
import { type FrameKind, FrameWatch } from "./frames.ts";
import { GUEST, type MigrationOptions, type QemuGuest, TAP, tapIn } from "./guest.ts";

/** The contract: what `npm run demo -- qemu --json` tells. Milliseconds after the guest stood still. */
export interface MigrationReport {
  readonly from: Leaf;
  readonly to: Leaf;
  readonly seq: number | null;
  /** When QEMU let the guest run at the new leaf. */
  readonly resumedMs: number;
  /** When the guest, or QEMU for it, first sent a frame there; `null`: not by the time all followed. */
  readonly firstFrameMs: number | null;
  /** When the last of the other leaves forwarded to the new one; `null`: not all have. */
  readonly remoteFdbMs: number | null;
  /** When the last route of the old leaf was gone at the spine; `null`: not gone. */
  readonly oldWithdrawnMs: number | null;
}

export interface MeasuredMigration {
  readonly report: MigrationReport;
  /** In the order of time. */
  readonly steps: readonly { readonly atMs: number; readonly what: string }[];
}

const PATIENCE_MS = 20_000;
/** QEMU announces a guest for about half a second. */
const ANNOUNCED_MS = 600;

const TOLD: Readonly<Record<FrameKind, string>> = {
  rarp: "QEMU announces it by RARP",
  arp: "the guest sends ARP",
  "unsolicited-advertisement": "the guest sends a neighbour advertisement",
  data: "the guest sends data",
};

export async function measureMigration(
  { scene, guest }: { readonly scene: Scene; readonly guest: QemuGuest },
  to: Leaf,
  options: MigrationOptions = {},
): Promise<MeasuredMigration> {
  const from = guest.leaf;
  const heard = scene.rib.events.length;
  await tapIn(scene.fabric, to);
  using frames = await FrameWatch.start(scene.fabric, { node: to, port: TAP, mac: GUEST.mac });
  const { stoppedAt, resumedAt, completedAt } = await guest.migrate(to, options);

  const [fdbs, withdrawn] = await Promise.all([
    Promise.all(LEAVES.map((leaf) => followed(scene, leaf, to))),
    oldWithdrawn(scene, from, heard),
  ]);
  await sleep(ANNOUNCED_MS);
  const ended = now();
  const frame = frames.frames.find(({ at }) => at >= stoppedAt);
  const route = firstRoute(scene, heard, to);
  const others = fdbs.filter((_, index) => LEAVES[index] !== to);
  const last = others.every((at) => at !== undefined) ? Math.max(...others) : undefined;

  const silent = `${to} ${TAP}: no frame of the guest yet`;
  const steps: { readonly at: number | undefined; readonly what: string }[] = [
    { at: stoppedAt, what: `QEMU at ${from} halts the guest` },
    { at: resumedAt, what: `QEMU at ${to} runs the guest` },
    { at: completedAt, what: `QEMU at ${from} says that the migration is done` },
    ...(Object.keys(TOLD) as FrameKind[]).map((kind) => {
      const first = frames.first(kind, stoppedAt);
      const text = kind === "arp" ? `: ${first?.text}` : "";
      return { at: first?.at, what: `${to} ${TAP}: ${TOLD[kind]}${text}` };
    }),
    ...fdbs.map((at, index) => ({ at, what: `${LEAVES[index]} forwards to the new place` })),
    { at: route?.at, what: `the spine has ${to}'s route, ${sequence(route)}` },
    { at: frame === undefined ? ended : undefined, what: silent },
    { at: withdrawn, what: `the last route of ${from} is gone from the spine` },
  ];
  const after = (at: number | undefined): number | null =>
    at === undefined ? null : Math.round((at - stoppedAt) * 100) / 100;
  return {
    report: {
      from,
      to,
      seq: route?.seq ?? null,
      resumedMs: after(resumedAt) ?? 0,
      firstFrameMs: after(frame?.at),
      remoteFdbMs: after(last),
      oldWithdrawnMs: after(withdrawn),
    },
    steps: steps
      .flatMap(({ at, what }) => (at === undefined ? [] : [{ atMs: at - stoppedAt, what }]))
      .sort((a, b) => a.atMs - b.atMs),
  };
}

/**
 * Since when the leaf forwards to the new place. At that place itself the kernel learns it from the
 * guest's first frame, and floods until then, which reaches the guest too.
 */
function followed(scene: Scene, leaf: Leaf, to: Leaf): Promise<number | undefined> {
  const fdb = scene.fdbs[leaf];
  const since =
    leaf === to
      ? fdb.until(GUEST.mac, TAP, ANNOUNCED_MS)
      : fdb.until(GUEST.mac, VTEPS[to], PATIENCE_MS);
  return since.catch(() => undefined);
}

/** When the last of the leaf's routes for the guest went; `undefined`: one still stands. */
async function oldWithdrawn(scene: Scene, leaf: Leaf, heard: number): Promise<number | undefined> {
  const vtep = VTEPS[leaf];
  try {
    await poll(
      `the routes of ${leaf} to go`,
      () => scene.rib.routesOf(GUEST.mac).every((route) => route.vtep !== vtep),
      { timeoutMs: PATIENCE_MS, everyMs: 5 },
    );
  } catch {
    return undefined;
  }
  return scene.rib.events
    .slice(heard)
    .filter((event) => event.withdrawn && event.mac === GUEST.mac && event.vtep === vtep)
    .at(-1)?.at;
}

function firstRoute(scene: Scene, heard: number, leaf: Leaf): RibEvent | undefined {
  return scene.rib.events
    .slice(heard)
    .find(({ withdrawn, mac, vtep }) => !withdrawn && mac === GUEST.mac && vtep === VTEPS[leaf]);
}

function sequence(route: RibEvent | undefined): string {
  return route?.seq === undefined || route.seq === null
    ? "no sequence number"
    : `sequence ${route.seq}`;
}
