/**
 * The demonstration with a real guest: QEMU live-migrates it between leaf1 and leaf2 while a TCP
 * connection from host3, behind the FRR leaf, goes on. Once the announcement is QEMU's own; once
 * nothing is announced, and roamd has the word of the hypervisor instead.
 */
import { Caller, type CallerAnswer, isWhole, Pings } from "../qemu/call.ts";
import { GUEST, guestImage, QemuGuest, TAP } from "../qemu/guest.ts";
import { QmpListener } from "../qemu/listener.ts";
import { type MeasuredMigration, measureMigration } from "../qemu/migration.ts";
import { roamCommand, Scene } from "../runner/scene.ts";

const HOST = "host3";
/** Of the stream, so that all of the migration is in its middle. */
const MARGIN_BYTES = 3_000;

export async function demonstrateQemu(
  say: (text: string) => void,
  json: boolean,
): Promise<boolean> {
  const image = guestImage();
  say("Building the fabric: a spine, leaf1 and leaf2 with gobgpd and roamd, leaf3 with FRR");
  await using scene = await Scene.set();
  say(`Booting the guest in QEMU at leaf1: ${GUEST.mac}, ${GUEST.ipv4}, ${GUEST.ipv6}`);
  const guest = await QemuGuest.boot(scene.fabric, "leaf1", { image });
  const caller = new Caller(scene.fabric, { node: HOST, to: GUEST.ipv4 });
  await caller.talk();
  await caller.hear(MARGIN_BYTES);
  say(`${HOST} holds a TCP connection to the guest, which echoes all it is sent\n`);

  const announced = await underTraffic({ scene, guest, caller, say });
  const told = await byTheWord({ scene, guest, caller, say });

  const connection = await caller.hush();
  say(verdictOf(connection));
  for (const leaf of scene.roamdLeaves) {
    const moves = await scene.fabric.run(leaf, roamCommand(["show", "moves", "--mac", GUEST.mac]));
    say(`${leaf}# roam show moves --mac ${GUEST.mac}\n${moves}`);
  }
  const moves = [announced.migration, told].map(({ report }) => report);
  const ok =
    isWhole(connection) &&
    moves.every((move) => move.remoteFdbMs !== null && move.oldWithdrawnMs !== null);
  say(ok ? "The guest moved, and nobody it talks to noticed." : "It did NOT hold.");
  if (json) {
    const { pinged, silenceMs } = announced;
    const { sent, echoed } = connection;
    console.log(JSON.stringify({ ok, moves, pinged, silenceMs, connection: { sent, echoed } }));
  }
  return ok;
}

interface Stage {
  readonly scene: Scene;
  readonly guest: QemuGuest;
  readonly caller: Caller;
  readonly say: (text: string) => void;
}

interface Announced {
  readonly migration: MeasuredMigration;
  readonly pinged: readonly { readonly to: string; readonly sent: number; readonly lost: number }[];
  /** The longest time in which the TCP connection brought nothing. */
  readonly silenceMs: number;
}

/** While all talk to it; QEMU and the guest announce it where it lands. */
async function underTraffic({ scene, guest, caller, say }: Stage): Promise<Announced> {
  const { fabric } = scene;
  const pings = [GUEST.ipv4, GUEST.ipv6].map((to) => ({
    to,
    run: new Pings(fabric, { node: HOST, to }),
  }));
  await caller.talk();
  await caller.hear(MARGIN_BYTES);
  const migration = await measureMigration({ scene, guest }, "leaf2");
  await caller.hear(MARGIN_BYTES);
  const { longestSilence } = await caller.tell();
  say(story(migration, "announced by QEMU and the guest"));
  const pinged: Announced["pinged"][number][] = [];
  for (const { to, run } of pings) {
    const { sent, lost } = await run.stop();
    pinged.push({ to, sent, lost });
    say(`             ${HOST} pinged ${to} ${sent} times, 50 a second; lost ${lost}`);
  }
  const silenceMs = Math.round(longestSilence.ms);
  say(`             the TCP connection was silent for ${silenceMs} ms at most\n`);
  return { migration, pinged, silenceMs };
}

/** While the guest has nothing to say, and QEMU is told not to announce it: no frame tells. */
async function byTheWord({ scene, guest, caller, say }: Stage): Promise<MeasuredMigration> {
  await caller.hush();
  const listen = (leaf: "leaf1" | "leaf2", qmp: string): Promise<QmpListener> =>
    QmpListener.start(scene.fabric, leaf, { qmp, nic: `${GUEST.mac}=${TAP}` });
  await listen("leaf2", guest.qmpPath);
  const migration = await measureMigration({ scene, guest }, "leaf1", {
    announceRounds: 0,
    beside: async (_leaf, qmp) => {
      await listen("leaf1", qmp);
    },
  });
  say(story(migration, "not announced; configs/hooks/qmp-listener.js gives the word"));
  await caller.talk();
  await caller.hear(MARGIN_BYTES);
  return migration;
}

function story({ report, steps }: MeasuredMigration, how: string): string {
  const lines = steps.map(({ atMs, what }) => `${atMs.toFixed(1).padStart(8)} ms  ${what}`);
  return [`${report.from} -> ${report.to}, ${how}`, ...lines].join("\n");
}

function verdictOf(answer: CallerAnswer): string {
  if (isWhole(answer)) {
    return `${HOST} sent ${answer.sent} bytes over one TCP connection, and all came back right\n`;
  }
  return `The TCP connection did not hold: ${JSON.stringify(answer)}\n`;
}
