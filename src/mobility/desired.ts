/** What should stand outside, given what is known. Depends on the state alone, never on the path. */
import { ZERO_ESI } from "../evpn/esi.ts";
import { type ImetRoute, imetRouteKey } from "../evpn/imet-route.ts";
import { type IpAddress, isIpv6 } from "../evpn/ip.ts";
import { type MacClaim, outranks } from "../evpn/mac-claim.ts";
import { type MacIpRoute, macIpRouteKey } from "../evpn/mac-ip-route.ts";
import type { MacVrf } from "../evpn/mac-vrf.ts";
import { fdbKey, type NeighbourRow, type RowAt } from "../evpn/rows.ts";
import {
  claimOf,
  type LocalClaim,
  type MacEntry,
  ownerElsewhere,
  tellerOfIps,
} from "./mac-entry.ts";

export interface Advertising {
  readonly vrf: MacVrf;
  /** IPs that are at several hosts at once: nobody is told that they are anywhere (C3.11). */
  readonly frozenIps: ReadonlySet<IpAddress>;
}

/** The rows that one MAC gives rise to, neighbours aside: those depend on other MACs as well. */
export function rowsOf(entry: MacEntry, { vrf, frozenIps }: Advertising): RowAt[] {
  const { vni, mac, local } = entry;
  if (local !== undefined) {
    const rows = [rowOfRoute(ownRoute(entry, { ip: undefined, local, vrf }))];
    for (const ip of local.ips.keys()) {
      if (!frozenIps.has(ip)) rows.push(rowOfRoute(ownRoute(entry, { ip, local, vrf })));
    }
    return rows;
  }
  const owner = ownerElsewhere(entry);
  if (owner === undefined) return [];
  // C2.12, C2.3: whatever is seen here, the MAC stays there; the kernel is not to think otherwise.
  const pinned = owner.sticky || entry.frozen !== undefined;
  return [{ table: "fdb", key: fdbKey(entry), row: { vni, mac, vtep: owner.vtep, pinned } }];
}

function rowOfRoute(row: MacIpRoute): RowAt {
  return { table: "mac-ip-route", key: macIpRouteKey(row), row };
}

function ownRoute(
  { vni, mac }: MacEntry,
  { ip, local, vrf }: { ip: IpAddress | undefined; local: LocalClaim; vrf: MacVrf },
): MacIpRoute {
  const { seq, sticky } = local.claim;
  return {
    rd: vrf.rd,
    ethernetTag: 0,
    mac,
    ip,
    vni,
    l3vni: undefined,
    nexthop: vrf.segment.vtep,
    routeTargets: vrf.exports,
    // C1.1: a MAC that has never moved is advertised without the community.
    mobility: seq === 0 && !sticky ? undefined : { seq, sticky },
    esi: ZERO_ESI,
    defaultGateway: false,
  };
}

/**
 * Who answers to an IP that is elsewhere: the MAC with the best claim among those that other VTEPs
 * give it to. None where a host on a port of ours has the IP: it answers for itself.
 */
export function neighbourOf(
  ip: IpAddress,
  { vrf, frozenIps, holders }: Advertising & { readonly holders: Iterable<MacEntry> },
): NeighbourRow | undefined {
  if (frozenIps.has(ip)) return undefined;
  let best: { entry: MacEntry; claim: MacClaim } | undefined;
  for (const entry of holders) {
    if (entry.local?.ips.has(ip) === true) return undefined;
    const claim = remoteClaimTo(ip, entry);
    if (claim !== undefined && (best === undefined || beats(claim, entry, best))) {
      best = { entry, claim };
    }
  }
  if (best === undefined) return undefined;
  const { mac, router } = best.entry;
  const { vni } = vrf.segment;
  return router !== undefined && isIpv6(ip) ? { vni, ip, mac, router } : { vni, ip, mac };
}

function beats(
  claim: MacClaim,
  entry: MacEntry,
  best: { readonly entry: MacEntry; readonly claim: MacClaim },
): boolean {
  if (outranks(claim, best.claim)) return true;
  // The same VTEP gives the IP to two MACs with one number: any order will do that all share.
  return !outranks(best.claim, claim) && entry.mac < best.entry.mac;
}

/**
 * The claim with which the MAC's owner, and nobody but its owner, gives it this IP. One that it has
 * taken over (`tellerOfIps`) has the number it was told with: the owner's own says nothing of the IP.
 */
export function remoteClaimTo(ip: IpAddress, entry: MacEntry): MacClaim | undefined {
  const owner = ownerElsewhere(entry);
  if (owner === undefined) return undefined;
  const teller = tellerOfIps(entry, owner.vtep);
  for (const route of entry.remote) {
    if (route.ip !== ip || route.nexthop !== teller) continue;
    const { seq, sticky } = claimOf(route);
    return { vtep: owner.vtep, seq, sticky };
  }
  return undefined;
}

/** What is to be outbid for this IP; a frozen MAC's routes too, for the other leaves follow them. */
export function highestClaimTo(ip: IpAddress, others: readonly MacEntry[]): number {
  const claims = others.flatMap((other) => {
    if (other.frozen !== undefined) {
      return other.remote.filter((route) => route.ip === ip).map(claimOf);
    }
    const claim = remoteClaimTo(ip, other);
    // An IP that the MAC's owner has taken over it tells with the MAC's number in a moment.
    return claim === undefined ? [] : [claim, ownerElsewhere(other) ?? claim];
  });
  return Math.max(-1, ...claims.map(({ seq }) => seq));
}

/** That we want frames flooded to us (RFC 7432 §11, RFC 8365 §9). */
export function ownImetRow({ segment, rd, exports }: MacVrf): RowAt {
  const row: ImetRoute = {
    rd,
    ethernetTag: 0,
    originator: segment.vtep,
    vni: segment.vni,
    tunnel: segment.vtep,
    nexthop: segment.vtep,
    routeTargets: exports,
  };
  return { table: "imet-route", key: imetRouteKey(row), row };
}
