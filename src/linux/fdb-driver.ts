/**
 * Remote MACs. One row is two entries in Linux: the bridge's, which says "behind the VXLAN device",
 * and the VXLAN device's, which says "at that VTEP". They are written and removed together, each as
 * a message of its own: in one message for both, the kernel stops at the first that fails.
 *
 * Make before break: the VXLAN device's entry is put first and removed last, so that the bridge never
 * sends to it what it has no VTEP for.
 *
 * A bridge lets any frame from a port take over an entry that is not `sticky`, and it does not look at
 * `sticky` in a request that says `extern_learn` (Linux 6.18: `__br_fdb_add`). So a pinned row is
 * written `extern_learn`, then static and sticky over that, which keeps the mark; and unpinned in the
 * same way. The entry stands at every moment, and points to the VXLAN device.
 */
import type { MacAddress } from "../evpn/mac.ts";
import { type FdbKey, type FdbRow, fdbKey } from "../evpn/rows.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import type { Change, Driver, Failure } from "../reconcile/driver.ts";
import { NeighbourFlag, type NeighbourRequest, NeighbourState } from "../wire/netlink-neighbour.ts";
import { type DeviceRow, readDeviceRows } from "./device-rows.ts";
import type { RowDumps } from "./dumps.ts";
import type { ForeignRows } from "./foreign-rows.ts";
import type { BridgeVlan } from "./forwarding.ts";
import type { LinkTable } from "./link-table.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import { macKey, OWN_STATE } from "./ownership.ts";
import { foreignRow, missingDevice, type Plan, writeRows } from "./row-writer.ts";
import type { Place } from "./segments.ts";
import { Standing } from "./standing.ts";
import { UnderWay } from "./under-way.ts";
import { unhurried } from "./unhurried.ts";

const TABLE = "FDB";

export interface FdbDriverParts {
  readonly netlink: NetlinkClient;
  readonly dumps: RowDumps;
  readonly links: LinkTable;
  readonly foreign: ForeignRows;
  /** A MAC that the bridge had on a port is behind the VXLAN device now: nobody will tell. */
  readonly taken: (place: Place, mac: MacAddress) => void;
}

export class FdbDriver implements Driver<FdbKey, FdbRow> {
  /** The monitor's filter keeps them out: each would come back twice. */
  readonly putsSilently: boolean = true;
  readonly queues: boolean = true;
  readonly #parts: FdbDriverParts;
  readonly #standing = new Standing<FdbKey>();
  /** Rows whose bridge entry we have pinned since they were put, whether or not it is so now. */
  readonly #pinned = new Set<FdbKey>();
  /** By bridge and MAC, for a device may be gone before we are told what became of its entries. */
  readonly #pinning = new UnderWay();
  readonly #removing = new UnderWay();

  constructor(parts: FdbDriverParts) {
    this.#parts = parts;
  }

  /** Whether a row of ours stands here and is not just being removed. */
  stands(key: FdbKey): boolean {
    return this.#standing.has(key);
  }

  /** Whether the bridge's entry at this key is, may be, or has been pinned by us. */
  pins(key: FdbKey): boolean {
    return this.#pinned.has(key);
  }

  /** Whether the bridge's entry is being pinned or unpinned: we may be told how it was half-way. */
  isPinning(bridge: BridgeVlan, mac: MacAddress): boolean {
    return this.#pinning.has(macKey(bridge, mac));
  }

  /** Whether we are removing the bridge's entry. */
  isRemoving(bridge: BridgeVlan, mac: MacAddress): boolean {
    return this.#removing.has(macKey(bridge, mac));
  }

  forget(key: FdbKey): void {
    this.#standing.delete(key);
  }

  async list(signal: AbortSignal): Promise<ReadonlyMap<FdbKey, FdbRow>> {
    const rows = new Map<FdbKey, FdbRow>();
    this.#standing.beginReading();
    for (const [place, halves] of await this.#read(signal)) {
      const macs = new Set([...halves.ports.keys(), ...halves.tunnels.keys()]);
      for await (const lot of unhurried(macs, this.#standing)) {
        for (const mac of lot) this.#takeIn(rows, place, { mac, halves });
      }
    }
    for (const key of this.#pinned) if (this.#standing.isGone(key, rows)) this.#pinned.delete(key);
    await this.#standing.endReading(rows);
    return rows;
  }

  #takeIn(
    rows: Map<FdbKey, FdbRow>,
    place: Place,
    { mac, halves }: { mac: MacAddress; halves: Halves },
  ): void {
    if (halves.foreign.has(mac) && !isLeftover(halves, mac)) return;
    const { vni } = place.segment;
    const pinned = halves.ports.get(mac);
    const vtep = pinned === undefined ? undefined : halves.tunnels.get(mac);
    const isWhole = vtep !== undefined && pinned !== undefined;
    const row: FdbRow = isWhole ? { vni, mac, vtep, pinned } : halfRow(place, mac);
    const key = fdbKey(row);
    rows.set(key, row);
    if (pinned === true) this.#pinned.add(key);
  }

  async write(
    changes: readonly Change<FdbKey, FdbRow>[],
    signal: AbortSignal,
  ): Promise<readonly Failure<FdbKey>[]> {
    signal.throwIfAborted();
    const plans = changes.map((change) => this.#plan(change));
    // Before the write: what somebody does to a row may be told before we are told that it stands.
    for (const [i, { kind, key, row }] of changes.entries()) {
      if (kind === "remove") this.#standing.delete(key);
      else if (plans[i]?.failure === undefined) this.#standing.add(key);
      if (kind === "put" && row.pinned) this.#pinned.add(key);
    }
    const pinning = this.#placesOf(changes, ({ key }) => this.#pinned.has(key));
    const removing = this.#placesOf(changes, ({ kind }) => kind === "remove");
    this.#pinning.begin(pinning);
    this.#removing.begin(removing);
    const failures = await writeRows(this.#parts.netlink, TABLE, plans);
    this.#pinning.answered(pinning);
    this.#removing.answered(removing);
    const failed = new Map(failures.map((failure) => [failure.key, failure.kind]));
    for (const { kind, key, row } of changes) {
      const failure = failed.get(key);
      if (failure !== undefined) this.#standing.delete(key);
      if (failure === "foreign" || (failure === undefined && kind === "remove")) {
        this.#pinned.delete(key);
      }
      if (failure !== undefined || kind === "remove") continue;
      const place = this.#parts.links.places.get(row.vni);
      if (place !== undefined) this.#parts.taken(place, row.mac);
    }
    return failures;
  }

  agree(wanted: FdbRow, actual: FdbRow): boolean {
    return wanted.vtep === actual.vtep && wanted.pinned === actual.pinned;
  }

  #placesOf(
    changes: readonly Change<FdbKey, FdbRow>[],
    which: (change: Change<FdbKey, FdbRow>) => boolean,
  ): readonly string[] {
    return changes.filter(which).flatMap(({ row }) => {
      const place = this.#parts.links.places.get(row.vni);
      return place === undefined ? [] : macKey(place.bridge, row.mac);
    });
  }

  #plan({ kind, key, row }: Change<FdbKey, FdbRow>): Plan<FdbKey> {
    const place = this.#parts.links.places.get(row.vni);
    if (place === undefined) {
      return kind === "put"
        ? { key, failure: missingDevice(TABLE, key, row.vni) }
        : { key, requests: [] };
    }
    const { foreign } = this.#parts;
    const inBridge = foreign.at(macKey(place.bridge, row.mac), place.vxlanIndex);
    const inTunnel = foreign.at(macKey(place.tunnel, row.mac));
    if (kind === "put") {
      const description = inBridge ?? inTunnel;
      if (description !== undefined) {
        const failure = foreignRow(TABLE, { key, description });
        return { key, failure, requests: this.#leftovers(place, row, { inBridge, inTunnel }) };
      }
      const put = portHalf(place, row, "put");
      const requests = [tunnelHalf(place, row, "put"), put];
      // And the mark once more: a frame that comes in between takes it off. A row that has been pinned
      // is unpinned by every put, for what we are told of its entry may be older than our last write.
      if (row.pinned || this.#pinned.has(key)) requests.push(asPinned(put, row.pinned), put);
      return { key, requests };
    }
    // If a host on a port has the MAC by now, the bridge's entry is not ours any more, and the
    // kernel leaves it alone: we name the device it would have to point to.
    const requests: NeighbourRequest[] = [];
    if (inBridge === undefined) requests.push(portHalf(place, row, "delete"));
    if (inTunnel === undefined) requests.push(tunnelHalf(place, row, "delete"));
    return { key, requests };
  }

  /**
   * What to take away of a row whose other entry is somebody else's by now. The bridge's entry has no
   * mark by which it could be told from another program's: it is ours only if we have put it.
   */
  #leftovers(
    place: Place,
    row: FdbRow,
    { inBridge, inTunnel }: { inBridge: string | undefined; inTunnel: string | undefined },
  ): readonly NeighbourRequest[] {
    if (inTunnel === undefined) return [tunnelHalf(place, row, "delete")];
    const isOurs = inBridge === undefined && this.#standing.has(fdbKey(row));
    return isOurs ? [portHalf(place, row, "delete")] : [];
  }

  async #read(signal: AbortSignal): Promise<ReadonlyMap<Place, Halves>> {
    const all = new Map<Place, Halves>();
    const visit = (place: Place, row: DeviceRow): void => {
      const halves = all.get(place) ?? noHalves();
      all.set(place, halves);
      if (row.kind === "outside") halves.ports.set(row.mac, row.sticky);
      else if (row.kind === "fixed" && row.sticky) halves.unmarked.push(row.mac);
      else if (row.kind === "fixed") halves.foreign.add(row.mac);
      else if (row.kind === "tunnel" && row.owner === "us") halves.tunnels.set(row.mac, row.vtep);
      else if (row.kind === "tunnel" && row.owner === "other") halves.foreign.add(row.mac);
    };
    await readDeviceRows(this.#parts, visit, signal);
    for (const [place, halves] of all) {
      for (const mac of halves.unmarked) this.#claimUnmarked(place, mac, halves);
    }
    return all;
  }

  /**
   * A pinned entry without our mark: a frame took it off while we were pinning, and the kernel did not
   * put it on again (before Linux 6.11, `br_fdb_external_learn_add` marks no entry that somebody has
   * put). It is ours if the VXLAN device's entry is.
   */
  #claimUnmarked(place: Place, mac: MacAddress, { ports, tunnels, foreign }: Halves): void {
    if (!tunnels.has(mac)) {
      foreign.add(mac);
      return;
    }
    ports.set(mac, true);
    this.#parts.foreign.delete(macKey(place.bridge, mac));
  }
}

interface Halves {
  /** MACs that the bridge has behind the VXLAN device, and whether they are pinned there. */
  readonly ports: Map<MacAddress, boolean>;
  readonly tunnels: Map<MacAddress, VtepAddress>;
  readonly foreign: Set<MacAddress>;
  /** Pinned, and without our mark. */
  readonly unmarked: MacAddress[];
}

function noHalves(): Halves {
  return { ports: new Map(), tunnels: new Map(), foreign: new Set(), unmarked: [] };
}

/** Whether the VXLAN device's entry is ours and the bridge's somebody else's: ours is to go. */
function isLeftover({ ports, tunnels }: Halves, mac: MacAddress): boolean {
  return tunnels.has(mac) && !ports.has(mac);
}

/**
 * A row of which only one entry stands. No row that is wanted agrees with it, for none points to the
 * leaf itself; so it is completed or removed, whichever is due.
 */
export function halfRow({ segment }: Place, mac: MacAddress): FdbRow {
  return { vni: segment.vni, mac, vtep: segment.vtep, pinned: false };
}

function tunnelHalf(place: Place, row: FdbRow, action: "put" | "delete"): NeighbourRequest {
  return {
    action,
    family: "bridge",
    ifindex: place.vxlanIndex,
    state: OWN_STATE,
    flags: NeighbourFlag.self | NeighbourFlag.extLearned,
    mac: row.mac,
    // Without a destination, the entry goes with all it may have.
    dst: action === "put" ? row.vtep : undefined,
    protocol: 0,
    sourceVni: place.isShared ? row.vni : 0,
  };
}

function portHalf(place: Place, row: FdbRow, action: "put" | "delete"): NeighbourRequest {
  return {
    action,
    family: "bridge",
    ifindex: place.vxlanIndex,
    state: OWN_STATE,
    flags: NeighbourFlag.master | NeighbourFlag.extLearned,
    mac: row.mac,
    dst: undefined,
    protocol: 0,
    vlan: place.vlan,
  };
}

/** Says of an entry whether frames may take it over. The kernel leaves the mark as it is. */
function asPinned(put: NeighbourRequest, pinned: boolean): NeighbourRequest {
  return {
    ...put,
    state: pinned ? NeighbourState.noarp : NeighbourState.reachable,
    flags: pinned ? NeighbourFlag.master | NeighbourFlag.sticky : NeighbourFlag.master,
  };
}
