/**
 * `show routes`: the EVPN routes of both hands, which of them are followed, and why the others are
 * not. The comparison is the decision's own (`evpn/mac-claim.ts`), so the answer can not differ.
 */
import type { ImetRoute } from "../../evpn/imet-route.ts";
import { decidedBy, type MacClaim } from "../../evpn/mac-claim.ts";
import type { MacIpRoute } from "../../evpn/mac-ip-route.ts";
import { claimOf, type MacEntry, remoteClaims, whereabouts } from "../../mobility/mac-entry.ts";
import type { Filter } from "../protocol.ts";
import type { RouteRow } from "../rows.ts";
import type { Snapshot } from "../snapshot.ts";
import { type Batches, batchesOf, eachInPieces, sortInPieces } from "./batches.ts";
import { ipKey, vniKey } from "./order.ts";

/** A route, whose it is, and why it is not followed; `null`: it is. */
type Judged = { readonly origin: "local" | "remote"; readonly reason: string | null } & (
  | { readonly type: 2; readonly route: MacIpRoute }
  | { readonly type: 3; readonly route: ImetRoute }
);

export function* showRoutes(snapshot: Snapshot, filter: Filter): Batches<RouteRow> {
  const judged: Judged[] = [];
  const take = (route: Judged): void => {
    if (fits(filter, route)) judged.push(route);
  };
  // All at once, so that the answer is of one moment; what each amounts to may be seen later.
  const entries = [...snapshot.entries(filter.vni)];
  const own = [...snapshot.ownMacIpRoutes];

  for (const route of snapshot.ownImetRoutes) take(imet("local", route, null));
  for (const route of snapshot.floods) take(imet("remote", route, null));
  yield* eachInPieces(own, (route) => take(macIp("local", route, null)));
  yield* eachInPieces(entries, (entry) => judge(entry).forEach(take));
  yield* eachInPieces(snapshot.ignored, ({ kind, route, reason }) => {
    const words = reason.replaceAll("-", " ");
    take(kind === "imet" ? imet("remote", route, words) : macIp("remote", route, words));
  });
  yield* batchesOf(yield* sortInPieces(judged, keyOf), (route) => [routeRow(route)]);
}

type Origin = Judged["origin"];

function macIp(origin: Origin, route: MacIpRoute, reason: string | null): Judged {
  return { origin, reason, type: 2, route };
}

function imet(origin: Origin, route: ImetRoute, reason: string | null): Judged {
  return { origin, reason, type: 3, route };
}

/** What has become of the others' routes for this MAC, as far as they are taken in. */
function judge(entry: MacEntry): readonly Judged[] {
  const place = whereabouts(entry);
  if (place.kind === "nowhere") return [];
  const claims = remoteClaims(entry);
  return entry.remote.map((route) => {
    if (place.kind === "duplicate") return macIp("remote", route, "duplicate");
    // A VTEP is followed or not with all its routes, and its claim is the highest of them (C3.8).
    const claim = claims.get(route.nexthop) ?? claimOf(route);
    return macIp("remote", route, whyLost(claim, place.claim));
  });
}

/** What a VTEP's claim lacks against the winner's. */
function whyLost(claim: MacClaim, winner: MacClaim): string | null {
  switch (decidedBy(claim, winner)) {
    case "sticky":
      return "sticky elsewhere";
    case "sequence":
      return "lower sequence";
    case "vtep":
      return "higher vtep";
    case "same":
      return null;
  }
}

function fits(filter: Filter, judged: Judged): boolean {
  const { type, route } = judged;
  const { mac, ip } = hostOf(judged);
  return (
    (filter.where === undefined || filter.where === judged.origin) &&
    (filter.type === undefined || filter.type === type) &&
    (filter.vni === undefined || filter.vni === route.vni) &&
    (filter.mac === undefined || filter.mac === mac) &&
    (filter.ip === undefined || filter.ip === ip) &&
    (filter.vtep === undefined || filter.vtep === route.nexthop)
  );
}

function keyOf(judged: Judged): string {
  const { vni, rd, nexthop } = judged.route;
  const { mac, ip } = hostOf(judged);
  return `${vniKey(vni)}${judged.type}${mac ?? ""}|${ipKey(ip)}|${ipKey(nexthop)}|${rd}`;
}

/** The addresses that the route's key has: a Type 3 route's is its originator's. */
function hostOf(judged: Judged): Pick<MacIpRoute, "ip"> & { readonly mac: string | null } {
  return judged.type === 2
    ? { mac: judged.route.mac, ip: judged.route.ip }
    : { mac: null, ip: judged.route.originator };
}

function routeRow(judged: Judged): RouteRow {
  const { route, type, origin, reason } = judged;
  const { mac, ip } = hostOf(judged);
  return {
    type,
    routeDistinguisher: route.rd,
    ethernetTag: route.ethernetTag,
    mac,
    ip: ip ?? null,
    vni: route.vni,
    nexthop: route.nexthop,
    routeTargets: route.routeTargets,
    seq: judged.type === 2 ? (judged.route.mobility?.seq ?? null) : null,
    sticky: judged.type === 2 && judged.route.mobility?.sticky === true,
    esi: judged.type === 2 ? judged.route.esi : null,
    origin,
    selected: reason === null,
    reason,
  };
}
