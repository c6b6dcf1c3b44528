/**
 * The other leaves' routes as BGP tells them, whether they concern us or not: a route may come
 * before the segment that it concerns. Which of them a domain takes in is decided here, anew
 * whenever the MAC-VRF changes.
 */
import { type ImetRoute, type ImetRouteKey, imetRouteKey } from "../evpn/imet-route.ts";
import { type MacIpRoute, type MacIpRouteKey, macIpRouteKey } from "../evpn/mac-ip-route.ts";
import { floodKey } from "../evpn/rows.ts";
import type { Domain } from "./domain.ts";
import { hostClaimed, hostUnclaimed, type Scene } from "./hosts.ts";
import { ignoredBecause } from "./import.ts";
import type { RouteIgnored } from "./notice.ts";
import type { Outbox } from "./outbox.ts";

export class Rib {
  readonly macIp: Map<MacIpRouteKey, MacIpRoute> = new Map();
  readonly imet: Map<ImetRouteKey, ImetRoute> = new Map();
}

/** Takes the route into the domain, or out of it where it no longer concerns the domain. */
export function importMacIp(scene: Scene, route: MacIpRoute): void {
  const { domain, outbox } = scene;
  if (domain.vrf === undefined) return;
  const reason = ignoredBecause(route, domain.vrf);
  if (reason === undefined) {
    hostClaimed(scene, route);
    return;
  }
  tellIgnored(outbox, route, reason);
  hostUnclaimed(scene, route);
}

export function importImet({ domain, outbox }: Scene, route: ImetRoute): void {
  if (domain.vrf === undefined) return;
  const reason = ignoredBecause(route, domain.vrf);
  if (reason === undefined) {
    flood({ domain, outbox }, route);
    return;
  }
  tellIgnored(outbox, route, reason);
  unflood({ domain, outbox }, route);
}

function tellIgnored(outbox: Outbox, route: MacIpRoute | ImetRoute, reason: RouteIgnored): void {
  outbox.tell({ kind: "route-ignored", reason });
  if (reason === "own-route-distinguisher" || reason === "own-nexthop") {
    outbox.tell({ kind: "own-route-reflected", rd: route.rd, vtep: route.nexthop });
  }
  if (reason === "own-mac" && "mac" in route) {
    const { vni, mac, nexthop } = route;
    outbox.tell({ kind: "own-mac-claimed", vni, mac, vtep: nexthop });
  }
}

type Floods = Pick<Scene, "domain" | "outbox">;

function flood({ domain, outbox }: Floods, route: ImetRoute): void {
  const key = imetRouteKey(route);
  const before = domain.floods.get(key);
  if (before?.tunnel === route.tunnel) {
    domain.floods.set(key, route);
    return;
  }
  if (before !== undefined) unflood({ domain, outbox }, before);
  const isNew = !floodsTo(domain, route);
  domain.floods.set(key, route);
  if (!isNew) return;
  const row = { vni: domain.vni, vtep: route.tunnel };
  outbox.want({ table: "flood", key: floodKey(row), row });
}

export function unflood({ domain, outbox }: Floods, route: ImetRoute): void {
  const before = domain.floods.get(imetRouteKey(route));
  if (before === undefined) return;
  domain.floods.delete(imetRouteKey(route));
  if (floodsTo(domain, before)) return;
  const key = floodKey({ vni: domain.vni, vtep: before.tunnel });
  outbox.want({ table: "flood", key, row: undefined });
}

/** Whether some route already asks for copies to this tunnel. */
function floodsTo(domain: Domain, { tunnel }: ImetRoute): boolean {
  for (const route of domain.floods.values()) if (route.tunnel === tunnel) return true;
  return false;
}

/** Goes through the whole RIB again for a domain whose MAC-VRF is new or has changed. */
export function reimport(scene: Scene, rib: Rib): void {
  const { domain } = scene;
  for (const route of rib.macIp.values()) {
    if (route.vni === domain.vni && !isKnown(domain, route)) importMacIp(scene, route);
  }
  for (const route of rib.imet.values()) if (route.vni === domain.vni) importImet(scene, route);
}

/** Taken in as it is, and still to be. */
function isKnown(domain: Domain, route: MacIpRoute): boolean {
  if (domain.entry(route.mac)?.remote.get(macIpRouteKey(route)) !== route) return false;
  return domain.vrf !== undefined && ignoredBecause(route, domain.vrf) === undefined;
}
