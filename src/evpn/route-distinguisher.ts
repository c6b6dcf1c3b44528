/** Route distinguishers (RFC 4364 §4.2): what makes one VTEP's routes distinct from another's. */
import type { Brand } from "./brand.ts";
import type { IpAddress } from "./ip.ts";
import { formatNumberedBy, type NumberedBy, parseNumberedBy } from "./numbered-by.ts";
import { ok, type Result } from "./result.ts";

/** Canonical text; part of every route's key. */
export type RouteDistinguisher = Brand<string, "RouteDistinguisher">;

export function parseRouteDistinguisher(text: string): Result<RouteDistinguisher> {
  const parsed = parseNumberedBy(text, "route distinguisher");
  return parsed.ok ? ok(routeDistinguisher(parsed.value)) : parsed;
}

export function routeDistinguisher(parts: NumberedBy): RouteDistinguisher {
  return formatNumberedBy(parts) as RouteDistinguisher;
}

/** The parts of a route distinguisher that has been made here, hence is well formed. */
export function routeDistinguisherParts(rd: RouteDistinguisher): NumberedBy {
  const parsed = parseNumberedBy(rd, "route distinguisher");
  if (!parsed.ok) throw new TypeError(parsed.error);
  return parsed.value;
}

/** `router-id:number`, the form FRR and roamd use unless told otherwise. */
export function automaticRouteDistinguisher(
  routerId: IpAddress,
  number: number,
): RouteDistinguisher {
  return routeDistinguisher({ kind: "ipv4", admin: routerId, number });
}
