/** MAC/IP advertisement routes: EVPN Type 2 (RFC 7432 §7.2, §9). */
import type { Brand } from "./brand.ts";
import type { Esi } from "./esi.ts";
import type { IpAddress } from "./ip.ts";
import type { MacAddress } from "./mac.ts";
import type { RouteDistinguisher } from "./route-distinguisher.ts";
import type { RouteTarget } from "./route-target.ts";
import type { Vni } from "./vni.ts";
import type { VtepAddress } from "./vtep.ts";

/** The MAC Mobility extended community (RFC 7432 §7.7). */
export interface MacMobility {
  readonly seq: number;
  readonly sticky: boolean;
}

export interface MacIpRoute {
  readonly rd: RouteDistinguisher;
  /** 0 for VLAN-based service, which is all that VXLAN with one VNI per broadcast domain needs. */
  readonly ethernetTag: number;
  readonly mac: MacAddress;
  /** `undefined` for a MAC-only route. */
  readonly ip: IpAddress | undefined;
  /** MPLS label 1, which carries the VNI as it is (RFC 8365 §5.1.3). */
  readonly vni: Vni;
  /** MPLS label 2: the VNI of the IP-VRF, for symmetric IRB (RFC 9135 §4.2). */
  readonly l3vni: Vni | undefined;
  readonly nexthop: VtepAddress;
  readonly routeTargets: readonly RouteTarget[];
  readonly mobility: MacMobility | undefined;
  readonly esi: Esi;
  /** The Default Gateway community (RFC 7432 §10.1): an address of a gateway, not of a host. */
  readonly defaultGateway: boolean;
}

/** Whether both are one route by what says which one it is, so that one takes the other's place. */
export function isSameRoute(a: MacIpRoute, b: MacIpRoute): boolean {
  return a.mac === b.mac && a.ip === b.ip && a.rd === b.rd && a.ethernetTag === b.ethernetTag;
}

/** The part of a route that says which one it is: label and ESI are not in it (RFC 7432 §7.2). */
export type MacIpRouteKey = Brand<string, "MacIpRouteKey">;

export function macIpRouteKey(route: MacIpRouteId): MacIpRouteKey {
  if (route !== lately.route) {
    lately.route = route;
    // Joined: see the keys in `rows.ts`.
    const key = [route.rd, route.ethernetTag, route.mac, route.ip ?? ""].join("|");
    lately.key = key as MacIpRouteKey;
  }
  return lately.key;
}

type MacIpRouteId = Pick<MacIpRoute, "rd" | "ethernetTag" | "mac" | "ip">;

/** Whoever reads a route asks for its key, and who keeps it asks again: then it is the same text. */
const lately: { route: MacIpRouteId | undefined; key: MacIpRouteKey } = {
  route: undefined,
  key: "" as MacIpRouteKey,
};
