/** Where everything is: the links, and the MAC-VRFs read off them. */

import type { Vni } from "../evpn/vni.ts";
import type { LinkMessage } from "../wire/netlink-link.ts";
import type { Neighbour } from "../wire/netlink-neighbour.ts";
import { type BridgeAgeing, bridgeAgeings, forgettingEarly } from "./ageing.ts";
import type { SegmentWish } from "./candidates.ts";
import type { BridgeVlan } from "./forwarding.ts";
import { type Link, takeInLink } from "./links.ts";
import type { KernelRow } from "./ownership.ts";
import { compare, type PictureChange } from "./picture.ts";
import { discover, EMPTY_PICTURE, type Picture, type Place } from "./segments.ts";
import { ZebraSigns } from "./zebra.ts";

export class LinkTable {
  readonly #links = new Map<number, Link>();
  readonly #wishes: readonly SegmentWish[] | undefined;
  readonly #leastAgeingMs: number;
  readonly #zebra = new ZebraSigns();
  #picture: Picture = EMPTY_PICTURE;
  #byTunnel: ReadonlyMap<string, Place> = new Map();
  #byBridge: ReadonlyMap<BridgeVlan, Place> = new Map();
  #byNeighbours: ReadonlyMap<number, Place> = new Map();
  /** Something is different that the picture does not show yet. */
  #isStale = false;
  /**
   * What is heard of links while all are being read, of themselves and, as ports, by their bridges: what
   * is read of the same may be older.
   */
  #heardMeanwhile: Set<string> | undefined;
  #read = new Set<number>();

  /** `leastAgeingMs`: a bridge that remembers hosts for less is told of. */
  constructor(wishes: readonly SegmentWish[] | undefined, leastAgeingMs: number) {
    this.#wishes = wishes;
    this.#leastAgeingMs = leastAgeingMs;
  }

  /** What the kernel tells of a link as it changes. */
  heard(message: LinkMessage): void {
    this.#heardMeanwhile?.add(keyOf(message));
    if (takeInLink(this.#links, message)) this.#isStale = true;
  }

  /** All links are about to be read: `read` takes each, `endReading` forgets the others. */
  beginReading(): void {
    this.#heardMeanwhile = new Set();
    this.#read = new Set();
  }

  read(message: LinkMessage): void {
    this.#read.add(message.ifindex);
    if (this.#heardMeanwhile?.has(keyOf(message)) === true || this.#isOfFormer(message)) return;
    if (takeInLink(this.#links, message)) this.#isStale = true;
  }

  endReading(): void {
    for (const ifindex of this.#links.keys()) {
      const isHeard = this.#heardMeanwhile?.has(keyOf({ about: "device", ifindex })) === true;
      if (!this.#read.has(ifindex) && !isHeard) this.#links.delete(ifindex);
    }
    this.#heardMeanwhile = undefined;
    this.#isStale = true;
  }

  /** Whether a bridge tells of a port that, as we have heard meanwhile, is none of its any more. */
  #isOfFormer({ about, ifindex, master }: LinkMessage): boolean {
    const isHeard = this.#heardMeanwhile?.has(keyOf({ about: "device", ifindex })) === true;
    return about === "port" && isHeard && this.#links.get(ifindex)?.master !== master;
  }

  /** A row stands, or is gone, that may tell of whom a device is. */
  rowTold(neighbour: Neighbour, row: KernelRow): void {
    if (this.#zebra.told(neighbour, row)) this.#isStale = true;
  }

  /** Places of which a row is remembered. */
  rowPlaces(): Iterable<string> {
    return this.#zebra.places();
  }

  /** All rows have been read. */
  keepRows(isKnown: (place: string) => boolean): void {
    if (this.#zebra.keepOnly(isKnown)) this.#isStale = true;
  }

  /** Brings the picture up to date; answers what is different. Half a reading is no picture. */
  settle(): readonly PictureChange[] {
    if (!this.#isStale || this.#heardMeanwhile !== undefined) return [];
    this.#isStale = false;
    const before = this.#picture;
    const isZebras = (vxlan: number, bridge: number) => this.#zebra.owns(vxlan, bridge);
    const found = discover(this.#links, this.#wishes, isZebras);
    const places = [...found.places.values()];
    const early = forgettingEarly(bridgeAgeings(places, this.#leastAgeingMs));
    this.#picture = { ...found, notices: [...found.notices, ...early] };
    this.#byTunnel = new Map(places.map((place) => [place.tunnel, place]));
    this.#byBridge = new Map(places.map((place) => [place.bridge, place]));
    this.#byNeighbours = new Map(
      places.flatMap((place) =>
        place.neighbourIndex === undefined ? [] : [[place.neighbourIndex, place]],
      ),
    );
    return compare(before, this.#picture);
  }

  get bridges(): readonly BridgeAgeing[] {
    return bridgeAgeings(this.#picture.places.values(), this.#leastAgeingMs);
  }

  get places(): ReadonlyMap<Vni, Place> {
    return this.#picture.places;
  }

  byTunnel(tunnel: string): Place | undefined {
    return this.#byTunnel.get(tunnel);
  }

  byBridge(bridge: BridgeVlan): Place | undefined {
    return this.#byBridge.get(bridge);
  }

  /** By the interface that has its neighbours. */
  byNeighbours(ifindex: number): Place | undefined {
    return this.#byNeighbours.get(ifindex);
  }

  nameOf(ifindex: number): string {
    return this.#links.get(ifindex)?.name ?? `interface ${ifindex}`;
  }
}

function keyOf({ about, ifindex }: Pick<LinkMessage, "about" | "ifindex">): string {
  return `${about} ${ifindex}`;
}
