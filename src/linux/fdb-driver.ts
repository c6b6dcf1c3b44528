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
import type { Change, Driver, Failure } from "../reconcile/driver.ts";
import type { NeighbourRequest } from "../wire/netlink-neighbour.ts";
import type { RowDumps } from "./dumps.ts";
import { asPinned, bridgeEntry, readFdbEntries, rowFound, tunnelEntry } from "./fdb-entries.ts";
import type { ForeignRows } from "./foreign-rows.ts";
import type { BridgeVlan } from "./forwarding.ts";
import type { LinkTable } from "./link-table.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import { macKey } from "./ownership.ts";
import { asks, foreignRow, missingDevice, type Plan, writeRows } from "./row-writer.ts";
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

  /** The kernel tells that the VXLAN device's entry is gone. */
  gone(key: FdbKey): void {
    this.#standing.gone(key);
  }

  async list(signal: AbortSignal): Promise<Map<FdbKey, FdbRow>> {
    const rows = new Map<FdbKey, FdbRow>();
    this.#standing.beginReading();
    for (const [place, entries] of await readFdbEntries(this.#parts, signal)) {
      for await (const lot of unhurried(entries.values(), this.#standing)) {
        for (const found of lot) this.#takeIn(rows, rowFound(place, found));
      }
    }
    for (const key of this.#pinned) if (this.#standing.isGone(key, rows)) this.#pinned.delete(key);
    await this.#standing.endReading(rows);
    return rows;
  }

  #takeIn(rows: Map<FdbKey, FdbRow>, row: FdbRow | undefined): void {
    if (row === undefined) return;
    const key = fdbKey(row);
    rows.set(key, row);
    if (row.pinned) this.#pinned.add(key);
  }

  async write(
    changes: readonly Change<FdbKey, FdbRow>[],
    signal: AbortSignal,
  ): Promise<readonly Failure<FdbKey>[]> {
    signal.throwIfAborted();
    const plans = changes.map((change) => this.#plan(change));
    // Before the write: what somebody does to a row may be told before we are told that it stands.
    for (const [i, { kind, key, row }] of changes.entries()) {
      if (kind === "remove") this.#standing.remove(key, { isAsked: asks(plans[i]) });
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
      const put = bridgeEntry(place, row, "put");
      const requests = [tunnelEntry(place, row, "put"), put];
      // And the mark once more: a frame that comes in between takes it off. A row that has been pinned
      // is unpinned by every put, for what we are told of its entry may be older than our last write.
      if (row.pinned || this.#pinned.has(key)) requests.push(asPinned(put, row.pinned), put);
      return { key, requests };
    }
    // If a host on a port has the MAC by now, the bridge's entry is not ours any more, and the
    // kernel leaves it alone: we name the device it would have to point to.
    const requests: NeighbourRequest[] = [];
    if (inBridge === undefined) requests.push(bridgeEntry(place, row, "delete"));
    if (inTunnel === undefined) requests.push(tunnelEntry(place, row, "delete"));
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
    if (inTunnel === undefined) return [tunnelEntry(place, row, "delete")];
    const isOurs = inBridge === undefined && this.#standing.has(fdbKey(row));
    return isOurs ? [bridgeEntry(place, row, "delete")] : [];
  }
}
