/**
 * A real guest, migrated by a real QEMU in software, between two leaves: with the announcement QEMU
 * makes, with the one guest and QEMU make, and with the word of the hypervisor in place of both.
 */
import { afterAll, describe, expect, it } from "vitest";
import { Caller, isWhole } from "../../labs/qemu/call.ts";
import { FrameWatch } from "../../labs/qemu/frames.ts";
import { GUEST, guestImage, QemuGuest, TAP, tapIn } from "../../labs/qemu/guest.ts";
import { QmpListener } from "../../labs/qemu/listener.ts";
import { measureMigration } from "../../labs/qemu/migration.ts";
import { poll } from "../../labs/runner/poll.ts";
import { type Leaf, VTEPS, withScene } from "./fabric.ts";

const image = imageOrReason();

/** `undefined`, after saying why, where there is no QEMU or no kernel for a guest. */
function imageOrReason(): string | undefined {
  try {
    return guestImage();
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string };
    console.warn(`SKIPPED: tests with QEMU: ${stderr?.trim() || String(error)}`);
    return undefined;
  }
}

describe.skipIf(image === undefined)("a guest that QEMU migrates", () => {
  const scene = withScene();
  // Set by the first test of each guest.
  let guest: QemuGuest;
  let caller: Caller;
  /** Who listens to the QEMU that has the guest; there can be only one. */
  let beside: QmpListener | undefined;

  /** The guest, with a connection to it that is in use. */
  async function boot(guestAnnounce: boolean): Promise<void> {
    const { fabric } = scene();
    guest = await QemuGuest.boot(fabric, "leaf1", { image: image ?? "", guestAnnounce });
    caller = new Caller(fabric, { node: "host3", to: GUEST.ipv4 });
    await caller.talk();
    await caller.hear(1_000);
  }

  async function off(): Promise<void> {
    caller?.close();
    await guest?.off();
  }

  async function listenAt(leaf: Leaf, qmp: string): Promise<QmpListener> {
    return QmpListener.start(scene().fabric, leaf, { qmp, nic: `${GUEST.mac}=${TAP}` });
  }

  /** The guest's addresses and number, as its routes at the spine say. */
  function routes(): readonly { vtep: string; ip: string | null; seq: number | null }[] {
    return scene()
      .rib.routesOf(GUEST.mac)
      .filter(({ ip }) => ip === null || !ip.startsWith("fe80:"))
      .map(({ vtep, ip, seq }) => ({ vtep, ip, seq }));
  }

  describe("and that says nothing itself", () => {
    it("boots, and echoes over TCP", () => boot(false));
    afterAll(off);

    it("is followed by QEMU's RARP, and its TCP connection loses no byte", async () => {
      await tapIn(scene().fabric, "leaf2");
      using frames = await FrameWatch.start(scene().fabric, {
        node: "leaf2",
        port: TAP,
        mac: GUEST.mac,
      });
      const { report } = await measureMigration({ scene: scene(), guest }, "leaf2");
      expect(report).toMatchObject({ from: "leaf1", to: "leaf2", seq: 1 });
      expect(report.remoteFdbMs).not.toBeNull();
      expect(report.oldWithdrawnMs).not.toBeNull();
      expect(frames.frames.some(({ kind }) => kind === "rarp")).toBe(true);
      expect(frames.frames.some(({ kind }) => kind === "unsolicited-advertisement")).toBe(false);
      await caller.hear(1_000);
      expect(await caller.hush()).toSatisfy(isWhole);
    });
  });

  describe("and that speaks when QEMU tells it to", () => {
    it("boots, and echoes over TCP", () => boot(true));
    afterAll(off);

    it("takes both its addresses along by its own ARP and neighbour advertisement", async () => {
      await tapIn(scene().fabric, "leaf2");
      using frames = await FrameWatch.start(scene().fabric, {
        node: "leaf2",
        port: TAP,
        mac: GUEST.mac,
      });
      const before = routes()[0]?.seq ?? 0;
      const { report } = await measureMigration({ scene: scene(), guest }, "leaf2");
      expect(report.seq).toBe(before + 1);
      const kinds = new Set(frames.frames.map(({ kind }) => kind));
      expect([...kinds]).toEqual(
        expect.arrayContaining(["rarp", "arp", "unsolicited-advertisement"]),
      );
      await untilAllAt("leaf2");
      await caller.hear(1_000);
      expect(await caller.hush()).toSatisfy(isWhole);
    });

    it("is claimed at the word of the hypervisor where neither of them says anything", async () => {
      const source = await listenAt("leaf2", guest.qmpPath);
      const { report } = await measureMigration({ scene: scene(), guest }, "leaf1", {
        announceRounds: 0,
        beside: async (leaf, qmp) => {
          beside = await listenAt(leaf, qmp);
        },
      });
      expect(report.remoteFdbMs).not.toBeNull();
      const [move] = await scene().roam<{ signal: string; ips: string[] }>("leaf1", [
        "show",
        "moves",
        "--mac",
        GUEST.mac,
        "--last",
        "1",
      ]);
      expect(move?.signal).toBe("word");
      await untilAllAt("leaf1");
      expect(wordsOf(source)).toEqual(["attach", "start", "suspend", "commit"]);
      expect(wordsOf(beside)).toEqual(["start", "land", "commit"]);
      await caller.talk();
      await caller.hear(1_000);
      expect(await caller.hush()).toSatisfy(isWhole);
    });

    it("stays, and is claimed anew, when the migration is called off", async () => {
      const before = routes()[0]?.seq ?? 0;
      await caller.talk();
      let target: QmpListener | undefined;
      await guest.migrateInVain("leaf2", {
        beside: async (leaf, qmp) => {
          target = await listenAt(leaf, qmp);
        },
      });
      await poll("the listeners to abort", () =>
        [beside, target].every((each) => wordsOf(each).at(-1) === "abort"),
      );
      await poll(
        "a higher number",
        () => routes().every(({ vtep, seq }) => vtep === VTEPS.leaf1 && (seq ?? 0) > before),
        { otherwise: () => JSON.stringify(routes()) },
      );
      await caller.hear(1_000);
      expect(await caller.hush()).toSatisfy(isWhole);
    });
  });

  /** Until the guest's routes are those of this leaf alone, for its MAC and both addresses. */
  async function untilAllAt(leaf: Leaf): Promise<void> {
    await poll(
      `all of the guest at ${leaf}`,
      () => {
        const all = routes();
        return (
          all.every(({ vtep }) => vtep === VTEPS[leaf]) &&
          [null, GUEST.ipv4, GUEST.ipv6].every((ip) => all.some((each) => each.ip === ip))
        );
      },
      { otherwise: () => JSON.stringify(routes()) },
    );
  }
});

/** What a listener has said to roamd, in its order. */
function wordsOf(listener: QmpListener | undefined): readonly string[] {
  return [...(listener?.said ?? "").matchAll(/roam (?:migrate )?(\w+) /g)].map(
    ([, word = ""]) => word,
  );
}
