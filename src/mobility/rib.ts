/**
 * The other leaves' routes as BGP tells them, whether they concern us or not: a route may come
 * before the segment that it concerns. Which of them a domain takes in is decided here, anew
 * whenever the MAC-VRF changes.
 */
import { type ImetRoute, type ImetRouteKey, imetRouteKey } from "../evpn/imet-route.ts";
import { type MacIpRoute, type MacIpRouteKey, macIpRouteKey } from "../evpn/mac-ip-route.ts";
import { floodKey } from "../evpn/rows.ts";
import type { Vni } from "../evpn/vni.ts";
import type { Scene } from "./commit.ts";
import type { Domain } from "./domain.ts";
import { hostClaimed, hostUnclaimed } from "./hosts.ts";
import { ignoredBecause } from "./import.ts";
import type { RouteIgnored } from "./notice.ts";
import type { Observation } from "./observation.ts";
import type { Outbox } from "./outbox.ts";

/** Where the news of a route is acted upon: in the domain of its VNI, if there is one. */
export interface Stage {
  readonly sceneOf: (vni: Vni, at: number) => Scene | undefined;
  /** Not before: until then, segments are still being told. */
  readonly isStartOver: () => boolean;
  readonly outbox: Outbox;
}

type RouteNews = Extract<
  Observation,
  { kind: "claimed" | "unclaimed" | "flood-claimed" | "flood-unclaimed" }
>;

export class Rib {
  readonly #macIp = new Map<MacIpRouteKey, MacIpRoute>();
  readonly #imet = new Map<ImetRouteKey, ImetRoute>();
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get macIp(): ReadonlyMap<MacIpRouteKey, MacIpRoute> {
    return this.#macIp;
  }

  get imet(): ReadonlyMap<ImetRouteKey, ImetRoute> {
    return this.#imet;
  }

  take(news: RouteNews, at: number): void {
    switch (news.kind) {
      case "claimed":
        this.#claimed(news.route, at);
        break;
      case "unclaimed":
        this.#unclaimed(news.key, at);
        break;
      case "flood-claimed":
        this.#floodClaimed(news.route, at);
        break;
      case "flood-unclaimed":
        this.#floodUnclaimed(news.key, at);
        break;
    }
  }

  /** The start is over: tells of the routes of segments that have not turned up. */
  tellUnknown(at: number): void {
    const { sceneOf, outbox } = this.#stage;
    for (const routes of [this.#macIp, this.#imet]) {
      for (const { vni } of routes.values())
        if (sceneOf(vni, at) === undefined) tellUnknown(outbox);
    }
  }

  #claimed(route: MacIpRoute, at: number): void {
    const { sceneOf, outbox, isStartOver } = this.#stage;
    const key = macIpRouteKey(route);
    const before = this.#macIp.get(key);
    this.#macIp.set(key, route);
    if (before !== undefined && before.vni !== route.vni)
      withdrawMacIp(sceneOf(before.vni, at), before);
    const scene = sceneOf(route.vni, at);
    if (scene !== undefined) importMacIp(scene, route);
    else if (isStartOver()) tellUnknown(outbox);
  }

  #unclaimed(key: MacIpRouteKey, at: number): void {
    const route = this.#macIp.get(key);
    if (route === undefined) return;
    this.#macIp.delete(key);
    withdrawMacIp(this.#stage.sceneOf(route.vni, at), route);
  }

  #floodClaimed(route: ImetRoute, at: number): void {
    const { sceneOf, outbox, isStartOver } = this.#stage;
    const key = imetRouteKey(route);
    const before = this.#imet.get(key);
    this.#imet.set(key, route);
    if (before !== undefined && before.vni !== route.vni)
      withdrawImet(sceneOf(before.vni, at), before);
    const scene = sceneOf(route.vni, at);
    if (scene !== undefined) importImet(scene, route);
    else if (isStartOver()) tellUnknown(outbox);
  }

  #floodUnclaimed(key: ImetRouteKey, at: number): void {
    const route = this.#imet.get(key);
    if (route === undefined) return;
    this.#imet.delete(key);
    withdrawImet(this.#stage.sceneOf(route.vni, at), route);
  }
}

function withdrawMacIp(scene: Scene | undefined, route: MacIpRoute): void {
  if (scene !== undefined) hostUnclaimed(scene, route);
}

function withdrawImet(scene: Scene | undefined, route: ImetRoute): void {
  if (scene !== undefined) unflood(scene, route);
}

/** Takes the route into the domain, or out of it where it no longer concerns the domain. */
function importMacIp(scene: Scene, route: MacIpRoute): void {
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

function importImet({ domain, outbox }: Scene, route: ImetRoute): void {
  if (domain.vrf === undefined) return;
  const reason = ignoredBecause(route, domain.vrf);
  if (reason === undefined) {
    flood({ domain, outbox }, route);
    return;
  }
  tellIgnored(outbox, route, reason);
  unflood({ domain, outbox }, route);
}

function tellUnknown(outbox: Outbox): void {
  outbox.tell({ kind: "route-ignored", reason: "unknown-segment" });
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

function unflood({ domain, outbox }: Floods, route: ImetRoute): void {
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
export function reimport(scene: Scene, rib: Pick<Rib, "macIp" | "imet">): void {
  const { domain } = scene;
  for (const route of rib.macIp.values()) {
    if (route.vni === domain.vni && !isKnown(domain, route)) importMacIp(scene, route);
  }
  for (const route of rib.imet.values()) if (route.vni === domain.vni) importImet(scene, route);
}

/** Taken in as it is, and still to be. */
function isKnown(domain: Domain, route: MacIpRoute): boolean {
  if (domain.entry(route.mac)?.remote.includes(route) !== true) return false;
  return domain.vrf !== undefined && ignoredBecause(route, domain.vrf) === undefined;
}
