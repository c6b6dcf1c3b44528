/** Where everything is: the links, and the MAC-VRFs read off them. */

import type { Vni } from "../evpn/vni.ts";
import type { LinkMessage } from "../wire/netlink-link.ts";
import { type BridgeAgeing, bridgeAgeings, forgettingEarly } from "./ageing.ts";
import type { SegmentWish } from "./candidates.ts";
import type { BridgeVlan } from "./forwarding.ts";
import { type Link, takeInLink } from "./links.ts";
import { compare, type PictureChange } from "./picture.ts";
import { discover, EMPTY_PICTURE, type Picture, type Place } from "./segments.ts";

export class LinkTable {
  readonly #links = new Map<number, Link>();
  readonly #wishes: readonly SegmentWish[] | undefined;
  readonly #leastAgeingMs: number;
  #picture: Picture = EMPTY_PICTURE;
  #byTunnel: ReadonlyMap<string, Place> = new Map();
  #byBridge: ReadonlyMap<BridgeVlan, Place> = new Map();
  #byNeighbours: ReadonlyMap<number, Place> = new Map();
  /** Something is different that the picture does not show yet. */
  #isStale = false;
  /** Links heard of while all are being read: what is read of them may be older. */
  #heardMeanwhile: Set<number> | undefined;
  #read = new Set<number>();

  /** `leastAgeingMs`: a bridge that remembers hosts for less is told of. */
  constructor(wishes: readonly SegmentWish[] | undefined, leastAgeingMs: number) {
    this.#wishes = wishes;
    this.#leastAgeingMs = leastAgeingMs;
  }

  /** What the kernel tells of a link as it changes. */
  heard(message: LinkMessage): void {
    this.#heardMeanwhile?.add(message.ifindex);
    if (takeInLink(this.#links, message)) this.#isStale = true;
  }

  /** All links are about to be read: `read` takes each, `endReading` forgets the others. */
  beginReading(): void {
    this.#heardMeanwhile = new Set();
    this.#read = new Set();
  }

  read(message: LinkMessage): void {
    this.#read.add(message.ifindex);
    if (this.#heardMeanwhile?.has(message.ifindex) === true) return;
    if (takeInLink(this.#links, message)) this.#isStale = true;
  }

  endReading(): void {
    for (const ifindex of this.#links.keys()) {
      if (this.#read.has(ifindex) || this.#heardMeanwhile?.has(ifindex) === true) continue;
      this.#links.delete(ifindex);
    }
    this.#heardMeanwhile = undefined;
    this.#isStale = true;
  }

  /** Brings the picture up to date; answers what is different. Half a reading is no picture. */
  settle(): readonly PictureChange[] {
    if (!this.#isStale || this.#heardMeanwhile !== undefined) return [];
    this.#isStale = false;
    const before = this.#picture;
    const found = discover(this.#links, this.#wishes);
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
