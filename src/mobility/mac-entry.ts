/**
 * What is known of one MAC in one MAC-VRF: the vocabulary of the decision. The deciding itself is
 * in `learn.ts`.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import { type MacClaim, outranks } from "../evpn/mac-claim.ts";
import type { MacIpRoute } from "../evpn/mac-ip-route.ts";
import type { PortName } from "../evpn/port.ts";
import type { Signal } from "../evpn/signal.ts";
import type { Vni } from "../evpn/vni.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import { type Duplicate, type MoveTimes, NO_MOVES } from "./duplicates.ts";

/** How we came to know something of a host: it was seen, or a route in the RIB has told so. */
export type LearnedFrom = Signal | "rib";

/** Why we believe that the MAC holds this IP. */
export interface IpBinding {
  readonly learnedFrom: LearnedFrom;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** The host has answered a question about it: then silence about it means something. */
  readonly answers: boolean;
}

/** Our own claim: exists exactly while the MAC is seen on a local port and no one outranks us. */
export interface LocalClaim {
  readonly port: PortName;
  readonly claim: MacClaim;
  readonly learnedFrom: LearnedFrom;
  readonly ips: ReadonlyMap<IpAddress, IpBinding>;
  /** When the MAC was last seen here, milliseconds since the epoch. */
  readonly seenAt: number;
  /** It has answered a question of ours: then its silence means something. */
  readonly answers: boolean;
}

/** A host on a local port, as it has shown itself. */
export interface Seen {
  readonly port: PortName;
  readonly ip: IpAddress | undefined;
  readonly learnedFrom: LearnedFrom;
  readonly at: number;
  /** It answers a question of ours. */
  readonly isAnswer: boolean;
}

/** What a frozen MAC is held at, and what has come since that was not acted upon. */
export interface Frozen {
  readonly held: MacClaim;
  /** The last sign of it on a port of ours, unless another VTEP has outbid `held` since. */
  readonly waiting: Seen | undefined;
}

export interface MacEntry {
  readonly vni: Vni;
  readonly mac: MacAddress;
  readonly local: LocalClaim | undefined;
  /** The routes of the other VTEPs, as BGP last told them. */
  readonly remote: readonly MacIpRoute[];
  /**
   * What outlives the claims, so that sequence numbers never fall: the highest number we have sent
   * (-1: none) and the highest we have heard from others (-1: none).
   */
  readonly sentSeq: number;
  readonly heardSeq: number;
  /** The IPs of our own routes that a former life of ours has left in the RIB. */
  readonly remembered: readonly IpAddress[];
  /** Their number; -1: a former life has left none, or the start is over. */
  readonly rememberedSeq: number;
  /** When it last moved to us from another VTEP (RFC 7432 §15.1). */
  readonly moveTimes: MoveTimes;
  /** That it has moved too often. */
  readonly duplicate: Duplicate | undefined;
  /** There while the duplicate is frozen: neither claims nor routes count. */
  readonly frozen: Frozen | undefined;
  /**
   * The port it was behind when another VTEP took it: for a moment it is asked there whether it is
   * there still, and what comes late from there does not take it back.
   */
  readonly check: PortName | undefined;
  /** Whether it is a router; `undefined`: nobody has said. */
  readonly router?: boolean;
  /** How often the MAC has changed its place, as seen from here. */
  readonly moves: number;
  /** When it came to where it is now, milliseconds since the epoch. */
  readonly since: number;
}

const NO_ROUTES: readonly MacIpRoute[] = [];
const NO_IPS: readonly IpAddress[] = [];

/** A MAC of which nothing is known yet. */
export function newEntry({ vni, mac }: Pick<MacEntry, "vni" | "mac">, at: number): MacEntry {
  // Field by field: an object that begins with a spread has a shape of its own in V8 (Node 20).
  return {
    vni,
    mac,
    local: undefined,
    remote: NO_ROUTES,
    sentSeq: -1,
    heardSeq: -1,
    remembered: NO_IPS,
    rememberedSeq: -1,
    moveTimes: NO_MOVES,
    duplicate: undefined,
    frozen: undefined,
    check: undefined,
    moves: 0,
    since: at,
  };
}

/** The host is still where it was: nothing but the time is another. */
export function seenStill(entry: MacEntry, local: LocalClaim, at: number): MacEntry {
  const { port, claim, learnedFrom, ips, answers } = local;
  const still = copyOf(entry);
  still.local = { port, claim, learnedFrom, ips, seenAt: at, answers };
  return still;
}

/** One to be changed, by whoever has asked for it: with each frame and each route there is one. */
export function copyOf(entry: MacEntry): { -readonly [Field in keyof MacEntry]: MacEntry[Field] } {
  // Field by field: an object that begins with a spread has a shape of its own in V8 (Node 20), and a
  // copy of a copy by spreads takes four times as long.
  const copy = {
    vni: entry.vni,
    mac: entry.mac,
    local: entry.local,
    remote: entry.remote,
    sentSeq: entry.sentSeq,
    heardSeq: entry.heardSeq,
    remembered: entry.remembered,
    rememberedSeq: entry.rememberedSeq,
    moveTimes: entry.moveTimes,
    duplicate: entry.duplicate,
    frozen: entry.frozen,
    check: entry.check,
    moves: entry.moves,
    since: entry.since,
  };
  return entry.router === undefined ? copy : { ...copy, router: entry.router };
}

export type Whereabouts =
  | { readonly kind: "here"; readonly port: PortName; readonly claim: MacClaim }
  | { readonly kind: "there"; readonly claim: MacClaim }
  | { readonly kind: "duplicate"; readonly vteps: readonly VtepAddress[] }
  | { readonly kind: "nowhere" };

/** The claim that a VTEP's routes for this MAC amount to together: the highest (rule C3.8). */
export function remoteClaims(entry: Pick<MacEntry, "remote">): ReadonlyMap<VtepAddress, MacClaim> {
  const claims = new Map<VtepAddress, MacClaim>();
  for (const route of entry.remote) {
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

/** The best of the other VTEPs' claims. */
export function bestRemoteClaim({ remote }: Pick<MacEntry, "remote">): MacClaim | undefined {
  return bestClaim(remote);
}

/**
 * The claim that could take the MAC from us. The address of a gateway stands at many leaves at once
 * and does not move (RFC 7432 §10.1, C1.27).
 */
export function strongestRival({ remote }: Pick<MacEntry, "remote">): MacClaim | undefined {
  return bestClaim(remote, (route) => !route.defaultGateway);
}

/** The claim no other outranks. */
function bestClaim(
  routes: readonly MacIpRoute[],
  counts: (route: MacIpRoute) => boolean = () => true,
): MacClaim | undefined {
  let best: MacIpRoute | undefined;
  for (const route of routes) {
    if (!counts(route)) continue;
    if (best === undefined || outranks(claimOf(route), claimOf(best))) best = route;
  }
  return best && claimOf(best);
}

/** The VTEP whose the MAC is, if it is not ours: the best claim, or the one it is frozen at. */
export function ownerElsewhere(entry: MacEntry): MacClaim | undefined {
  if (entry.local !== undefined) return undefined;
  return entry.frozen?.held ?? bestRemoteClaim(entry);
}

/** Whether others believe the VTEP that has the MAC rather than this route of ours. */
export function isOutranked(route: MacIpRoute, entry: MacEntry | undefined): boolean {
  const owner = entry && ownerElsewhere(entry);
  return owner !== undefined && outranks(owner, claimOf(route));
}

/** Whether the VTEP that has the MAC tells of it without an IP too; also where none has it. */
export function isToldAlone(entry: MacEntry | undefined): boolean {
  const owner = entry && ownerElsewhere(entry);
  if (owner === undefined) return true;
  return (
    entry?.remote.some(({ ip, nexthop }) => ip === undefined && nexthop === owner.vtep) ?? true
  );
}

export function whereabouts(entry: MacEntry): Whereabouts {
  if (entry.frozen !== undefined) {
    return { kind: "duplicate", vteps: entry.duplicate?.vteps ?? [] };
  }
  if (entry.local !== undefined) {
    return { kind: "here", port: entry.local.port, claim: entry.local.claim };
  }
  const best = bestRemoteClaim(entry);
  return best === undefined ? { kind: "nowhere" } : { kind: "there", claim: best };
}

/** The IPs that go with the MAC where it is now. */
export function ipsOf(entry: MacEntry): readonly IpAddress[] {
  if (entry.local !== undefined) return [...entry.local.ips.keys()];
  const owner = ownerElsewhere(entry);
  return owner === undefined ? [] : remoteIps(entry, owner.vtep);
}

/** The IPs of the MAC at the VTEP that owns it. */
export function remoteIps(
  entry: Pick<MacEntry, "remote" | "frozen">,
  owner: VtepAddress,
): readonly IpAddress[] {
  const [first] = entry.remote;
  // Nearly always; and a list that is added to has room for sixteen (Node 20).
  if (first !== undefined && entry.remote.length === 1) {
    return first.nexthop === owner ? ipOf(first) : NO_IPS;
  }
  const teller = tellerOfIps(entry, owner);
  return entry.remote.flatMap(({ nexthop, ip }) =>
    nexthop === teller && ip !== undefined ? [ip] : [],
  );
}

/**
 * Whose routes say which IPs the MAC has at the VTEP that owns it: the owner's, and as long as it tells
 * none those of the best of the others that do. A host moves as a whole (C1.25), and the MAC is told
 * first: without this every move takes its neighbours out of the kernel for the moment between two
 * routes. Where a duplicate is frozen, the others' routes do not count.
 */
export function tellerOfIps(
  { remote, frozen }: Pick<MacEntry, "remote" | "frozen">,
  owner: VtepAddress,
): VtepAddress | undefined {
  let best: MacIpRoute | undefined;
  for (const route of remote) {
    if (route.ip === undefined) continue;
    if (route.nexthop === owner) return owner;
    if (best === undefined || outranks(claimOf(route), claimOf(best))) best = route;
  }
  return frozen === undefined ? best?.nexthop : undefined;
}

/** Every IP that our own claim or any route gives the MAC, once. */
export function ipsNamed({
  local,
  remote,
}: Pick<MacEntry, "local" | "remote">): readonly IpAddress[] {
  const [first] = remote;
  // Nearly always.
  if (local === undefined && first !== undefined && remote.length === 1) return ipOf(first);
  const ips = new Set<IpAddress>(local?.ips.keys());
  for (const { ip } of remote) if (ip !== undefined) ips.add(ip);
  return [...ips];
}

function ipOf({ ip }: MacIpRoute): readonly IpAddress[] {
  return ip === undefined ? NO_IPS : [ip];
}
