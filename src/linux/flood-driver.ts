/**
 * Where flooded frames go (ingress replication, RFC 8365 §9): the destinations of a VXLAN device's
 * entry for the all-zero MAC, of which the bridge has none.
 *
 * The kernel keeps the owner's mark once for the entry, not for each destination (seen on Linux
 * 6.18): with the first destination that somebody else puts, all of them look like his. Ours are then
 * known only to the process that has put them. One that starts later leaves all of them alone.
 */
import { type FloodKey, type FloodRow, floodKey } from "../evpn/rows.ts";
import type { Change, Driver, Failure } from "../reconcile/driver.ts";
import { MessageWriter } from "../wire/netlink.ts";
import {
  decodeNeighbour,
  NeighbourFlag,
  type NeighbourRequest,
  writeNeighbourDump,
} from "../wire/netlink-neighbour.ts";
import type { ForeignRows } from "./foreign-rows.ts";
import type { LinkTable } from "./link-table.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import { ipKey, kernelRow, OWN_STATE, ZERO_MAC } from "./ownership.ts";
import { missingDevice, type Plan, writeRows } from "./row-writer.ts";
import type { Place } from "./segments.ts";

const TABLE = "flood list";

export interface FloodDriverParts {
  readonly netlink: NetlinkClient;
  readonly links: LinkTable;
  readonly foreign: ForeignRows;
}

export class FloodDriver implements Driver<FloodKey, FloodRow> {
  readonly #parts: FloodDriverParts;
  #standing = new Set<FloodKey>();

  constructor(parts: FloodDriverParts) {
    this.#parts = parts;
  }

  /** Whether we have put this destination, whatever it looks like. */
  stands(key: FloodKey): boolean {
    return this.#standing.has(key);
  }

  forget(key: FloodKey): void {
    this.#standing.delete(key);
  }

  async list(signal: AbortSignal): Promise<ReadonlyMap<FloodKey, FloodRow>> {
    const rows = new Map<FloodKey, FloodRow>();
    for (const place of [...this.#parts.links.places.values()]) {
      signal.throwIfAborted();
      await this.#read(place, rows);
    }
    signal.throwIfAborted();
    this.#standing = new Set(rows.keys());
    return rows;
  }

  async write(
    changes: readonly Change<FloodKey, FloodRow>[],
    signal: AbortSignal,
  ): Promise<readonly Failure<FloodKey>[]> {
    signal.throwIfAborted();
    const plans = changes.map((change) => this.#plan(change));
    // Before the write, so that its echo is not taken for a row of somebody else.
    for (const [i, { kind, key }] of changes.entries()) {
      const plan = plans[i];
      if (kind === "remove") this.#standing.delete(key);
      else if (plan !== undefined && "requests" in plan && plan.requests.length > 0) {
        this.#standing.add(key);
      }
    }
    const failures = await writeRows(this.#parts.netlink, TABLE, plans);
    for (const { key } of failures) this.#standing.delete(key);
    return failures;
  }

  /** The key says all. */
  agree(): boolean {
    return true;
  }

  #plan({ kind, key, row }: Change<FloodKey, FloodRow>): Plan<FloodKey> {
    const place = this.#parts.links.places.get(row.vni);
    if (place === undefined) {
      return kind === "put"
        ? { key, failure: missingDevice(TABLE, key, row.vni) }
        : { key, requests: [] };
    }
    // Somebody else sends a copy there already: that serves us too, and is not ours to remove.
    const isForeign = this.#parts.foreign.at(ipKey(place.vxlanIndex, row.vtep)) !== undefined;
    return { key, requests: isForeign ? [] : [destination(place, row, kind)] };
  }

  async #read(place: Place, into: Map<FloodKey, FloodRow>): Promise<void> {
    const request = new MessageWriter();
    writeNeighbourDump(request, { family: "bridge", port: place.vxlanIndex });
    await this.#parts.netlink.dump(request.finish(), (message) => {
      const neighbour = decodeNeighbour(message);
      const found = neighbour.ok ? kernelRow(neighbour.value) : undefined;
      if (found?.kind !== "flood" || found.device !== place.vxlanIndex) return;
      const row: FloodRow = { vni: place.segment.vni, vtep: found.vtep };
      const key = floodKey(row);
      if (found.owner === "us" || this.#standing.has(key)) into.set(key, row);
    });
  }
}

function destination(place: Place, row: FloodRow, kind: "put" | "remove"): NeighbourRequest {
  return {
    action: kind === "put" ? "append" : "delete",
    family: "bridge",
    ifindex: place.vxlanIndex,
    state: OWN_STATE,
    flags: NeighbourFlag.self | NeighbourFlag.extLearned,
    mac: ZERO_MAC,
    dst: row.vtep,
    protocol: 0,
  };
}
