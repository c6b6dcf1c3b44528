/**
 * A real guest of QEMU in the lab evpn-l2, behind a tap of a leaf as on a machine that is leaf and
 * hypervisor at once; QEMU migrates it to another leaf, over the underlay. In software: no KVM.
 */

import type { ChildProcess } from "node:child_process";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Fabric } from "../runner/fabric.ts";
import { poll } from "../runner/poll.ts";
import { inRepository } from "../runner/repository.ts";
import { type Leaf, VTEPS } from "../runner/scene.ts";
import { Qmp, type QmpEvent } from "./qmp.ts";

/** The guest's addresses. QEMU's prefix, so that nobody takes it for the lab's other machine. */
export const GUEST = {
  mac: "52:54:00:00:0a:65",
  ipv4: "192.168.10.101",
  ipv6: "2001:db8:10::101",
} as const;

/** The guest's port in the bridge of every leaf where it has been. */
export const TAP = "tap0";
/** Where the guest echoes what it is sent. */
export const ECHO_PORT = 7;

const MIGRATION_PORT = 4444;

export interface GuestOptions {
  /** Whether the guest speaks too when QEMU announces it (VIRTIO_NET_F_GUEST_ANNOUNCE). */
  readonly guestAnnounce?: boolean;
}

/** The directory with the guest's kernel and initial file system; an error says what is missing. */
export function guestImage(): string {
  const script = inRepository("labs/qemu/image.sh");
  return execFileSync("sh", [script], { encoding: "utf8" }).trim();
}

/** One process of QEMU. */
class Qemu {
  readonly leaf: Leaf;
  readonly name: string;
  readonly qmp: Qmp;
  readonly #child: ChildProcess;

  constructor(
    leaf: Leaf,
    how: { readonly name: string; readonly qmp: Qmp; readonly child: ChildProcess },
  ) {
    this.leaf = leaf;
    this.name = how.name;
    this.qmp = how.qmp;
    this.#child = how.child;
  }

  async quit(): Promise<void> {
    // It may hang up before it has answered.
    await this.qmp.execute("quit").catch(() => undefined);
    await this.gone();
  }

  /** Until the process has ended. */
  async gone(): Promise<void> {
    if (this.#child.exitCode === null) await once(this.#child, "exit");
  }

  /** The first such event after those that were there before. */
  until(what: string, wanted: (event: QmpEvent) => boolean, from = 0): Promise<QmpEvent> {
    return poll(
      `QEMU at ${this.leaf} to say ${what}`,
      () => this.qmp.events.slice(from).find(wanted),
      {
        everyMs: 5,
        timeoutMs: 60_000,
        otherwise: () => this.qmp.events.map(({ event }) => event).join(" "),
      },
    );
  }
}

export interface Migrated {
  /** When the guest stood still, and when it ran again. */
  readonly stoppedAt: number;
  readonly resumedAt: number;
  /** When QEMU at the source knew that all is done. */
  readonly completedAt: number;
}

export interface MigrationOptions {
  /** How often QEMU announces the guest by RARP; QEMU's own default is 5. */
  readonly announceRounds?: number;
  /** Called with the place where a listener may hear what QEMU at that leaf says. */
  readonly beside?: (leaf: Leaf, qmpPath: string) => Promise<void>;
}

export class QemuGuest {
  readonly #fabric: Fabric;
  readonly #image: string;
  readonly #options: GuestOptions;
  #now: Qemu;
  #count = 0;

  constructor(
    fabric: Fabric,
    how: { readonly image: string; readonly options: GuestOptions; readonly first: Qemu },
  ) {
    this.#fabric = fabric;
    this.#image = how.image;
    this.#options = how.options;
    this.#now = how.first;
  }

  /** Resolves when the guest has booted, and answers. */
  static async boot(
    fabric: Fabric,
    leaf: Leaf,
    { image, ...options }: GuestOptions & { readonly image: string },
  ): Promise<QemuGuest> {
    const first = await startQemu(fabric, leaf, { image, options, name: "guest0" });
    const guest = new QemuGuest(fabric, { image, options, first });
    await poll("the guest to boot", () => fabric.logs(leaf).includes("The guest is up"), {
      timeoutMs: 90_000,
      everyMs: 200,
      otherwise: () => fabric.logs(leaf).slice(-2000),
    });
    return guest;
  }

  get leaf(): Leaf {
    return this.#now.leaf;
  }

  /** The place at which a listener in that leaf may hear QEMU. */
  get qmpPath(): string {
    return monitorPath(this.#now.name, "listener");
  }

  /** Live: the guest runs on while its memory is copied, and QEMU announces it where it lands. */
  async migrate(to: Leaf, options: MigrationOptions = {}): Promise<Migrated> {
    const source = this.#now;
    const target = await this.#await(to, options);
    const heard = source.qmp.events.length;
    await source.qmp.execute("migrate", { uri: incoming(to) });
    const ended = await source.until("that the migration is done", isEnd, heard);
    if (ended.data.status !== "completed") {
      await target.quit();
      throw new Error(`Cannot migrate from ${source.leaf} to ${to}: it is ${ended.data.status}`);
    }
    const resumed = await target.until("RESUME", ({ event }) => event === "RESUME");
    const stopped = await source.until("STOP", ({ event }) => event === "STOP", heard);
    this.#now = target;
    await source.quit();
    return { stoppedAt: stopped.at, resumedAt: resumed.at, completedAt: ended.at };
  }

  /** A migration that is called off while the memory is copied: the guest stays. */
  async migrateInVain(to: Leaf, options: MigrationOptions = {}): Promise<void> {
    const { qmp } = this.#now;
    const target = await this.#await(to, options);
    const heard = qmp.events.length;
    const bandwidth = (bytes: number): Promise<unknown> =>
      qmp.execute("migrate-set-parameters", { "max-bandwidth": bytes });
    await bandwidth(1 << 20);
    await qmp.execute("migrate", { uri: incoming(to) });
    await this.#now.until(
      "that memory is copied",
      ({ event, data }) => event === "MIGRATION" && data.status === "active",
      heard,
    );
    await qmp.execute("migrate_cancel");
    await this.#now.until("that the migration is over", isEnd, heard);
    await bandwidth(128 << 20);
    await target.gone();
  }

  /** As if its power was cut. */
  async off(): Promise<void> {
    await this.#now.quit();
  }

  /** A process of QEMU that waits for the guest. */
  async #await(to: Leaf, { announceRounds, beside }: MigrationOptions): Promise<Qemu> {
    this.#count += 1;
    const name = `guest${this.#count}`;
    const start = { image: this.#image, options: this.#options, name, incoming: incoming(to) };
    const target = await startQemu(this.#fabric, to, start);
    if (announceRounds !== undefined) {
      await target.qmp.execute("migrate-set-parameters", { "announce-rounds": announceRounds });
    }
    await beside?.(to, monitorPath(name, "listener"));
    return target;
  }
}

function incoming(to: Leaf): string {
  return `tcp:${VTEPS[to]}:${MIGRATION_PORT}`;
}

function isEnd({ event, data }: QmpEvent): boolean {
  return (
    event === "MIGRATION" && ["completed", "failed", "cancelled"].includes(String(data.status))
  );
}

interface Start {
  readonly image: string;
  readonly options: GuestOptions;
  readonly name: string;
  readonly incoming?: string;
}

async function startQemu(fabric: Fabric, leaf: Leaf, start: Start): Promise<Qemu> {
  await tapIn(fabric, leaf);
  // What QEMU complains of is a log of the node, like those of its daemons.
  const logged = ["sh", "-c", 'exec "$@" >>/run/log/qemu.log 2>&1', "sh", ...command(start)];
  const child = fabric.spawn(leaf, logged, { stdio: "ignore" });
  const path = `/proc/${fabric.pid(leaf)}/root${monitorPath(start.name, "driver")}`;
  const qmp = await poll(
    `QEMU at ${leaf} to listen`,
    () => {
      if (child.exitCode !== null) throw new Error(`Cannot start QEMU: code ${child.exitCode}`);
      return Qmp.connect(path).catch(() => undefined);
    },
    { timeoutMs: 60_000 },
  );
  const capabilities = [{ capability: "events", state: true }];
  await qmp.execute("migrate-set-capabilities", { capabilities });
  return new Qemu(leaf, { name: start.name, qmp, child });
}

function command({ image, options, name, incoming }: Start): readonly string[] {
  const announce = options.guestAnnounce === false ? "off" : "on";
  const addresses = `${GUEST.ipv4}/24,${GUEST.ipv6}/64`;
  const monitors = (["driver", "listener"] as const).flatMap((who) => [
    "-qmp",
    `unix:${monitorPath(name, who)},server=on,wait=off`,
  ]);
  return [
    ...["qemu-system-x86_64", "-name", name, "-M", "pc", "-accel", "tcg", "-cpu", "max"],
    ...["-m", "128", "-smp", "1", "-nodefaults", "-no-user-config", "-display", "none"],
    ...["-kernel", join(image, "vmlinuz"), "-initrd", join(image, "initrd.gz")],
    ...["-append", `console=ttyS0 quiet panic=-1 guest_addresses=${addresses}`],
    ...["-serial", `file:/run/log/${name}.log`],
    ...["-netdev", `tap,id=net0,ifname=${TAP},script=no,downscript=no`],
    "-device",
    `virtio-net-pci,netdev=net0,mac=${GUEST.mac},romfile=,guest_announce=${announce}`,
    ...monitors,
    ...(incoming === undefined ? [] : ["-incoming", incoming]),
  ];
}

function monitorPath(name: string, who: "driver" | "listener"): string {
  return `/run/${name}.${who}.qmp`;
}

/** Makes the guest's port in a leaf, which outlives the processes of QEMU that use it. */
export async function tapIn(fabric: Fabric, leaf: Leaf): Promise<void> {
  if ((await fabric.exec(leaf, ["ip", "link", "show", "dev", TAP])).code === 0) return;
  for (const words of [
    ["tuntap", "add", "name", TAP, "mode", "tap"],
    ["link", "set", "dev", TAP, "addrgenmode", "none", "master", "br10"],
    ["link", "set", "dev", TAP, "up"],
  ]) {
    await fabric.run(leaf, ["ip", ...words]);
  }
}
