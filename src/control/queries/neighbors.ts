/** `show neighbors`: which MAC holds each IP, one row for each binding. */
import { type IpAddress, isIpv6 } from "../../evpn/ip.ts";
import type { MacEntry } from "../../mobility/mac-entry.ts";
import type { Filter } from "../protocol.ts";
import type { NeighborRow } from "../rows.ts";
import type { Snapshot } from "../snapshot.ts";
import { type Batches, batchesOf, eachInPieces, inOrderOfKeys } from "./batches.ts";
import { fitsPlace, ipsAt, type Placed, placeOf } from "./macs.ts";
import { ipKey, vniKey } from "./order.ts";

interface Binding {
  readonly entry: MacEntry;
  readonly placed: Placed;
  readonly ip: IpAddress;
}

export function* showNeighbors(snapshot: Snapshot, filter: Filter): Batches<NeighborRow> {
  const entries = snapshot.entries(filter.vni);
  const bindings: Binding[] = [];
  yield* eachInPieces(entries, (entry) => {
    if (filter.mac !== undefined && entry.mac !== filter.mac) return;
    const placed = placeOf(entry);
    if (!fitsPlace(filter, placed)) return;
    for (const ip of ipsAt(entry, placed)) {
      if (filter.ip === undefined || ip === filter.ip) bindings.push({ entry, placed, ip });
    }
  });
  const sorted = yield* inOrderOfKeys(
    bindings,
    ({ entry, ip }) => `${vniKey(entry.vni)}${ipKey(ip)}|${entry.mac}`,
  );
  yield* batchesOf(sorted, (binding) => [neighborRow(binding)]);
}

function neighborRow({ entry, placed, ip }: Binding): NeighborRow {
  return {
    vni: entry.vni,
    ip,
    mac: entry.mac,
    whereabouts: placed.whereabouts,
    port: placed.port,
    vtep: placed.vtep,
    seq: placed.claim?.seq ?? null,
    router: isIpv6(ip) ? (entry.router ?? null) : null,
    // A remote binding is as old as the MAC's being there: its route does not say.
    since: new Date(entry.local?.ips.get(ip)?.since ?? entry.since).toISOString(),
  };
}
