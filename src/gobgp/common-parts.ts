/**
 * What thousands of routes have in common, kept once: all of a leaf's have its route distinguisher and
 * next hop, all of a segment's its route targets, and nearly all no Ethernet segment. Each comes as a
 * text of its own from every message.
 */
import type { Esi } from "../evpn/esi.ts";
import type { MacIpRoute } from "../evpn/mac-ip-route.ts";
import type { RouteDistinguisher } from "../evpn/route-distinguisher.ts";
import type { RouteTarget } from "../evpn/route-target.ts";
import type { VtepAddress } from "../evpn/vtep.ts";

/** More than leaves times segments are in one fabric; beyond, it begins anew. */
const KEPT_MAX = 10_000;

export class CommonParts {
  readonly #rds = new Map<RouteDistinguisher, RouteDistinguisher>();
  readonly #nexthops = new Map<VtepAddress, VtepAddress>();
  readonly #esis = new Map<Esi, Esi>();
  readonly #targets = new Map<string, readonly RouteTarget[]>();

  /** The same route, with the parts that others have as well. */
  ofMacIp(route: MacIpRoute): MacIpRoute {
    const { routeTargets } = route;
    return {
      rd: kept(this.#rds, route.rd, route.rd),
      ethernetTag: route.ethernetTag,
      mac: route.mac,
      ip: route.ip,
      vni: route.vni,
      l3vni: route.l3vni,
      nexthop: kept(this.#nexthops, route.nexthop, route.nexthop),
      routeTargets: kept(this.#targets, routeTargets.join(" "), routeTargets),
      mobility: route.mobility,
      esi: kept(this.#esis, route.esi, route.esi),
      defaultGateway: route.defaultGateway,
    };
  }
}

function kept<Key, Value>(known: Map<Key, Value>, key: Key, value: Value): Value {
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= KEPT_MAX) known.clear();
  known.set(key, value);
  return value;
}
