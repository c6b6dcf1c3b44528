/**
 * What is done with news of one host: the entry is folded on, and whatever follows from the change
 * (rows, notices, other MACs that lose an IP) is put into the outbox.
 */
import type { IpAddress } from "../evpn/ip.ts";
import { refuseHostIp } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import { refuseHostMac } from "../evpn/mac.ts";
import { decidedBy, outranks } from "../evpn/mac-claim.ts";
import { type MacIpRoute, macIpRouteKey } from "../evpn/mac-ip-route.ts";
import { neighbourKey } from "../evpn/rows.ts";
import { neighbourOf, remoteClaimTo, rowsOf } from "./desired.ts";
import type { Domain } from "./domain.ts";
import {
  claimed,
  found,
  left,
  newEntry,
  outbid,
  type Refusal,
  seen,
  strongestRival,
  unclaimed,
  withoutIp,
} from "./learn.ts";
import { claimOf, ipsOf, type MacEntry, whereabouts } from "./mac-entry.ts";
import type { MovedBy, Place, SightingIgnored } from "./notice.ts";
import type { Observation } from "./observation.ts";
import type { Outbox } from "./outbox.ts";

export type Sighting = Extract<Observation, { kind: "seen" }>;

/** One host's news at one moment, and where what follows from it is put. */
export interface Scene {
  readonly domain: Domain;
  readonly outbox: Outbox;
  readonly at: number;
}

/** What the operator has said of hosts that belong to this leaf (RFC 7432 §15.2). */
export type StickyHosts = ReadonlyMap<MacAddress, readonly IpAddress[]>;

/**
 * `evidence` is `old` for what the bridge's table says at the start: nobody knows when the host was
 * last heard.
 */
export function hostSeen(
  scene: Scene,
  sighting: Sighting,
  { sticky, evidence }: { sticky: StickyHosts; evidence: "old" | "new" },
): void {
  const { domain, outbox, at } = scene;
  const { vni, mac, port, ip, signal } = sighting;
  const reason = sightingIgnored(domain, sighting);
  if (reason !== undefined || domain.segment === undefined) {
    outbox.tell({ kind: "sighting-ignored", vni, mac, port, reason: reason ?? "unknown-port" });
    return;
  }
  const before = domain.entry(mac);
  const isNewIp = ip !== undefined && before?.local?.ips.has(ip) !== true;
  const others = (of: IpAddress): MacEntry[] =>
    domain.holders(of).filter((holder) => holder.mac !== mac);
  const learn = evidence === "old" ? found : seen;
  const { entry, refused } = learn(
    before ?? newEntry({ vni, mac }, at),
    { port, ip, learnedFrom: signal, at },
    {
      self: domain.segment.vtep,
      sticky: sticky.get(mac),
      ipHeardSeq: isNewIp ? highestClaimTo(ip, others(ip)) : -1,
      isTaken: (of) => isTaken(domain, { ip: of, mac, others: others(of) }),
    },
  );
  if (refused !== undefined) {
    tellRefusal(scene, sighting, refused);
    return;
  }
  if (isNewIp) takeFrom(scene, ip, { mac, others: others(ip) });
  commit(scene, { before, after: entry, by: signal });
  if (isNewIp) outbox.tell({ kind: "ip-learned", vni, mac, ip, signal });
}

/** Whether the IP is known to be another MAC's by now: behind a port of ours, or elsewhere. */
function isTaken(
  domain: Domain,
  { ip, mac, others }: { ip: IpAddress; mac: MacAddress; others: readonly MacEntry[] },
): boolean {
  if (others.some((holder) => holder.local?.ips.has(ip) === true)) return true;
  const owner = domain.neighbours.get(ip)?.mac;
  return owner !== undefined && owner !== mac;
}

function sightingIgnored(domain: Domain, { mac, ip, port }: Sighting): SightingIgnored | undefined {
  const refused = refuseHostMac(mac) ?? (ip === undefined ? undefined : refuseHostIp(ip));
  if (refused !== undefined) return refused;
  // C7.16: the leaf's own addresses, seen come back.
  if (domain.segment?.ownMacs.includes(mac) === true) return "own-mac";
  return domain.ports.has(port) ? undefined : "unknown-port";
}

function tellRefusal({ outbox }: Scene, { vni, mac, port }: Sighting, refused: Refusal): void {
  switch (refused.kind) {
    case "sticky-elsewhere":
      outbox.tell({
        kind: "sticky-violated",
        vni,
        mac,
        owner: refused.owner,
        by: { kind: "port", port },
      });
      return;
    case "seq-exhausted":
      outbox.tell({ kind: "seq-exhausted", vni, mac, vtep: refused.owner.vtep });
      return;
    case "stale-evidence":
      outbox.tell({ kind: "sighting-ignored", vni, mac, port, reason: "stale-evidence" });
      return;
  }
}

function highestClaimTo(ip: IpAddress, others: readonly MacEntry[]): number {
  return Math.max(-1, ...others.map((other) => remoteClaimTo(ip, other)?.seq ?? -1));
}

/** The IP is another MAC's from now on (RFC 9721 §6, C3.2, C3.10). */
function takeFrom(
  scene: Scene,
  ip: IpAddress,
  { mac, others }: { mac: MacAddress; others: readonly MacEntry[] },
): void {
  for (const other of others) {
    const isHere = other.local?.ips.has(ip) === true;
    if (isHere) commit(scene, { before: other, after: withoutIp(other, ip), by: "route" });
    if (isHere || remoteClaimTo(ip, other) !== undefined) {
      scene.outbox.tell({ kind: "ip-moved", vni: other.vni, mac, ip, from: other.mac });
    }
  }
}

/** The host is no longer on its port (C1.15). */
export function hostLeft(scene: Scene, entry: MacEntry, by: "port-down" | "aged-out"): void {
  commit(scene, { before: entry, after: left(entry), by });
}

/** A route of another VTEP that concerns this MAC-VRF is new or has changed. */
export function hostClaimed(scene: Scene, route: MacIpRoute): void {
  const { domain, outbox, at } = scene;
  const { vni, mac } = route;
  const before = domain.entry(mac);
  const after = claimed(before ?? newEntry({ vni, mac }, at), route);
  const ours = before?.local?.claim;
  if (ours?.sticky === true) {
    // C2.14, C2.15: the operator must hear of it, whoever wins.
    const by: Place = { kind: "vtep", vtep: route.nexthop };
    outbox.tell({ kind: "sticky-violated", vni, mac, owner: ours, by });
  }
  if (ours !== undefined && after.local === undefined) {
    const theirs = strongestRival(after) ?? claimOf(route);
    outbox.tell({ kind: "outranked", vni, mac, ours, theirs, decidedBy: decidedBy(theirs, ours) });
  }
  if (route.ip !== undefined) giveUp(scene, route, route.ip);
  commit(scene, { before, after, by: "route" });
}

/** Hosts of ours lose the IP to another MAC whose claim is better (C3.2, seen from the loser). */
function giveUp(scene: Scene, route: MacIpRoute, ip: IpAddress): void {
  const { domain, outbox } = scene;
  for (const holder of domain.holders(ip)) {
    const isRival = holder.mac !== route.mac && holder.local?.ips.has(ip) === true;
    if (!isRival || holder.local === undefined) continue;
    if (!outranks(claimOf(route), holder.local.claim)) continue;
    commit(scene, { before: holder, after: withoutIp(holder, ip), by: "route" });
    outbox.tell({ kind: "ip-moved", vni: route.vni, mac: route.mac, ip, from: holder.mac });
  }
}

/** A route of another VTEP is gone, or no longer concerns this MAC-VRF. */
export function hostUnclaimed(scene: Scene, route: MacIpRoute): void {
  const { domain, outbox } = scene;
  const before = domain.entry(route.mac);
  if (before === undefined) return;
  const after = unclaimed(before, macIpRouteKey(route));
  if (after === before) return;
  commit(scene, { before, after, by: "route" });
  const stillClaims = [...after.remote.values()].some(({ nexthop }) => nexthop === route.nexthop);
  if (!stillClaims) {
    outbox.tell({ kind: "let-go", vni: route.vni, mac: route.mac, vtep: route.nexthop });
  }
}

/** The speaker would not take our number (GoBGP compares with routes we may not have heard of). */
export function hostSeqRefused(scene: Scene, entry: MacEntry, refused: number): void {
  const { vni, mac } = entry;
  const after = outbid(entry, refused);
  if (after?.local === undefined) return;
  commit(scene, { before: entry, after, by: "route" });
  scene.outbox.tell({ kind: "seq-refused", vni, mac, refused, seq: after.local.claim.seq });
}

/** Stores the next entry, and asks for and tells whatever follows from the difference. */
export function commit(
  { domain, outbox, at }: Scene,
  { before, after: next, by }: { before: MacEntry | undefined; after: MacEntry; by: MovedBy },
): void {
  const from = before === undefined ? NOWHERE : placeOf(before);
  const to = placeOf(next);
  const hasMoved = !samePlace(from, to);
  const isMove = hasMoved && from.kind !== "nowhere" && to.kind !== "nowhere";
  const after = hasMoved ? { ...next, since: at, moves: next.moves + (isMove ? 1 : 0) } : next;
  const affected = domain.put(after);
  const { vrf } = domain;
  if (vrf !== undefined && !sameClaims(before, after)) {
    outbox.replace(before === undefined ? [] : rowsOf(before, vrf), rowsOf(after, vrf));
  }
  for (const ip of affected) refreshNeighbour({ domain, outbox }, ip);
  if (hasMoved) {
    const { vni, mac } = after;
    const ips = ipsOf(to.kind === "nowhere" && before !== undefined ? before : after);
    outbox.tell({ kind: "moved", vni, mac, ips, from, to, seq: seqOf(after), signal: by });
  }
  if (isForgettable(after)) domain.drop(after.mac);
}

function sameClaims(before: MacEntry | undefined, after: MacEntry): boolean {
  return (
    before !== undefined &&
    before.remote === after.remote &&
    before.local?.claim === after.local?.claim &&
    before.local?.ips === after.local?.ips
  );
}

/** Asks for the neighbour row of an IP anew. */
export function refreshNeighbour({ domain, outbox }: Omit<Scene, "at">, ip: IpAddress): void {
  const { vrf, vni } = domain;
  const row = vrf && neighbourOf(ip, { vrf, holders: domain.holders(ip) });
  if (row?.mac === domain.neighbours.get(ip)?.mac) return;
  if (row === undefined) domain.neighbours.delete(ip);
  else domain.neighbours.set(ip, row);
  outbox.want({ table: "neighbour", key: neighbourKey({ vni, ip }), row });
}

const NOWHERE: Place = { kind: "nowhere" };

export function placeOf(entry: MacEntry): Place {
  const where = whereabouts(entry);
  switch (where.kind) {
    case "here":
      return { kind: "port", port: where.port };
    case "there":
      return { kind: "vtep", vtep: where.claim.vtep };
    case "duplicate":
    case "nowhere":
      return NOWHERE;
  }
}

function samePlace(a: Place, b: Place): boolean {
  switch (a.kind) {
    case "port":
      return b.kind === "port" && a.port === b.port;
    case "vtep":
      return b.kind === "vtep" && a.vtep === b.vtep;
    case "nowhere":
      return b.kind === "nowhere";
  }
}

function seqOf(entry: MacEntry): number | undefined {
  const where = whereabouts(entry);
  return where.kind === "here" || where.kind === "there" ? where.claim.seq : undefined;
}

/** Nobody claims the MAC, and no number has been used that a later claim must not fall below. */
function isForgettable({ local, remote, sentSeq, heardSeq, remembered }: MacEntry): boolean {
  const isClaimed = local !== undefined || remote.size > 0 || remembered.length > 0;
  return !isClaimed && sentSeq <= 0 && heardSeq < 0;
}
