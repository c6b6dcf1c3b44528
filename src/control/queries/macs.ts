/** `show macs`: where each MAC is, and what says so. */
import type { IpAddress } from "../../evpn/ip.ts";
import type { MacAddress } from "../../evpn/mac.ts";
import type { MacClaim } from "../../evpn/mac-claim.ts";
import type { PortName } from "../../evpn/port.ts";
import type { Vni } from "../../evpn/vni.ts";
import type { VtepAddress } from "../../evpn/vtep.ts";
import { type MacEntry, remoteIps, whereabouts } from "../../mobility/mac-entry.ts";
import type { Filter } from "../protocol.ts";
import type { MacRow, WhereaboutsWord } from "../rows.ts";
import type { Snapshot } from "../snapshot.ts";
import { type Batches, batchesOf, compareTexts, type InPieces, inOrder } from "./batches.ts";
import { sortedIps } from "./order.ts";

/** A MAC's place in the words of an answer. */
export interface Placed {
  readonly whereabouts: WhereaboutsWord;
  readonly port: PortName | null;
  readonly vtep: VtepAddress | null;
  readonly claim: MacClaim | null;
}

export function* showMacs(snapshot: Snapshot, filter: Filter): Batches<MacRow> {
  yield* batchesOf(yield* sortedEntries(snapshot, filter), function* (entry) {
    const placed = placeOf(entry);
    if (!fitsPlace(filter, placed)) return;
    if (filter.ip !== undefined && !ipsAt(entry, placed).includes(filter.ip)) return;
    yield macRow(entry, placed);
  });
}

export function macRow(entry: MacEntry, placed: Placed = placeOf(entry)): MacRow {
  return {
    vni: entry.vni,
    mac: entry.mac,
    whereabouts: placed.whereabouts,
    port: placed.port,
    vtep: placed.vtep,
    seq: placed.claim?.seq ?? null,
    sticky: placed.claim?.sticky ?? false,
    ips: sortedIps(ipsAt(entry, placed)),
    learnedFrom: entry.local?.learnedFrom ?? (placed.whereabouts === "there" ? "rib" : null),
    moves: entry.moves,
    since: new Date(entry.since).toISOString(),
  };
}

/** The entries that VNI and MAC leave, by VNI and MAC: those of one moment, however long it takes. */
export function* sortedEntries(
  snapshot: Snapshot,
  { vni, mac }: { readonly vni?: Vni; readonly mac?: MacAddress },
): InPieces<Iterable<MacEntry>> {
  const all = snapshot.entries(vni);
  const entries = mac === undefined ? all : all.filter((entry) => entry.mac === mac);
  return yield* inOrder(entries, (a, b) => a.vni - b.vni || compareTexts(a.mac, b.mac));
}

export function placeOf(entry: MacEntry): Placed {
  const place = whereabouts(entry);
  switch (place.kind) {
    case "here":
      return { whereabouts: "here", port: place.port, vtep: null, claim: place.claim };
    case "there":
      return { whereabouts: "there", port: null, vtep: place.claim.vtep, claim: place.claim };
    case "duplicate": {
      // Frames go to where it was when it was frozen.
      const held = entry.frozen?.held;
      return {
        whereabouts: "duplicate",
        port: null,
        vtep: held?.vtep ?? null,
        claim: held ?? null,
      };
    }
    case "nowhere":
      return { whereabouts: "nowhere", port: null, vtep: null, claim: null };
  }
}

export function fitsPlace(filter: Filter, placed: Placed): boolean {
  if (filter.port !== undefined && filter.port !== placed.port) return false;
  if (filter.vtep !== undefined && filter.vtep !== placed.vtep) return false;
  if (filter.where === undefined) return true;
  return placed.whereabouts === (filter.where === "local" ? "here" : "there");
}

/** The IPs that the MAC holds where it is; two routes of a VTEP may name the same one. */
export function ipsAt(entry: MacEntry, placed: Placed): readonly IpAddress[] {
  if (entry.local !== undefined) return [...entry.local.ips.keys()];
  return placed.vtep === null ? [] : [...new Set(remoteIps(entry, placed.vtep))];
}
