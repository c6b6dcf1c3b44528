/**
 * What is known of one MAC in one MAC-VRF. The vocabulary of the decision; the deciding itself is
 * in `learn.ts`.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import { type MacClaim, outranks } from "../evpn/mac-claim.ts";
import type { MacIpRoute, MacIpRouteKey } from "../evpn/mac-ip-route.ts";
import type { PortName } from "../evpn/port.ts";
import type { Signal } from "../evpn/signal.ts";
import type { Vni } from "../evpn/vni.ts";
import type { VtepAddress } from "../evpn/vtep.ts";

/** Why we believe that the MAC holds this IP. */
export interface IpBinding {
  readonly signal: Signal | "remembered";
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Our own claim: exists exactly while the MAC is seen on a local port and no one outranks us. */
export interface LocalClaim {
  readonly port: PortName;
  readonly claim: MacClaim;
  readonly signal: Signal | "remembered";
  readonly ips: ReadonlyMap<IpAddress, IpBinding>;
  /** When the MAC was last seen here, milliseconds since the epoch. */
  readonly seenAt: number;
}

export interface MacEntry {
  readonly vni: Vni;
  readonly mac: MacAddress;
  readonly local: LocalClaim | undefined;
  /** The routes of the other VTEPs, as BGP last told them. */
  readonly remote: ReadonlyMap<MacIpRouteKey, MacIpRoute>;
  /** The highest sequence number ever seen or sent for this MAC; `undefined`: none. */
  readonly highestSeq: number | undefined;
  /** How often the MAC has changed its place, as seen from here. */
  readonly moves: number;
  /** When it came to where it is now, milliseconds since the epoch. */
  readonly since: number;
}

export type Whereabouts =
  | { readonly kind: "here"; readonly port: PortName; readonly claim: MacClaim }
  | { readonly kind: "there"; readonly claim: MacClaim }
  | { readonly kind: "duplicate"; readonly vteps: readonly VtepAddress[] }
  | { readonly kind: "nowhere" };

/** The claim that a VTEP's routes for this MAC amount to together: the highest (rule C3.8). */
export function remoteClaims(entry: Pick<MacEntry, "remote">): ReadonlyMap<VtepAddress, MacClaim> {
  const claims = new Map<VtepAddress, MacClaim>();
  for (const route of entry.remote.values()) {
    const claim = claimOf(route);
    const known = claims.get(claim.vtep);
    if (known === undefined || outranks(claim, known)) claims.set(claim.vtep, claim);
  }
  return claims;
}

/** What a route claims; one without the MAC Mobility community claims with 0 (RFC 7432 §15). */
export function claimOf(route: MacIpRoute): MacClaim {
  return {
    vtep: route.nexthop,
    seq: route.mobility?.seq ?? 0,
    sticky: route.mobility?.sticky ?? false,
  };
}

/** The claim no other outranks. */
export function bestClaim(claims: Iterable<MacClaim>): MacClaim | undefined {
  let best: MacClaim | undefined;
  for (const claim of claims) if (best === undefined || outranks(claim, best)) best = claim;
  return best;
}

export function whereabouts(entry: MacEntry): Whereabouts {
  if (entry.local !== undefined) {
    return { kind: "here", port: entry.local.port, claim: entry.local.claim };
  }
  const best = bestClaim(remoteClaims(entry).values());
  return best === undefined ? { kind: "nowhere" } : { kind: "there", claim: best };
}
