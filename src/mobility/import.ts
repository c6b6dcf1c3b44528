/**
 * Which routes of the RIB concern a MAC-VRF. GoBGP's table is unfiltered: every route that any leaf
 * sends stands in it.
 */
import type { ImetRoute } from "../evpn/imet-route.ts";
import { refuseHostMac } from "../evpn/mac.ts";
import type { MacIpRoute } from "../evpn/mac-ip-route.ts";
import type { MacVrf } from "../evpn/mac-vrf.ts";
import { imports } from "../evpn/route-target.ts";
import type { RouteIgnored } from "./notice.ts";

/** Why the route says nothing to this MAC-VRF; `undefined` where it does. */
export function ignoredBecause(
  route: MacIpRoute | ImetRoute,
  vrf: MacVrf,
): RouteIgnored | undefined {
  // C1.22: without a route target of ours it never influences anything.
  if (!imports(vrf.imports, route.routeTargets)) return "no-matching-route-target";
  // C1.20: another Ethernet tag is another broadcast domain.
  if (route.ethernetTag !== 0) return "ethernet-tag";
  // C1.28, C5.5: our own route come back must never be a rival, or we would outbid ourselves.
  if (route.rd === vrf.rd) return "own-route-distinguisher";
  if (route.nexthop === vrf.segment.vtep) return "own-nexthop";
  return "mac" in route ? hostIgnoredBecause(route, vrf) : undefined;
}

function hostIgnoredBecause(route: MacIpRoute, vrf: MacVrf): RouteIgnored | undefined {
  const refused = refuseHostMac(route.mac);
  if (refused !== undefined) return refused;
  // C1.24: an address of the leaf itself; of a gateway that is the same at every leaf it is normal.
  if (!vrf.segment.ownMacs.includes(route.mac)) return undefined;
  return route.defaultGateway ? "default-gateway" : "own-mac";
}
