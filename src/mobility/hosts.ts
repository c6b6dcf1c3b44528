/**
 * What is done with news of one host: the entry is folded on, and whatever follows from the change
 * (rows, notices, other MACs that lose an IP) is put into the outbox.
 */
import type { IpAddress } from "../evpn/ip.ts";
import { refuseHostIp } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import { refuseHostMac } from "../evpn/mac.ts";
import { decidedBy } from "../evpn/mac-claim.ts";
import type { MacIpRoute } from "../evpn/mac-ip-route.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import { admitted } from "./admit.ts";
import { commit, type Scene } from "./commit.ts";
import { highestClaimTo, remoteClaimTo } from "./desired.ts";
import type { Domain } from "./domain.ts";
import { type Duplicate, type DuplicateSettings, isExempt, isHandover } from "./duplicates.ts";
import { giveUp, giveUpNow } from "./give-up.ts";
import { ipMoved } from "./ip-duplicates.ts";
import { hasLostTie, isLate, tellLate } from "./late.ts";
import { claimed, found, left, type Refusal, seen, unclaimed, withoutIp } from "./learn.ts";
import { hasLetGo, watchLetGo } from "./let-go.ts";
import { claimOf, type MacEntry, newEntry, ownerElsewhere, strongestRival } from "./mac-entry.ts";
import { askAfterArrival } from "./membership.ts";
import { reservedBy } from "./migration.ts";
import type { Place, SightingIgnored } from "./notice.ts";
import type { Sighting } from "./observation.ts";
import { beginProbe, follow, holdProbe, type ProbeSettings } from "./probes.ts";
import { refusalExplained } from "./refusals.ts";
import { asRouter } from "./routers.ts";
import { answerProbe } from "./stand-in.ts";
import type { Evidence } from "./start-gate.ts";
import { isBelievedThere } from "./two-ports.ts";

export interface SeenPolicy {
  readonly sticky: StickyHosts;
  readonly evidence: Evidence;
  readonly duplicates: DuplicateSettings;
  readonly probe: ProbeSettings;
  /** The guard has made up its mind already. */
  readonly isSettled?: boolean;
}

/** What the operator has said of hosts that belong to this leaf (RFC 7432 §15.2). */
export type StickyHosts = ReadonlyMap<MacAddress, readonly IpAddress[]>;

/** A host has shown itself on a port of ours. */
export function hostSeen(scene: Scene, shown: Sighting, policy: SeenPolicy): void {
  const { domain, outbox, at } = scene;
  const { vni, mac, port, signal } = shown;
  const reason = sightingIgnored(domain, shown);
  if (reason !== undefined || domain.segment === undefined) {
    outbox.tell({ kind: "sighting-ignored", vni, mac, port, reason: reason ?? "unknown-port" });
    return;
  }
  const before = domain.entry(mac);
  if (signal === "dad" || signal === "arp-probe") {
    holdProbe(scene, mac);
    answerProbe(scene, shown);
  }
  const isNew = policy.evidence === "new";
  if (isNew && before !== undefined && isLate(before, shown)) {
    tellLate(scene, before, { sighting: shown, duplicates: policy.duplicates });
    return;
  }
  const { probe, isSettled = false } = policy;
  const isFree = domain.migrations.has(mac) || isExempt(mac, policy.duplicates);
  const patienceMs = probe.intervalMs;
  if (!isBelievedThere(scene, shown, { before, isFree, patienceMs })) {
    outbox.tell({ kind: "sighting-ignored", vni, mac, port, reason: "at-another-port" });
    return;
  }
  const unreserved = withoutReserved(scene, shown);
  const sighting = admitted(scene, unreserved, { before, probe, isSettled });
  if (sighting === undefined) return;
  const { ip } = sighting;
  const isNewIp = ip !== undefined && before?.local?.ips.has(ip) !== true;
  const others = (of: IpAddress): MacEntry[] =>
    domain.holders(of).filter((holder) => holder.mac !== mac);
  const learn = isNew ? seen : found;
  const { entry, refused } = learn(
    asRouter(before ?? newEntry({ vni, mac }, at), shown.router),
    { port, ip, learnedFrom: signal, at, isAnswer: signal === "answer" },
    {
      self: domain.segment.vtep,
      sticky: policy.sticky.get(mac),
      ipHeardSeq: isNewIp ? highestClaimTo(ip, others(ip)) : -1,
      isTaken: (of) => !domain.mayBind(of) || isTaken(domain, { ip: of, mac, others: others(of) }),
      duplicates: mayMove(domain, mac, policy.duplicates) ? undefined : policy.duplicates,
    },
  );
  if (entry.duplicate !== undefined && before?.duplicate === undefined) {
    tellDuplicate(scene, entry, entry.duplicate);
  }
  if (refused !== undefined) {
    if (before !== undefined && entry !== before)
      commit(scene, { before, after: entry, by: signal });
    tellRefusal(scene, sighting, refused);
    return;
  }
  if (isNewIp) takeFrom(scene, { sighting, ip, others: others(ip), policy });
  commit(scene, { before, after: entry, by: signal });
  if (isNewIp) outbox.tell({ kind: "ip-learned", vni, mac, ip, signal });
  domain.returning.delete(mac);
  domain.departed.delete(mac);
  follow(scene, { before, after: entry, sighting, settings: policy.probe, isBelated: isSettled });
  if (before?.local?.port !== port && isNew) askAfterArrival(scene, port);
  if (before?.local === undefined) {
    watchLetGo(scene, entry);
    tellConflict(scene, entry);
  }
}

/** C2.15: what is sticky here as of now is so elsewhere as well; we win, or it would not be here. */
function tellConflict({ outbox }: Scene, entry: MacEntry): void {
  const { vni, mac, local } = entry;
  const rival = strongestRival(entry);
  if (local?.claim.sticky !== true || rival?.sticky !== true) return;
  const by: Place = { kind: "vtep", vtep: rival.vtep };
  outbox.tell({ kind: "sticky-violated", vni, mac, owner: local.claim, by });
}

/**
 * A host that is here already does not move by being seen; one that is on its way is expected to
 * (chains of moves included); and some may move as often as they like.
 */
function mayMove(domain: Domain, mac: MacAddress, duplicates: DuplicateSettings): boolean {
  const isHere = domain.entry(mac)?.local !== undefined;
  return isHere || domain.migrations.has(mac) || isExempt(mac, duplicates);
}

/** An IP whose host stands still is nobody else's: then the frame proves the MAC alone. */
function withoutReserved({ domain, outbox }: Scene, sighting: Sighting): Sighting {
  const { vni, mac, ip, port } = sighting;
  const owner = ip === undefined ? undefined : reservedBy(domain, ip);
  if (ip === undefined || owner === undefined || owner === mac) return sighting;
  outbox.tell({ kind: "reserved-ip-claimed", vni, mac, ip, owner, by: { kind: "port", port } });
  return { ...sighting, ip: undefined };
}

function tellDuplicate({ outbox }: Scene, { vni, mac }: MacEntry, duplicate: Duplicate): void {
  const { moves, vteps, kind } = duplicate;
  outbox.tell({
    kind: "duplicate-detected",
    vni,
    mac,
    ip: undefined,
    moves,
    vteps,
    action: kind,
  });
}

/** Whether the IP is known to be another MAC's by now: behind a port of ours, or elsewhere. */
function isTaken(
  domain: Domain,
  { ip, mac, others }: { ip: IpAddress; mac: MacAddress; others: readonly MacEntry[] },
): boolean {
  if (others.some((holder) => holder.local?.ips.has(ip) === true)) return true;
  const owner = domain.known.neighbourOf(ip)?.mac;
  return owner !== undefined && owner !== mac;
}

function sightingIgnored(
  domain: Domain,
  { mac, ip, port, evidence }: Sighting,
): SightingIgnored | undefined {
  if (evidence === "old" && domain.departed.has(mac)) return "stale-evidence";
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
    case "frozen":
      outbox.tell({ kind: "sighting-ignored", vni, mac, port, reason: refused.kind });
      return;
  }
}

/** The IP is another MAC's from now on (RFC 9721 §6, C3.2, C3.10). */
function takeFrom(scene: Scene, { sighting, ip, others, policy }: IpTaken): void {
  const { mac, signal } = sighting;
  for (const other of others) {
    const isHere = other.local?.ips.has(ip) === true;
    const owner = isHere ? other.local?.claim : remoteClaimTo(ip, other);
    if (owner === undefined) continue;
    if (isHere) commit(scene, { before: other, after: withoutIp(other, ip), by: "route" });
    scene.outbox.tell({ kind: "ip-moved", vni: other.vni, mac, ip, from: other.mac });
    const isCounted = ![mac, other.mac].some((each) => isExempt(each, policy.duplicates));
    // Nobody hands over what he has got a moment ago.
    const since = other.local?.ips.get(ip)?.since ?? 0;
    if (isCounted && (!isHandover(signal) || scene.at - since < FLAP_MS)) {
      ipMoved(scene, { ip, mac, vtep: owner.vtep, settings: policy.duplicates });
    }
  }
}

/** VRRP needs a second at least to fail over (RFC 5798 §6.1, as keepalived is set up). */
const FLAP_MS = 500;

interface IpTaken {
  readonly sighting: Sighting;
  readonly ip: IpAddress;
  readonly others: readonly MacEntry[];
  readonly policy: SeenPolicy;
}

/** The host is no longer on its port (C1.15). */
export function hostLeft(
  scene: Scene,
  entry: MacEntry,
  by: "port-down" | "aged-out" | "silent" | "word",
): void {
  if (by === "silent" || by === "word") scene.domain.depart(entry.mac);
  commit(scene, { before: entry, after: left(entry), by });
}

/** Much hangs on the answer, and who has come a moment ago may be deaf for another. */
const ASKED_AFTER_TIE = 3;

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
  if (route.ip !== undefined) giveUp(scene, after, { route, ip: route.ip });
  commit(scene, { before, after, by: "route" });
  refusalExplained(scene, after);
  const to = domain.migrations.get(mac)?.to;
  if (before?.local !== undefined && after.local === undefined && to !== undefined) {
    tellWhereTo(scene, after, to);
  }
  if (after.check !== undefined && before?.local !== undefined) {
    const ips = new Set(before.local.ips.keys());
    const attemptsLeft = hasLostTie(after) ? ASKED_AFTER_TIE : 1;
    beginProbe(scene, mac, { reason: "check", port: after.check, ips, attemptsLeft });
  }
}

function tellWhereTo({ outbox }: Scene, entry: MacEntry, expected: VtepAddress): void {
  const { vni, mac } = entry;
  const vtep = ownerElsewhere(entry)?.vtep;
  if (vtep === undefined || vtep === expected) return;
  outbox.tell({ kind: "went-elsewhere", vni, mac, expected, vtep });
}

/** A route of another VTEP is gone, or no longer concerns this MAC-VRF. */
export function hostUnclaimed(scene: Scene, route: MacIpRoute): void {
  const { domain, outbox } = scene;
  const before = domain.entry(route.mac);
  if (before === undefined) return;
  const after = unclaimed(before, route);
  if (after === before) return;
  giveUpNow(scene, before, after);
  commit(scene, { before, after, by: "route" });
  const stillClaims = after.remote.some(({ nexthop }) => nexthop === route.nexthop);
  if (!stillClaims) {
    if (after.local !== undefined) hasLetGo(scene, route.nexthop);
    outbox.tell({ kind: "let-go", vni: route.vni, mac: route.mac, vtep: route.nexthop });
  }
}
