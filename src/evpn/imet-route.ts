/** Inclusive Multicast Ethernet Tag routes: EVPN Type 3 (RFC 7432 §7.3): who wants flooded frames. */
import type { Brand } from "./brand.ts";
import type { RouteDistinguisher } from "./route-distinguisher.ts";
import type { RouteTarget } from "./route-target.ts";
import type { Vni } from "./vni.ts";
import type { VtepAddress } from "./vtep.ts";

export interface ImetRoute {
  readonly rd: RouteDistinguisher;
  readonly ethernetTag: number;
  /** The originating router's address, which for VXLAN is the VTEP. */
  readonly originator: VtepAddress;
  /** The label of the PMSI tunnel attribute, which carries the VNI (RFC 8365 §5.1.3). */
  readonly vni: Vni;
  /** The tunnel identifier: where to send copies by ingress replication. */
  readonly tunnel: VtepAddress;
  readonly nexthop: VtepAddress;
  readonly routeTargets: readonly RouteTarget[];
}

export type ImetRouteKey = Brand<string, "ImetRouteKey">;

export function imetRouteKey(
  route: Pick<ImetRoute, "rd" | "ethernetTag" | "originator">,
): ImetRouteKey {
  return `${route.rd}|${route.ethernetTag}|${route.originator}` as ImetRouteKey;
}
