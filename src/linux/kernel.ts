/**
 * Linux as it is: opens everything at once, tells what is there, then what changes.
 *
 * The order is what makes the picture whole: listen first, then read links, neighbours and
 * forwarding entries; what changes while they are being read is not overwritten by what was read.
 */
import type { Worker } from "node:worker_threads";
import type { Announcement } from "../evpn/announcement.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { Result } from "../evpn/result.ts";
import type { Vni } from "../evpn/vni.ts";
import type { Listener } from "../mobility/observation.ts";
import type { BridgeAgeing } from "./ageing.ts";
import { announce } from "./announcement.ts";
import type { SegmentWish } from "./candidates.ts";
import { requireCapabilities } from "./capabilities.ts";
import { KERNEL_TABLES, KernelDrivers, type TableDrivers } from "./drivers.ts";
import { RowDumps } from "./dumps.ts";
import type { FloodMemory } from "./flood-driver.ts";
import { ForeignRows } from "./foreign-rows.ts";
import { type Lesson, type NotTaught, teach } from "./lesson.ts";
import { LinkTable } from "./link-table.ts";
import { askMembership, type MembershipQuery } from "./membership.ts";
import { NetlinkMonitor } from "./monitor.ts";
import { NetlinkClient } from "./netlink-client.ts";
import type { LinuxNotice } from "./notice.ts";
import { PacketSource } from "./packet-source.ts";
import { newsOf, type PictureChange } from "./picture.ts";
import { type PortStatus, portStatuses } from "./port-status.ts";
import { ask, type Question } from "./question.ts";
import { KernelReading } from "./reading.ts";
import type { RedirectOptions } from "./redirect-driver.ts";
import { Rest } from "./rest.ts";
import { RowSource } from "./row-source.ts";
import type { Place } from "./segments.ts";
import { UnknownTargets, type UnknownTargetsPolicy } from "./unknown-targets.ts";

export interface KernelOptions {
  /** All the MAC-VRFs there shall be; `undefined`: every one that is found. */
  readonly segments: readonly SegmentWish[] | undefined;
  /** Nothing will be written: the capability to do so is not asked for. */
  readonly readOnly: boolean;
  /** A bridge that remembers silent hosts for less is told of, in milliseconds. */
  readonly leastAgeingMs: number;
  /** How many frames of one port are looked at. */
  readonly framesPerSecond: number;
  /** Frames in flight; see `redirect-driver.ts`. */
  readonly redirect: RedirectOptions["redirect"];
  /** Left out: as flooded. */
  readonly unknownTargets?: UnknownTargetsPolicy;
  /** Milliseconds, which never go back. */
  readonly now: () => number;
  /** Of the socket that hears of changes, in bytes; small only in tests. */
  readonly receiveBuffer?: number;
  /** Milliseconds until everything is looked at again, though nothing has been told; never if not said. */
  readonly lookEvery?: number;
  /** What a flood list itself can not say. */
  readonly floodMemory?: FloodMemory;
  /** That of `netlink-worker.ts`, where it has been started already. */
  readonly netlinkWorker?: Worker | undefined;
}

export interface Kernel extends AsyncDisposable {
  /**
   * Opens what is needed, tells all that stands, and resolves when everything has been told. Rejects
   * with one clear sentence if the kernel will not have us. To be called once. As soon as it is known
   * which device is which, `linksKnown` is called: whoever reads the drivers' rows then, but for the
   * redirects, has them of the same reading.
   */
  start(linksKnown?: () => void): Promise<void>;
  readonly drivers: TableDrivers;
  ports(): readonly PortStatus[];
  /** The bridges of the MAC-VRFs. */
  bridges(): readonly BridgeAgeing[];
  /** Lets bridges know which ports hosts are behind, as if frames of theirs had come. */
  teach(lessons: readonly Lesson[]): Promise<readonly NotTaught[]>;
  /** Asks a host behind a port whether it is there and has this IP. */
  ask(question: Question): Result<undefined>;
  /** Asks all behind a port of which multicast groups they are. */
  askMembership(query: MembershipQuery): Result<undefined>;
  /** Tells hosts that an IP is at a MAC; answers why it could not where it could not. */
  announce(announcement: Announcement): readonly string[];
  /** Tells what hosts have said by now, before anything else is listened to. */
  hear(): void;
  /** Does not listen to hosts for a moment (`rest.ts`). */
  rest(): void;
  /** Reads everything again; what is not as it should be is told as ever. */
  look(): Promise<void>;
}

/** Touches nothing before it is started. Ends when it is disposed of, or with `signal`. */
export function makeKernel(
  options: KernelOptions,
  listener: Listener<LinuxNotice>,
  signal: AbortSignal,
): Kernel {
  return new OpenKernel(options, listener, signal);
}

class OpenKernel implements Kernel {
  readonly #options: KernelOptions;
  readonly #listener: Listener<LinuxNotice>;
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  readonly #links: LinkTable;
  readonly #netlink: NetlinkClient;
  readonly #dumps: RowDumps;
  readonly #reading: KernelReading;
  readonly #rows: RowSource;
  readonly #packets: PacketSource;
  readonly #rest: Rest;
  readonly #unknownTargets: UnknownTargets;
  #monitor: NetlinkMonitor | undefined;
  /** All that stood at the start has been told: packets may be heard. */
  #isListening = false;
  readonly drivers: KernelDrivers;

  constructor(options: KernelOptions, listener: Listener<LinuxNotice>, signal: AbortSignal) {
    this.#options = options;
    this.#listener = listener;
    this.#signal = AbortSignal.any([signal, this.#ended.signal]);
    this.#links = new LinkTable(options.segments, options.leastAgeingMs);
    const died = (reason: string): void => this.#workerDied(reason);
    this.#netlink = new NetlinkClient(died, options.now, options.netlinkWorker);
    this.#dumps = new RowDumps(this.#netlink);
    const parts = {
      netlink: this.#netlink,
      dumps: this.#dumps,
      links: this.#links,
      foreign: new ForeignRows(),
    };
    const taken = (place: Place, mac: MacAddress): void => this.#rows.taken(place, mac);
    this.drivers = new KernelDrivers({ ...parts, listener, taken }, options);
    const isOwn = (vni: Vni, mac: MacAddress): boolean => this.#isOwn(vni, mac);
    const { news, tell } = listener;
    this.#packets = new PacketSource({ news, tell, isOwn }, options);
    this.#rest = new Rest(this.#packets);
    const { fdb, flood, neighbour } = this.drivers;
    this.#rows = new RowSource({ ...parts, fdb, flood, neighbour, listener, rest: this.#rest });
    this.#reading = new KernelReading(
      { ...parts, rows: this.#rows, listener, now: options.now, settle: () => this.#settle() },
      this.#signal,
    );
    const policy = options.readOnly ? undefined : (options.unknownTargets ?? "flood");
    this.#unknownTargets = new UnknownTargets({ netlink: this.#netlink, tell, policy });
  }

  async start(linksKnown: () => void = () => {}): Promise<void> {
    this.#signal.throwIfAborted();
    await requireCapabilities(this.#netlink, this.#options);
    this.#signal.throwIfAborted();
    const { receiveBuffer } = this.#options;
    this.#monitor = new NetlinkMonitor(
      {
        link: (link) => this.#links.heard(link),
        neighbour: (neighbour) => {
          // An entry may be of a port that the same datagrams have told of.
          this.#settle();
          if (neighbour.gone && neighbour.family === "bridge") this.#dumps.entryGone();
          this.#rows.heard(neighbour);
        },
        ignored: (reason) => this.#listener.tell({ kind: "netlink-ignored", reason }),
        settled: () => this.#settle(),
        overrun: () => this.#overrun(),
      },
      receiveBuffer === undefined ? {} : { receiveBuffer },
    );
    this.#signal.addEventListener("abort", () => this.#close(), { once: true });
    await this.#reading.start(linksKnown);
    if (!this.#options.readOnly) await this.drivers.redirect.start();
    this.#listener.news({ kind: "told", source: "kernel" });
    this.#isListening = true;
    this.#packets.listen(this.#links.places.values());
    this.#listener.news({ kind: "told", source: "packets" });
    const { lookEvery } = this.#options;
    if (lookEvery !== undefined) void this.#reading.nowAndThen(lookEvery);
  }

  ports(): readonly PortStatus[] {
    return portStatuses(this.#links.places.values(), this.#packets);
  }

  bridges(): readonly BridgeAgeing[] {
    return this.#links.bridges;
  }

  teach(lessons: readonly Lesson[]): Promise<readonly NotTaught[]> {
    return teach(this.#netlink, this.#links.places, lessons);
  }

  ask(question: Question): Result<undefined> {
    return ask(this.#packets, this.#links.places.get(question.vni), question);
  }

  askMembership(query: MembershipQuery): Result<undefined> {
    return askMembership(this.#packets, this.#links.places.get(query.vni), query);
  }

  announce(announcement: Announcement): readonly string[] {
    return announce(this.#packets, this.#links.places.get(announcement.vni), announcement);
  }

  hear(): void {
    this.#rest.hear();
  }

  rest(): void {
    this.#rest.begin();
  }

  look(): Promise<void> {
    return this.#reading.again("look");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    this.#close();
    await this.drivers.redirect[Symbol.asyncDispose]();
    await this.#netlink[Symbol.asyncDispose]();
  }

  #close(): void {
    this.#monitor?.[Symbol.dispose]();
    this.#rest[Symbol.dispose]();
    this.#packets[Symbol.dispose]();
  }

  #isOwn(vni: Vni, mac: MacAddress): boolean {
    return this.#links.places.get(vni)?.ownMacs.has(mac) === true;
  }

  /** The kernel has not told us everything: what we know of it is read again, and what we wrote. */
  #overrun(): void {
    this.#listener.tell({ kind: "netlink-overrun" });
    void this.#reading.again("netlink overrun");
  }

  /** What it was writing is tried again as any row that failed; what it was reading is read again. */
  #workerDied(reason: string): void {
    this.#listener.tell({ kind: "netlink-worker-died", reason });
    if (this.#isListening) void this.#reading.again("netlink worker died");
  }

  #resync(cause: string): void {
    for (const table of KERNEL_TABLES) this.#listener.resync(table, cause);
  }

  #settle(): void {
    const changes = this.#links.settle();
    if (changes.some(({ kind }) => kind === "place-found" || kind === "place-lost")) {
      const devices = [...this.#links.places.values()].map(({ vxlanIndex }) => vxlanIndex);
      this.#monitor?.leaveOutEchoes([...new Set(devices)]);
    }
    for (const change of changes) {
      this.#follow(change);
      for (const observation of newsOf(change)) this.#listener.news(observation);
    }
    for (const change of changes) {
      if (change.kind === "place-found" && change.isNew) this.#rows.tellLearned(change.place);
    }
  }

  /** What has to be done here about a change, besides telling it. */
  #follow(change: PictureChange): void {
    this.#packets.follow(change);
    this.#unknownTargets.follow(change);
    if (change.kind === "noticed") this.#listener.tell(change.notice);
    if (change.kind === "neighbours-moved" && this.#isListening) {
      this.#listener.resync("neighbour", `${change.place.segment.bridge} has another interface`);
    }
    // What we wrote to other devices that did the same went with them.
    if (change.kind !== "place-found" || !this.#isListening) return;
    if (change.isNew) this.#resync("VXLAN device appeared");
    else this.drivers.redirect.follow(change.place);
  }
}
