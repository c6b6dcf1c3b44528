/**
 * `show routes`: the EVPN routes of both hands, which of them are followed, and why the others are
 * not. The comparison is the decision's own (`evpn/mac-claim.ts`), so the answer can not differ.
 */
import type { ImetRoute } from "../../evpn/imet-route.ts";
import { decidedBy, type MacClaim } from "../../evpn/mac-claim.ts";
import type { MacIpRoute } from "../../evpn/mac-ip-route.ts";
import { type MacEntry, remoteClaims, whereabouts } from "../../mobility/mac-entry.ts";
import type { Filter, RouteRow } from "../protocol.ts";
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
  if (filter.where !== "local") {
    const entries = [...snapshot.entries(filter.vni)];
    for (const { kind, route, reason } of snapshot.ignored) {
      const words = reason.replaceAll("-", " ");
      if (kind === "mac-ip") take({ origin: "remote", reason: words, type: 2, route });
      else take({ origin: "remote", reason: words, type: 3, route });
    }
    for (const route of snapshot.floods) take({ origin: "remote", reason: null, type: 3, route });
    if (filter.type !== 3) yield* eachInPieces(entries, (entry) => judge(entry).forEach(take));
  }
  if (filter.where !== "remote") {
    const own = [...snapshot.ownMacIpRoutes];
    for (const route of snapshot.ownImetRoutes) {
      take({ origin: "local", reason: null, type: 3, route });
    }
    yield* eachInPieces(own, (route) => take({ origin: "local", reason: null, type: 2, route }));
  }
  yield* batchesOf(yield* sortInPieces(judged, keyOf), (route) => [routeRow(route)]);
}

/** What has become of the others' routes for this MAC. */
function judge(entry: MacEntry): readonly Judged[] {
  const place = whereabouts(entry);
  const claims = remoteClaims(entry);
  return [...entry.remote.values()].map((route) => {
    const claim = claims.get(route.nexthop);
    const reason =
      place.kind === "duplicate"
        ? "duplicate"
        : place.kind === "nowhere" || claim === undefined
          ? "not taken in"
          : whyLost(claim, place.claim);
    return { origin: "remote", reason, type: 2, route };
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
