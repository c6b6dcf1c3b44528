/**
 * Where flooded frames go (ingress replication, RFC 8365 §9): the destinations of a VXLAN device's
 * entry for the all-zero MAC, of which the bridge has none.
 *
 * The kernel keeps the owner's mark once for the entry, not for each destination (seen on Linux
 * 6.18): with the first destination that somebody else puts, all of them look like his. Ours are then
 * known only to the process that has put them, which writes them down for the next one. What is not
 * written down either is left alone.
 */
import { type FloodKey, type FloodRow, floodKey } from "../evpn/rows.ts";
import type { Vni } from "../evpn/vni.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import type { Change, Driver, Failure } from "../reconcile/driver.ts";
import { NeighbourFlag, type NeighbourRequest } from "../wire/netlink-neighbour.ts";
import { type DeviceRow, readDeviceRows } from "./device-rows.ts";
import type { RowDumps } from "./dumps.ts";
import type { ForeignRows } from "./foreign-rows.ts";
import type { LinkTable } from "./link-table.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import { ipKey, OWN_STATE, ZERO_MAC } from "./ownership.ts";
import { asks, missingDevice, type Plan, writeRows } from "./row-writer.ts";
import type { Place } from "./segments.ts";
import { Standing } from "./standing.ts";

const TABLE = "flood list";

/** A destination of ours, of a VXLAN device or of one of its VNIs (see `forwarding.ts`). */
export interface FloodMark {
  readonly tunnel: string;
  readonly vtep: VtepAddress;
}

/** What outlives the process. */
export interface FloodMemory {
  readonly recalled: readonly FloodMark[];
  /** Given all marks each time, as they change. */
  readonly remember: (marks: readonly FloodMark[]) => void;
}

export interface FloodDriverParts {
  readonly memory: FloodMemory | undefined;
  readonly netlink: NetlinkClient;
  readonly dumps: RowDumps;
  readonly links: LinkTable;
  readonly foreign: ForeignRows;
}

export class FloodDriver implements Driver<FloodKey, FloodRow> {
  readonly #parts: FloodDriverParts;
  readonly #standing = new Standing<FloodKey>();
  /** Wanted, and put by somebody else: nothing is to be done. */
  readonly #served = new Set<FloodKey>();
  /** Where others have put destinations as well, and ours there. */
  readonly #shared = new Map<string, Set<VtepAddress>>();

  constructor(parts: FloodDriverParts) {
    this.#parts = parts;
    for (const { tunnel, vtep } of parts.memory?.recalled ?? []) {
      const ours = this.#shared.get(tunnel);
      if (ours === undefined) this.#shared.set(tunnel, new Set([vtep]));
      else ours.add(vtep);
    }
  }

  /** Whether we have put this destination, whatever it looks like; or a former life of ours has. */
  isOurs({ tunnel, vtep }: FloodMark): boolean {
    const vni = this.#parts.links.byTunnel(tunnel)?.segment.vni;
    if (vni !== undefined && this.#standing.has(floodKey({ vni, vtep }))) return true;
    return this.#shared.get(tunnel)?.has(vtep) === true;
  }

  /** Somebody else has put a destination there: ours do not look like ours any more. */
  shares(tunnel: string): void {
    if (this.#shared.has(tunnel)) return;
    const vni = this.#parts.links.byTunnel(tunnel)?.segment.vni;
    const ours = [...this.#standing.keys()].flatMap((key) => vtepOf(key, vni));
    this.#shared.set(tunnel, new Set(ours));
    this.#remember();
  }

  /** The kernel tells that it is gone. */
  gone(key: FloodKey, mark: FloodMark): void {
    if (!this.#standing.gone(key)) return;
    this.#served.delete(key);
    this.#mark(mark, false);
  }

  async list(signal: AbortSignal): Promise<Map<FloodKey, FloodRow>> {
    const rows = new Map<FloodKey, FloodRow>();
    const served = new Map<FloodKey, FloodRow>();
    const visit = (place: Place, found: DeviceRow): void => {
      if (found.kind !== "flood") return;
      const row: FloodRow = { vni: place.segment.vni, vtep: found.vtep };
      const key = floodKey(row);
      if (found.owner === "us" || this.isOurs(found)) rows.set(key, row);
      else if (this.#served.has(key)) served.set(key, row);
    };
    this.#standing.beginReading();
    await readDeviceRows(this.#parts, visit, signal);
    await this.#standing.endReading(rows);
    for (const { tunnel, segment } of this.#parts.links.places.values()) {
      if (!this.#shared.has(tunnel)) continue;
      const ours = [...this.#standing.keys()].flatMap((key) => vtepOf(key, segment.vni));
      this.#shared.set(tunnel, new Set(ours));
    }
    if (this.#shared.size > 0) this.#remember();
    return new Map([...rows, ...served]);
  }

  async write(
    changes: readonly Change<FloodKey, FloodRow>[],
    signal: AbortSignal,
  ): Promise<readonly Failure<FloodKey>[]> {
    signal.throwIfAborted();
    const plans = changes.map((change) => this.#plan(change));
    // Before the write, so that its echo is not taken for a row of somebody else.
    for (const [i, { kind, key, row }] of changes.entries()) {
      const plan = plans[i];
      if (kind === "remove") {
        this.#served.delete(key);
        this.#standing.remove(key, { isAsked: asks(plan) });
        this.#stands(key, row, false);
      } else if (plan?.failure === undefined) {
        if (plan?.requests.length === 0) this.#served.add(key);
        else this.#stands(key, row, true);
      }
    }
    const failures = await writeRows(this.#parts.netlink, TABLE, plans);
    const failed = new Set(failures.map(({ key }) => key));
    for (const { key, row } of changes) if (failed.has(key)) this.#stands(key, row, false);
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
    const isForeign = this.#parts.foreign.at(ipKey(place.tunnel, row.vtep)) !== undefined;
    return { key, requests: isForeign ? [] : [destination(place, row, kind)] };
  }

  #stands(key: FloodKey, { vni, vtep }: FloodRow, stands: boolean): void {
    if (stands) this.#standing.add(key);
    else this.#standing.delete(key);
    const tunnel = this.#parts.links.places.get(vni)?.tunnel;
    if (tunnel !== undefined) this.#mark({ tunnel, vtep }, stands);
  }

  #mark({ tunnel, vtep }: FloodMark, isOurs: boolean): void {
    const ours = this.#shared.get(tunnel);
    if (ours === undefined || ours.has(vtep) === isOurs) return;
    if (isOurs) ours.add(vtep);
    else ours.delete(vtep);
    this.#remember();
  }

  #remember(): void {
    const marks = [...this.#shared].flatMap(([tunnel, vteps]) =>
      [...vteps].map((vtep) => ({ tunnel, vtep })),
    );
    this.#parts.memory?.remember(marks);
  }
}

function vtepOf(key: FloodKey, vni: Vni | undefined): VtepAddress[] {
  const prefix = `${vni}|`;
  return key.startsWith(prefix) ? [key.slice(prefix.length) as VtepAddress] : [];
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
    sourceVni: place.isShared ? row.vni : 0,
  };
}
