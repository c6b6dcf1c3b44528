/**
 * What the kernel's own tables tell: hosts that a bridge has learned on its ports (news), rows of
 * ours that are gone or changed (echoes), and rows of others that ours must leave alone.
 *
 * The same row may be told twice, as it stands and as it changes; what is told as a change wins.
 */
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import { fdbKey, floodKey, neighbourKey } from "../evpn/rows.ts";
import type { Listener } from "../mobility/observation.ts";
import type { Neighbour } from "../wire/netlink-neighbour.ts";
import type { FdbDriver } from "./fdb-driver.ts";
import { halfRow } from "./fdb-entries.ts";
import type { FloodDriver } from "./flood-driver.ts";
import type { ForeignRows } from "./foreign-rows.ts";
import { type Learned, LearnedHosts } from "./learned-hosts.ts";
import type { LinkTable } from "./link-table.ts";
import { type NeighbourDriver, rowOf } from "./neighbour-driver.ts";
import type { LinuxNotice } from "./notice.ts";
import { type KernelRow, kernelRow, macKey, placeKey } from "./ownership.ts";
import type { Rest } from "./rest.ts";
import type { Place } from "./segments.ts";

type RowOf<Kind extends KernelRow["kind"]> = Extract<KernelRow, { kind: Kind }>;

export interface RowSourceParts {
  readonly listener: Listener<LinuxNotice>;
  readonly links: LinkTable;
  readonly foreign: ForeignRows;
  readonly fdb: FdbDriver;
  readonly flood: FloodDriver;
  readonly neighbour: NeighbourDriver;
  readonly rest: Rest;
}

export class RowSource {
  readonly #parts: RowSourceParts;
  /** Hosts that bridges have learned, of all bridges: one of them may become a MAC-VRF's. */
  readonly #learned = new LearnedHosts();
  /** Places heard of while everything is being read: what is read of them may be older. */
  #heardMeanwhile: Set<string> | undefined;
  /** Places that something was remembered of when that began, and that have not been read yet. */
  #unread = new Set<string>();

  constructor(parts: RowSourceParts) {
    this.#parts = parts;
  }

  /** A change. */
  heard(neighbour: Neighbour): void {
    const row = kernelRow(neighbour);
    if (row === undefined) return;
    this.#heardMeanwhile?.add(placeKey(row));
    this.#parts.links.rowTold(neighbour, row);
    if (neighbour.gone) this.#gone(row);
    else this.#stands(row, "changed");
  }

  beginReading(): void {
    const { foreign, links } = this.#parts;
    this.#heardMeanwhile = new Set();
    this.#unread = new Set([...foreign.places(), ...links.rowPlaces()]);
    for (const [place] of this.#learned.entries()) this.#unread.add(place);
  }

  /** What stood when it was read. */
  read(neighbour: Neighbour, row: KernelRow): void {
    if (this.#isRemembered(row)) return;
    this.#parts.links.rowTold(neighbour, row);
    this.#stands(row, "read");
  }

  /** Whether it was heard of meanwhile; at the start nothing was, of hundreds of thousands. */
  #isRemembered(row: KernelRow): boolean {
    const heard = this.#heardMeanwhile;
    if (this.#unread.size === 0 && (heard === undefined || heard.size === 0)) return false;
    const place = placeKey(row);
    this.#unread.delete(place);
    return heard?.has(place) === true;
  }

  /** What was not read is not there any more. */
  endReading(): void {
    const isKnown = (place: string): boolean =>
      !this.#unread.has(place) || this.#heardMeanwhile?.has(place) === true;
    this.#parts.foreign.keepOnly(isKnown);
    this.#parts.links.keepRows(isKnown);
    for (const [place, learned] of this.#learned.entries()) {
      if (!isKnown(place)) this.#aged(learned);
    }
    this.#heardMeanwhile = undefined;
    this.#unread.clear();
  }

  /** A place is there: tells the hosts its bridge had learned before. */
  tellLearned(place: Place): void {
    for (const learned of this.#learned.values()) {
      if (learned.bridge === place.bridge) this.#seen(learned, "new");
    }
  }

  /** We have put the MAC behind the VXLAN device, of which the kernel tells nobody. */
  taken(place: Place, mac: MacAddress): void {
    const key = macKey(place.bridge, mac);
    this.#heardMeanwhile?.add(key);
    this.#learned.delete(key);
  }

  #stands(row: KernelRow, how: "read" | "changed"): void {
    switch (row.kind) {
      case "learned": {
        this.#parts.foreign.delete(placeKey(row));
        // What was known and is read once more may be what our own row is about to be written over.
        const isKnown = how === "read" && this.#learned.mayBeAt(placeKey(row), row.port);
        this.#learned.set(placeKey(row), row);
        this.#parts.rest.tell(() => {
          if (this.#learned.mayBeAt(placeKey(row), row.port))
            this.#seen(row, isKnown ? "old" : "new");
        });
        return;
      }
      case "fixed":
      case "outside":
        this.#put(row, how);
        return;
      case "tunnel":
        this.#tunnel(row);
        return;
      case "flood":
        this.#flooded(row);
        return;
      case "neighbour":
        this.#neighbour(row, how);
        return;
    }
  }

  #gone(row: KernelRow): void {
    const { foreign, links, fdb, listener } = this.#parts;
    const wasForeign = foreign.delete(placeKey(row));
    switch (row.kind) {
      case "learned":
        if (this.#learned.mayBeAt(placeKey(row), row.port)) this.#aged(row);
        return;
      case "fixed":
      case "outside": {
        this.#learned.delete(placeKey(row));
        const place = links.byBridge(row.bridge);
        if (place === undefined) return;
        const key = fdbKey({ vni: place.segment.vni, mac: row.mac });
        if (wasForeign) listener.echo({ table: "fdb", key, row: undefined });
        else if (row.port === place.vxlanIndex && !fdb.isRemoving(row.bridge, row.mac)) {
          this.#half(place, row.mac);
        }
        return;
      }
      case "tunnel":
        this.#lost(row);
        return;
      case "flood": {
        const vni = links.byTunnel(row.tunnel)?.segment.vni;
        if (vni === undefined) return;
        const key = floodKey({ vni, vtep: row.vtep });
        this.#parts.flood.gone(key, row);
        listener.echo({ table: "flood", key, row: undefined });
        return;
      }
      case "neighbour": {
        const vni = links.byNeighbours(row.device)?.segment.vni;
        if (vni === undefined) return;
        const key = neighbourKey({ vni, ip: row.ip });
        this.#parts.neighbour.gone(key);
        // In its last moment the kernel takes the mark off, so that nobody can tell whose it was.
        listener.echo({ table: "neighbour", key, row: undefined });
        return;
      }
    }
  }

  /** A host has shown itself on a port. If its MAC was ours before, the kernel has taken it over. */
  #seen({ bridge, port, mac }: Learned, evidence: "old" | "new"): void {
    const place = this.#parts.links.byBridge(bridge);
    const name = place?.ports.get(port)?.name;
    if (place === undefined || name === undefined) return;
    const { vni } = place.segment;
    this.#parts.listener.news({
      kind: "seen",
      vni,
      port: name,
      mac,
      ip: undefined,
      signal: "data",
      ...(evidence === "old" ? { evidence } : {}),
    });
    if (this.#parts.fdb.stands(fdbKey({ vni, mac }))) this.#half(place, mac);
  }

  #aged({ bridge, port, mac }: Learned): void {
    this.#learned.delete(macKey(bridge, mac));
    const place = this.#parts.links.byBridge(bridge);
    const name: PortName | undefined = place?.ports.get(port)?.name;
    if (place === undefined || name === undefined) return;
    this.#parts.listener.news({ kind: "aged-out", vni: place.segment.vni, port: name, mac });
  }

  /** Of a row of ours only one entry is left. */
  #half(place: Place, mac: MacAddress): void {
    const row = halfRow(place, mac);
    this.#parts.listener.echo({ table: "fdb", key: fdbKey(row), row });
  }

  /** Somebody has put the entry, who may be us. */
  #put(row: RowOf<"fixed" | "outside">, how: "read" | "changed"): void {
    const { links, fdb, foreign } = this.#parts;
    const place = links.byBridge(row.bridge);
    // `extern_learn` on the VXLAN device's port is ours; on another it is some other program's.
    if (row.kind === "outside" && row.port === place?.vxlanIndex) return;
    if (how === "changed" && fdb.isPinning(row.bridge, row.mac)) {
      // A frame that comes in while we pin the entry takes our mark off it, and the kernel tells of
      // the entry as it is half-way: on either port, static, and not yet sticky.
      if (place !== undefined && row.port !== place.vxlanIndex) this.#half(place, row.mac);
      return;
    }
    const key = place && fdbKey({ vni: place.segment.vni, mac: row.mac });
    const isPinned = key !== undefined && row.port === place?.vxlanIndex && fdb.pins(key);
    if (row.sticky && isPinned) return;
    const description = `the bridge has a fixed entry for it on ${links.nameOf(row.port)}`;
    foreign.add(placeKey(row), { description, on: row.kind === "outside" ? row.port : undefined });
    // What is left of ours is to go.
    if (place !== undefined && key !== undefined && fdb.stands(key)) this.#half(place, row.mac);
  }

  #tunnel(row: RowOf<"tunnel">): void {
    if (row.owner !== "other") return;
    const on = this.#parts.links.nameOf(row.device);
    const description = `${on} has an entry of somebody else for it`;
    this.#parts.foreign.add(placeKey(row), { description });
    const place = this.#parts.links.byTunnel(row.tunnel);
    if (place === undefined) return;
    if (this.#parts.fdb.stands(fdbKey({ vni: place.segment.vni, mac: row.mac }))) {
      this.#half(place, row.mac);
    }
  }

  /** The VXLAN device's entry is gone. */
  #lost(row: RowOf<"tunnel">): void {
    const { links, fdb, listener } = this.#parts;
    const vni = links.byTunnel(row.tunnel)?.segment.vni;
    if (vni === undefined) return;
    const key = fdbKey({ vni, mac: row.mac });
    fdb.gone(key);
    listener.echo({ table: "fdb", key, row: undefined });
  }

  #flooded(row: RowOf<"flood">): void {
    if (row.owner === "us") return;
    const { flood, foreign } = this.#parts;
    flood.shares(row.tunnel);
    if (!flood.isOurs(row)) {
      foreign.add(placeKey(row), { description: "somebody else sends a copy there" });
    }
  }

  #neighbour(row: RowOf<"neighbour">, how: "read" | "changed"): void {
    const { links, foreign, neighbour, listener } = this.#parts;
    const place = links.byNeighbours(row.device);
    if (row.owner === "other") {
      const description = `${links.nameOf(row.device)} has a neighbour of somebody else`;
      foreign.add(placeKey(row), { description });
    }
    const wasForeign = row.owner !== "other" && foreign.delete(placeKey(row));
    if (place === undefined || how === "read") return;
    const { vni } = place.segment;
    const key = neighbourKey({ vni, ip: row.ip });
    if (row.owner === "us" && row.mac !== undefined) {
      const { ip, mac, router } = row;
      listener.echo({ table: "neighbour", key, row: rowOf(vni, ip, { mac, router }) });
    } else if (wasForeign || neighbour.stands(key)) {
      neighbour.forget(key);
      listener.echo({ table: "neighbour", key, row: undefined });
    }
  }
}
