/**
 * IP neighbours on the bridge: what it needs to answer ARP and ND for remote hosts (`neigh_suppress`
 * of a port, Linux 4.15). NOARP, so that the kernel neither probes nor ages them.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import { type NeighbourKey, type NeighbourRow, neighbourKey } from "../evpn/rows.ts";
import type { Vni } from "../evpn/vni.ts";
import type { Change, Driver, Failure } from "../reconcile/driver.ts";
import {
  ipFamily,
  type Neighbour,
  NeighbourFlag,
  type NeighbourRequest,
  NeighbourState,
} from "../wire/netlink-neighbour.ts";
import type { RowDumps } from "./dumps.ts";
import type { ForeignRows } from "./foreign-rows.ts";
import type { LinkTable } from "./link-table.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import { ipKey, type KernelRow, OWN_PROTOCOL } from "./ownership.ts";
import { asks, foreignRow, missingDevice, type Plan, writeRows } from "./row-writer.ts";
import { Standing } from "./standing.ts";

const TABLE = "neighbour";

export interface NeighbourDriverParts {
  readonly netlink: NetlinkClient;
  readonly dumps: RowDumps;
  readonly links: LinkTable;
  readonly foreign: ForeignRows;
}

export class NeighbourDriver implements Driver<NeighbourKey, NeighbourRow> {
  /** The monitor's filter keeps them out. */
  readonly putsSilently: boolean = true;
  readonly queues: boolean = true;
  readonly #parts: NeighbourDriverParts;
  readonly #standing = new Standing<NeighbourKey>();

  constructor(parts: NeighbourDriverParts) {
    this.#parts = parts;
  }

  stands(key: NeighbourKey): boolean {
    return this.#standing.has(key);
  }

  /** Another stands in its place. */
  forget(key: NeighbourKey): void {
    this.#standing.delete(key);
  }

  /** The kernel tells that it is gone. */
  gone(key: NeighbourKey): void {
    this.#standing.gone(key);
  }

  async list(signal: AbortSignal): Promise<Map<NeighbourKey, NeighbourRow>> {
    const rows = new Map<NeighbourKey, NeighbourRow>();
    const read = (_: Neighbour, found: KernelRow): void => {
      if (found.kind !== "neighbour" || found.owner !== "us" || found.mac === undefined) return;
      const place = this.#parts.links.byNeighbours(found.device);
      if (place === undefined) return;
      const row = rowOf(place.segment.vni, found.ip, { mac: found.mac, router: found.router });
      rows.set(neighbourKey(row), row);
    };
    signal.throwIfAborted();
    this.#standing.beginReading();
    // At once: who else is about to read them, reads them with us.
    const families = ["ipv4", "ipv6"] as const;
    await Promise.all(families.map((family) => this.#parts.dumps.read(family, { read })));
    signal.throwIfAborted();
    await this.#standing.endReading(rows);
    return rows;
  }

  async write(
    changes: readonly Change<NeighbourKey, NeighbourRow>[],
    signal: AbortSignal,
  ): Promise<readonly Failure<NeighbourKey>[]> {
    signal.throwIfAborted();
    const plans = changes.map((change) => this.#plan(change));
    // Before the write: what somebody does to a row may be told before we are told that it stands.
    for (const [i, { kind, key }] of changes.entries()) {
      if (kind === "remove") this.#standing.remove(key, { isAsked: asks(plans[i]) });
      else if (plans[i]?.failure === undefined) this.#standing.add(key);
    }
    const failures = await writeRows(this.#parts.netlink, TABLE, plans);
    for (const { key } of failures) this.#standing.delete(key);
    return failures;
  }

  /** What nobody has said since we started, a former life of ours may have known. */
  agree(wanted: NeighbourRow, actual: NeighbourRow): boolean {
    if (wanted.mac !== actual.mac) return false;
    return wanted.router === undefined || wanted.router === (actual.router ?? false);
  }

  #plan({ kind, key, row }: Change<NeighbourKey, NeighbourRow>): Plan<NeighbourKey> {
    const place = this.#parts.links.places.get(row.vni);
    const action = kind === "put" ? "put" : "delete";
    if (place === undefined) {
      return kind === "put"
        ? { key, failure: missingDevice(TABLE, key, row.vni) }
        : { key, requests: [] };
    }
    const { neighbourIndex } = place;
    // Where the VLAN has no interface, the bridge answers for nobody in it.
    if (neighbourIndex === undefined) return { key, requests: [] };
    const description = this.#parts.foreign.at(ipKey(neighbourIndex, row.ip));
    if (description === undefined) {
      return { key, requests: [entry(neighbourIndex, row, action)] };
    }
    return kind === "put"
      ? { key, failure: foreignRow(TABLE, { key, description }) }
      : { key, requests: [] };
  }
}

/** A row as the kernel tells of it. */
export function rowOf(
  vni: Vni,
  ip: IpAddress,
  { mac, router }: { mac: MacAddress; router: boolean },
): NeighbourRow {
  return router ? { vni, ip, mac, router } : { vni, ip, mac };
}

function entry(ifindex: number, row: NeighbourRow, action: "put" | "delete"): NeighbourRequest {
  return {
    action,
    family: ipFamily(row.ip),
    ifindex,
    state: NeighbourState.noarp,
    flags: NeighbourFlag.extLearned | (row.router === true ? NeighbourFlag.router : 0),
    mac: action === "put" ? row.mac : undefined,
    dst: row.ip,
    protocol: OWN_PROTOCOL,
  };
}
