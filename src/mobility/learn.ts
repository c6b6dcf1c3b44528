/**
 * The decision for one MAC: an entry and what happened give the next entry. Pure.
 *
 * RFC 7432 §15 (MAC mobility), §15.2 (sticky), §7.7 (the sequence number); RFC 9721 §5 and §6 (a MAC
 * with many IPs). The rules' ids are those of the tests.
 */
import type { IpAddress } from "../evpn/ip.ts";
import { type MacClaim, outranks, SEQ_MAX } from "../evpn/mac-claim.ts";
import { isSameRoute, type MacIpRoute } from "../evpn/mac-ip-route.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import { countMove, type DuplicateSettings, duplicateFrom, NO_MOVES } from "./duplicates.ts";
import {
  bestRemoteClaim,
  claimOf,
  copyOf,
  type Frozen,
  type IpBinding,
  type LocalClaim,
  type MacEntry,
  remoteIps,
  type Seen,
  strongestRival,
} from "./mac-entry.ts";

/** What the entry alone can not know when a host is seen. */
export interface Circumstances {
  readonly self: VtepAddress;
  /**
   * The IPs of the MAC where the operator has said that it belongs here and does not move
   * (RFC 7432 §15.2); `undefined` where not.
   */
  readonly sticky: readonly IpAddress[] | undefined;
  /** The highest sequence number with which another VTEP claims `ip` for another MAC; -1: none. */
  readonly ipHeardSeq: number;
  /** Whether another MAC holds this IP by now, here or elsewhere, or none of ours may. */
  readonly isTaken: (ip: IpAddress) => boolean;
  /** `undefined` for a MAC that may move as often as it likes. */
  readonly duplicates: DuplicateSettings | undefined;
}

export type Refusal =
  /** A remote sticky claim: do not advertise, tell the operator (RFC 7432 §15.2, C2.12). */
  | { readonly kind: "sticky-elsewhere"; readonly owner: MacClaim }
  /** The rival has the highest number there is; to wrap would be to lose for ever (C1.26). */
  | { readonly kind: "seq-exhausted"; readonly owner: MacClaim }
  /** An old trace of the MAC, and somebody claims it by now. */
  | { readonly kind: "stale-evidence" }
  /** It moves too often; nothing is sent or processed for it (RFC 7432 §15.1, C2.3). */
  | { readonly kind: "frozen" };

export interface Learned {
  readonly entry: MacEntry;
  readonly refused: Refusal | undefined;
}

/** The host has shown itself on a local port. */
export function seen(entry: MacEntry, what: Seen, circumstances: Circumstances): Learned {
  if (entry.frozen !== undefined) {
    const frozen = { ...entry.frozen, waiting: what };
    return { entry: { ...entry, frozen }, refused: { kind: "frozen" } };
  }
  return entry.local === undefined
    ? seenAnew(entry, what, circumstances)
    : { entry: seenAgain(entry, entry.local, { what, circumstances }), refused: undefined };
}

/**
 * The MAC stands in the bridge's table as we start: it was here, but nobody knows how long ago. Where
 * our own routes of a former life still stand it is ours again, with the same number; if another VTEP
 * claims it, and it was not ours or is outranked, the host must show itself first.
 */
export function found(entry: MacEntry, what: Seen, circumstances: Circumstances): Learned {
  if (entry.frozen !== undefined) return { entry, refused: { kind: "frozen" } };
  const rival = bestRemoteClaim(entry);
  const { self, sticky, isTaken } = circumstances;
  const stands = entry.rememberedSeq >= 0;
  // What others have bid before counts where they have outbid us: else we have had the last word, and
  // to bid once more would change what is right.
  const isOurs = stands && sticky === undefined && entry.sentSeq >= entry.heardSeq;
  if (entry.local !== undefined || (rival === undefined && !isOurs)) {
    return seen(entry, what, circumstances);
  }
  const former: MacClaim = { vtep: self, seq: entry.sentSeq, sticky: sticky !== undefined };
  if (rival !== undefined && (!stands || outranks(rival, former))) {
    return { entry, refused: { kind: "stale-evidence" } };
  }
  const ips = entry.remembered.filter((ip) => !isTaken(ip));
  return { entry: withLocal(entry, what, { claim: former, ips }), refused: undefined };
}

function seenAnew(entry: MacEntry, what: Seen, circumstances: Circumstances): Learned {
  const rival = bestRemoteClaim(entry);
  const claim = circumstances.sticky === undefined ? bid(entry, circumstances) : pin(circumstances);
  // RFC 7432 §15.2: what is sticky elsewhere may not be claimed here, unless it is sticky here too
  // and our address is the lower (C2.12, C2.15).
  if (rival?.sticky === true && !outranks(claim, rival)) {
    return { entry, refused: { kind: "sticky-elsewhere", owner: rival } };
  }
  if (rival !== undefined && rival.seq >= SEQ_MAX && !claim.sticky) {
    return { entry, refused: { kind: "seq-exhausted", owner: rival } };
  }
  const counted = rival === undefined ? entry : moved(entry, { what, rival, circumstances });
  if (counted.frozen !== undefined) return { entry: counted, refused: { kind: "frozen" } };
  // The whole host moves: what the RIB knows of its IPs is true of it here as well (C1.25).
  const known = rival === undefined ? entry.remembered : remoteIps(entry, rival.vtep);
  const ips = [...known, ...(circumstances.sticky ?? [])];
  const free = ips.filter((ip) => !circumstances.isTaken(ip));
  return { entry: withLocal(counted, what, { claim, ips: free }), refused: undefined };
}

/**
 * Counts a move to us (RFC 7432 §15.1: "by way of local learning", C2.9). The one that is too many
 * is not made where duplicates are frozen: the MAC stays where it was before.
 */
function moved(
  entry: MacEntry,
  {
    what,
    rival,
    circumstances: { self, duplicates },
  }: { what: Seen; rival: MacClaim; circumstances: Circumstances },
): MacEntry {
  if (duplicates === undefined) return entry;
  const { times, isDuplicate } = countMove(entry.moveTimes, what.at, duplicates);
  const counted: MacEntry = { ...entry, moveTimes: times };
  if (!isDuplicate || entry.duplicate !== undefined) return counted;
  const vteps = [rival.vtep, self];
  const duplicate = duplicateFrom({ times, at: what.at, vteps }, duplicates);
  const frozen = duplicate.kind === "frozen" ? { held: rival, waiting: what } : undefined;
  return { ...counted, duplicate, frozen };
}

/** The duplicate is one no longer: everything counts again, from nought (C2.7, C2.8). */
export function recovered(entry: MacEntry): MacEntry {
  return { ...entry, moveTimes: NO_MOVES, duplicate: undefined, frozen: undefined };
}

/** C2.13: a sticky MAC is advertised with 0; it does not take part in the bidding. */
function pin({ self }: Circumstances): MacClaim {
  return { vtep: self, seq: 0, sticky: true };
}

/**
 * RFC 7432 §15: one more than what others have claimed (a route without the community claims with
 * 0), and never less than what we have sent before: a peer that has not yet heard of a withdrawal
 * must not find our new route older than the old one (C1.17). RFC 9721 §6.1: an IP that comes from
 * another MAC brings that MAC's number along (C3.2, C3.3).
 */
function bid(entry: MacEntry, { self, ipHeardSeq }: Circumstances): MacClaim {
  const heard = Math.max(entry.heardSeq, ipHeardSeq);
  const seq = Math.min(SEQ_MAX, Math.max(entry.sentSeq, heard + 1, 0));
  return { vtep: self, seq, sticky: false };
}

function withLocal(
  entry: MacEntry,
  what: Seen,
  { claim, ips: known }: { claim: MacClaim; ips: readonly IpAddress[] },
): MacEntry {
  const ips = new Map<IpAddress, IpBinding>();
  for (const ip of known) ips.set(ip, { learnedFrom: "rib", since: what.at, answers: false });
  if (what.ip !== undefined) ips.set(what.ip, bindingOf(what));
  return {
    ...entry,
    local: {
      port: what.port,
      claim,
      learnedFrom: what.learnedFrom,
      ips,
      seenAt: what.at,
      answers: what.isAnswer,
    },
    check: undefined,
    sentSeq: Math.max(entry.sentSeq, claim.seq),
    remembered: [],
    rememberedSeq: -1,
  };
}

function seenAgain(
  entry: MacEntry,
  local: LocalClaim,
  { what, circumstances }: { what: Seen; circumstances: Circumstances },
): MacEntry {
  const known = what.ip === undefined || local.ips.has(what.ip);
  // C1.14: a move between two ports of one leaf is nobody else's business.
  const answers = local.answers || what.isAnswer;
  const stays: LocalClaim = { ...local, port: what.port, seenAt: what.at, answers };
  if (known || what.ip === undefined) return { ...entry, local: confirmed(stays, what) };
  const ips = new Map(local.ips).set(what.ip, bindingOf(what));
  // C3.1: a further IP goes out with the number of its MAC; C3.2 to C3.4: unless it was another
  // MAC's at another VTEP, then the MAC and all its IPs go out with one more than that.
  const seq = local.claim.sticky
    ? local.claim.seq
    : Math.min(SEQ_MAX, Math.max(local.claim.seq, circumstances.ipHeardSeq + 1));
  return {
    ...entry,
    local: { ...stays, ips, claim: { ...local.claim, seq } },
    sentSeq: Math.max(entry.sentSeq, seq),
  };
}

function bindingOf({ learnedFrom, at, isAnswer }: Seen): IpBinding {
  return { learnedFrom, since: at, answers: isAnswer };
}

/** What the RIB or a DHCP server has told of the host, the host itself has now shown. */
function confirmed(local: LocalClaim, what: Seen): LocalClaim {
  const { ip, learnedFrom, isAnswer } = what;
  const known = ip === undefined ? undefined : local.ips.get(ip);
  if (ip === undefined || known === undefined) return local;
  const isHearsay = known.learnedFrom === "rib" || known.learnedFrom === "dhcp";
  if (isHearsay && known.learnedFrom !== learnedFrom) {
    return { ...local, ips: new Map(local.ips).set(ip, bindingOf(what)) };
  }
  if (!isAnswer || known.answers) return local;
  return { ...local, ips: new Map(local.ips).set(ip, { ...known, answers: true }) };
}

/** The host is no longer on the local port; what we have sent stays in memory (C1.15). */
export function left(entry: MacEntry): MacEntry {
  return entry.local === undefined ? entry : { ...entry, local: undefined };
}

/** An IP is no longer this MAC's, for another MAC has it now (C3.10). */
export function withoutIp(entry: MacEntry, ip: IpAddress): MacEntry {
  if (entry.local?.ips.has(ip) !== true) return entry;
  const ips = new Map(entry.local.ips);
  ips.delete(ip);
  return { ...entry, local: { ...entry.local, ips } };
}

/** Another VTEP claims the MAC, or claims it otherwise than before. */
export function claimed(entry: MacEntry, route: MacIpRoute): MacEntry {
  const claim = claimOf(route);
  const next = copyOf(entry);
  next.remote = withRoute(entry.remote, route);
  next.heardSeq = Math.max(entry.heardSeq, claim.seq);
  next.frozen = entry.frozen && outbidWhileFrozen(entry.frozen, claim);
  if (next.local === undefined) return next;
  // RFC 7432 §15: whoever sees a higher number withdraws; C1.7: so does the higher VTEP of a tie.
  const rival = strongestRival(next);
  if (rival === undefined || !outranks(rival, next.local.claim)) return next;
  const { port, ips } = next.local;
  next.local = undefined;
  next.check = ips.size === 0 ? undefined : port;
  return next;
}

/** In the place of the one that it replaces. */
function withRoute(routes: readonly MacIpRoute[], route: MacIpRoute): readonly MacIpRoute[] {
  // A spread would leave room for more, in each of many lists of one.
  if (routes.length === 0) return [route];
  const known = routes.some((each) => isSameRoute(each, route));
  if (!known) return routes.concat(route);
  return routes.map((each) => (isSameRoute(each, route) ? route : each));
}

/** Nobody is asked any more whether the MAC is still at the port it was taken from. */
export function checked(entry: MacEntry): MacEntry {
  return entry.check === undefined ? entry : { ...entry, check: undefined };
}

/** What we have seen ourselves is older than this claim: it must not be acted upon later. */
function outbidWhileFrozen(frozen: Frozen, claim: MacClaim): Frozen {
  return outranks(claim, frozen.held) ? { ...frozen, waiting: undefined } : frozen;
}

/** A VTEP has withdrawn a route; the memory of its number stays (C1.16, C3.9). */
export function unclaimed(entry: MacEntry, route: MacIpRoute): MacEntry {
  const remote = entry.remote.filter((each) => !isSameRoute(each, route));
  return remote.length === entry.remote.length ? entry : { ...entry, remote };
}

/** A route of our own, left in the RIB by a former life of ours. */
export function remembered(entry: MacEntry, route: MacIpRoute): MacEntry {
  const ips =
    route.ip === undefined || entry.remembered.includes(route.ip)
      ? entry.remembered
      : [...entry.remembered, route.ip];
  return {
    ...entry,
    sentSeq: Math.max(entry.sentSeq, claimOf(route).seq),
    rememberedSeq: Math.max(entry.rememberedSeq, claimOf(route).seq),
    remembered: entry.local === undefined ? ips : entry.remembered,
  };
}
