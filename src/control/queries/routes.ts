/**
 * `show routes`: the EVPN routes of both hands, which of them are followed, and why the others are
 * not. The comparison is the decision's own (`mobility/contest.ts`), so the answer can not differ.
 */
import { type ImetRoute, type ImetRouteKey, imetRouteKey } from "../../evpn/imet-route.ts";
import type { DecidedBy } from "../../evpn/mac-claim.ts";
import { type MacIpRoute, type MacIpRouteKey, macIpRouteKey } from "../../evpn/mac-ip-route.ts";
import type { PortName } from "../../evpn/port.ts";
import { contest, type Outcome } from "../../mobility/contest.ts";
import type { MacEntry } from "../../mobility/mac-entry.ts";
import type { Filter } from "../protocol.ts";
import type { PathRow, RouteRow } from "../rows.ts";
import type { PathView, Snapshot } from "../snapshot.ts";
import { type Batches, batchesOf, eachInPieces, inOrderOfKeys } from "./batches.ts";
import { ipKey, vniKey } from "./order.ts";

/** A route, whose it is, and why it is not followed; `null`: it is. */
type Judged = { readonly origin: "local" | "remote"; readonly reason: string | null } & (
  | { readonly type: 2; readonly route: MacIpRoute }
  | { readonly type: 3; readonly route: ImetRoute }
);

export function* showRoutes(snapshot: Snapshot, filter: Filter): Batches<RouteRow> {
  const judged: Judged[] = [];
  const isAsked = asked(snapshot, filter);
  const take = (route: Judged): void => {
    if (isAsked(route)) judged.push(route);
  };
  // All at once, so that the answer is of one moment; what each amounts to may be seen later.
  const entries = snapshot.entries(filter.vni);
  const own = [...snapshot.ownMacIpRoutes];

  for (const route of snapshot.ownImetRoutes) take(imet("local", route, null));
  for (const route of snapshot.floods) take(imet("remote", route, null));
  yield* eachInPieces(own, (route) => take(macIp("local", route, null)));
  yield* eachInPieces(entries, (entry) => judge(entry).forEach(take));
  yield* eachInPieces(snapshot.ignored, ({ kind, route, reason }) => {
    const words = reason.replaceAll("-", " ");
    take(kind === "imet" ? imet("remote", route, words) : macIp("remote", route, words));
  });
  yield* batchesOf(yield* inOrderOfKeys(judged, keyOf), (route) => [routeRow(route, snapshot)]);
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
  // A VTEP is followed or not with all its routes, and its claim is the highest of them (C3.8).
  return contest(entry).flatMap(({ routes, outcome }) => {
    const reason = reasonOf(outcome);
    return routes.map((route) => macIp("remote", route, reason));
  });
}

const LOST: Readonly<Record<DecidedBy, string | null>> = {
  sticky: "sticky elsewhere",
  sequence: "lower sequence",
  vtep: "higher vtep",
  same: null,
};

function reasonOf(outcome: Outcome): string | null {
  switch (outcome.kind) {
    case "won":
      return null;
    case "lost":
      return LOST[outcome.by];
    case "held":
    case "frozen":
      return "duplicate";
    case "no-rival":
      return "default gateway";
  }
}

/** Whether a route is asked for. */
function asked(snapshot: Snapshot, filter: Filter): (judged: Judged) => boolean {
  const ports = filter.port === undefined ? undefined : macsBehind(snapshot, filter.port);
  return (judged) =>
    fits(filter, judged) &&
    fitsAge(filter, judged, snapshot) &&
    (ports === undefined || (judged.type === 2 && ports.has(hostKey(judged.route))));
}

function macsBehind(snapshot: Snapshot, port: PortName): ReadonlySet<string> {
  const macs = new Set<string>();
  for (const entry of snapshot.entries()) {
    if (entry.local?.port === port) macs.add(hostKey(entry));
  }
  return macs;
}

function hostKey({ vni, mac }: Pick<MacIpRoute, "vni" | "mac">): string {
  return `${vni}|${mac}`;
}

function fits(filter: Filter, judged: Judged): boolean {
  const { type, route } = judged;
  const { mac, ip } = hostOf(judged);
  const mobility = judged.type === 2 ? judged.route.mobility : undefined;
  return (
    (filter.where === undefined || filter.where === judged.origin) &&
    (filter.type === undefined || filter.type === type) &&
    (filter.vni === undefined || filter.vni === route.vni) &&
    (filter.mac === undefined || filter.mac === mac) &&
    (filter.ip === undefined || filter.ip === ip) &&
    (filter.vtep === undefined || filter.vtep === route.nexthop) &&
    (filter.nexthop === undefined || filter.nexthop === route.nexthop) &&
    (filter.rd === undefined || filter.rd === route.rd) &&
    (filter.seq === undefined || (type === 2 && filter.seq === (mobility?.seq ?? 0))) &&
    (filter.sticky === undefined || mobility?.sticky === true)
  );
}

/** A route of which nobody knows since when it stands is neither old nor new. */
function fitsAge({ older, newer }: Filter, judged: Judged, { now, since }: Snapshot): boolean {
  if (older === undefined && newer === undefined) return true;
  const at = since(routeKeyOf(judged));
  if (at === undefined) return false;
  const seconds = (now - at) / 1000;
  return (older === undefined || seconds >= older) && (newer === undefined || seconds <= newer);
}

function routeKeyOf(judged: Judged): MacIpRouteKey | ImetRouteKey {
  return judged.type === 2 ? macIpRouteKey(judged.route) : imetRouteKey(judged.route);
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

function routeRow(judged: Judged, { since, paths }: Snapshot): RouteRow {
  const { route, type, origin, reason } = judged;
  const { mac, ip } = hostOf(judged);
  const key = routeKeyOf(judged);
  const ofHost = judged.type === 2 ? judged.route : undefined;
  return {
    type,
    routeDistinguisher: route.rd,
    ethernetTag: route.ethernetTag,
    mac,
    ip: ip ?? null,
    vni: route.vni,
    nexthop: route.nexthop,
    routeTargets: route.routeTargets,
    seq: ofHost?.mobility?.seq ?? null,
    sticky: ofHost?.mobility?.sticky === true,
    esi: ofHost?.esi ?? null,
    origin,
    selected: reason === null,
    reason,
    l3vni: ofHost?.l3vni ?? null,
    defaultGateway: ofHost?.defaultGateway === true,
    since: timeText(since(key)),
    ...(paths === undefined ? {} : { paths: (paths.get(key) ?? []).map(pathRow) }),
  };
}

function pathRow(path: PathView): PathRow {
  return {
    neighbor: path.neighbor ?? null,
    best: path.best,
    since: timeText(path.since === undefined ? undefined : path.since * 1000),
    attributes: path.attributes(),
  };
}

function timeText(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
