/** Route targets (RFC 4360 §4) and which of them a MAC-VRF takes in. */
import type { Brand } from "./brand.ts";
import { formatNumberedBy, type NumberedBy, parseNumberedBy } from "./numbered-by.ts";
import { ok, type Result } from "./result.ts";
import type { Vni } from "./vni.ts";

/** Canonical text. */
export type RouteTarget = Brand<string, "RouteTarget">;

export function parseRouteTarget(text: string): Result<RouteTarget> {
  const parsed = parseNumberedBy(text, "route target");
  return parsed.ok ? ok(routeTarget(parsed.value)) : parsed;
}

export function routeTarget(parts: NumberedBy): RouteTarget {
  return formatNumberedBy(parts) as RouteTarget;
}

/** The parts of a route target that has been made here, hence is well formed. */
export function routeTargetParts(rt: RouteTarget): NumberedBy {
  const parsed = parseNumberedBy(rt, "route target");
  if (!parsed.ok) throw new TypeError(parsed.error);
  return parsed.value;
}

/** `(asn & 0xffff):vni`, as FRR derives it even where the AS number has four bytes. */
export function automaticRouteTarget(asn: number, vni: Vni): RouteTarget {
  return routeTarget({ kind: "as2", admin: asn & 0xffff, number: vni });
}

/**
 * What a MAC-VRF takes in. `automatic` is FRR's rule, measured: only the number is compared, so
 * that leaves of different AS numbers understand each other; RFC 8365 §5.1.2.1's form
 * (`1 << 28 | vni`) is taken as well.
 */
export type ImportRule =
  | { readonly kind: "automatic"; readonly vni: Vni }
  | { readonly kind: "listed"; readonly targets: readonly RouteTarget[] };

export function imports(rule: ImportRule, targets: readonly RouteTarget[]): boolean {
  switch (rule.kind) {
    case "listed":
      return targets.some((target) => rule.targets.includes(target));
    case "automatic":
      return targets.some((target) => {
        const number = Number(target.slice(target.lastIndexOf(":") + 1));
        return number === rule.vni || number === 0x1000_0000 + rule.vni;
      });
  }
}
