/**
 * Is it a move, or does somebody claim what is not his (`hosts.guard`)? A frame that speaks for another
 * hardware address than its own, or a MAC that is sticky elsewhere, never come so far; here it is about
 * the IP. Whoever is not believed is still seen: the frame proves the MAC alone.
 *
 * | the IP is                            | off      | warn             | strict                        |
 * |--------------------------------------|----------|------------------|-------------------------------|
 * | nobody else's                        | believed | believed         | believed                      |
 * | outside the prefixes of the MAC-VRF  | believed | believed, told   | refused, told                 |
 * | a sticky host's (C6.10)              | refused, told | refused, told | refused, told                |
 * | of another host behind a port of ours | believed | believed; the owner is asked after it | the owner is asked first (C6.11); refused and told if it answers |
 * | of a host elsewhere, and is announced | believed | believed         | believed                      |
 * | of a host elsewhere, and is just used | believed | believed, told   | refused for 30 s, told         |
 *
 * An owner that has lost its IP, to a host here or elsewhere, is asked by its leaf whether that was
 * right (`challenge.ts`). If it answers that it has the IP still, it has it, as with any other frame
 * of its; and it is told. The owner elsewhere can not be asked by us: its own leaf does so.
 *
 * A MAC that has moved brings its IPs along, for the RIB says that they are its own: nobody needs a
 * lease or anything else known only at the leaf it was at.
 */
import { type IpAddress, isLinkLocal } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import { type IpPrefix, PrefixSet } from "../evpn/prefix.ts";
import { Agenda } from "./agenda.ts";
import type { Challenge } from "./challenge.ts";
import { placeOf, type Scene } from "./commit.ts";
import { remoteClaimTo } from "./desired.ts";
import type { Domain } from "./domain.ts";
import { isHandover } from "./duplicates.ts";
import type { MacEntry } from "./mac-entry.ts";
import type { Place } from "./notice.ts";
import type { Sighting } from "./observation.ts";

export type GuardMode = "off" | "warn" | "strict";

/** How long a claim is refused after it was found to be none, and told once. */
export const HOLD_MS = 30_000;
/** After it, the same claim is believed for so long; later it is a new one. */
const PERSISTENCE_MS = 600_000;
/** Claims that are remembered: a forger can invent addresses. */
const CLAIMS_MAX = 4096;

/** What is remembered of one MAC-VRF. */
export class Guard {
  readonly mode: GuardMode;
  readonly prefixes: PrefixSet;
  readonly challenges: Map<IpAddress, Challenge> = new Map();
  /** When which challenge goes on. */
  readonly agenda: Agenda<IpAddress> = new Agenda();
  /** By IP and MAC: when this was last refused, or told. */
  readonly #claims = new Map<string, number>();

  constructor(mode: GuardMode, prefixes: readonly IpPrefix[]) {
    this.mode = mode;
    this.prefixes = new PrefixSet(prefixes);
  }

  /** Since when the claim is refused; `undefined`: it is not known, or was long ago. */
  refusedSince({ ip, mac }: Claim, at: number): number | undefined {
    const since = this.#claims.get(`${ip}|${mac}`);
    return since === undefined || at - since > HOLD_MS + PERSISTENCE_MS ? undefined : since;
  }

  refuse({ ip, mac }: Claim, at: number): void {
    const key = `${ip}|${mac}`;
    this.#claims.delete(key);
    this.#claims.set(key, at);
    if (this.#claims.size <= CLAIMS_MAX) return;
    for (const oldest of this.#claims.keys()) {
      this.#claims.delete(oldest);
      return;
    }
  }

  /** Whether this is to be told: it was not for a while. */
  isNews(claim: Claim, at: number): boolean {
    const since = this.refusedSince(claim, at);
    if (since !== undefined && at - since < HOLD_MS) return false;
    this.refuse(claim, at);
    return true;
  }
}

export interface Claim {
  readonly ip: IpAddress;
  readonly mac: MacAddress;
}

interface Owner {
  readonly mac: MacAddress;
  readonly place: Place;
  readonly sticky: boolean;
}

/** What is believed of a sighting: all of it, or only that the MAC is there. */
export function believed(scene: Scene, sighting: Sighting, before: MacEntry | undefined): Sighting {
  const { domain } = scene;
  const { ip, mac, signal } = sighting;
  // Who is believed without question: the host that has it already, and the hypervisor.
  if (ip === undefined || signal === "word" || before?.local?.ips.has(ip) === true) return sighting;
  const pinned = domain.sticky.get(ip);
  if (pinned === mac) return sighting;
  const owner = ownerOf(domain, { ip, mac }, pinned);
  const { mode } = domain.guard;
  // C6.17: neither would a host's own cache take it over (RFC 4861 §7.2.5).
  if (owner !== undefined && sighting.yields === true) return withoutIpOf(sighting);
  if (owner?.sticky === true) return refused(scene, { sighting, ip, owner });
  if (mode === "off") return sighting;
  if (domain.guard.prefixes.has(ip) === false && !isLinkLocal(ip)) {
    return outsidePrefixes(scene, { sighting, ip });
  }
  if (owner === undefined) return sighting;
  return owner.place.kind === "port"
    ? claimToHere(scene, { sighting, ip, owner, port: owner.place.port })
    : claimToElsewhere(scene, { sighting, ip, owner });
}

/** Who else has the IP, as far as we know. */
function ownerOf(
  domain: Domain,
  { ip, mac }: Claim,
  pinned: MacAddress | undefined,
): Owner | undefined {
  if (pinned !== undefined) {
    const entry = domain.entry(pinned);
    return { mac: pinned, place: entry === undefined ? NOWHERE : placeOf(entry), sticky: true };
  }
  for (const { mac: owner, local } of domain.holders(ip)) {
    if (owner === mac || local?.ips.has(ip) !== true) continue;
    const { claim, port } = local;
    return { mac: owner, place: { kind: "port", port }, sticky: claim.sticky };
  }
  const neighbour = domain.known.neighbourOf(ip)?.mac;
  const entry = neighbour === undefined ? undefined : domain.entry(neighbour);
  const claim = entry === undefined ? undefined : remoteClaimTo(ip, entry);
  if (entry === undefined || claim === undefined || entry.mac === mac) return undefined;
  const place: Place = { kind: "vtep", vtep: claim.vtep };
  return { mac: entry.mac, place, sticky: claim.sticky };
}

const NOWHERE: Place = { kind: "nowhere" };

interface Questioned {
  readonly sighting: Sighting;
  readonly ip: IpAddress;
  readonly owner: Owner;
}

/** Told once in a while; the frame proves the MAC alone. */
function refused(scene: Scene, { sighting, ip, owner }: Questioned): Sighting {
  const { mac } = sighting;
  if (scene.domain.guard.isNews({ ip, mac }, scene.at)) {
    tellSpoof(scene, { mac, ip, owner: owner.mac, at: owner.place }, "refused");
  }
  return withoutIpOf(sighting);
}

function outsidePrefixes(
  { domain, outbox, at }: Scene,
  { sighting, ip }: { sighting: Sighting; ip: IpAddress },
): Sighting {
  const { vni, mac, port } = sighting;
  const isRefused = domain.guard.mode === "strict";
  if (domain.guard.isNews({ ip, mac }, at)) {
    const action = isRefused ? "refused" : "believed";
    outbox.tell({ kind: "ip-outside-prefixes", vni, mac, ip, port, action });
  }
  return isRefused ? withoutIpOf(sighting) : sighting;
}

function claimToHere(
  scene: Scene,
  { sighting, ip, owner, port }: Questioned & { readonly port: Challenge["port"] },
): Sighting {
  const { domain, at } = scene;
  const { mac } = sighting;
  const { guard } = domain;
  const isStrict = guard.mode === "strict";
  if (isStrict) {
    const since = guard.refusedSince({ ip, mac }, at);
    const isKnown = since !== undefined && at - since < HOLD_MS;
    if (isKnown || guard.challenges.has(ip)) return withoutIpOf(sighting);
  }
  const by: Place = { kind: "port", port: sighting.port };
  begin(scene, ip, {
    owner: owner.mac,
    port,
    by: { mac, place: by },
    waiting: isStrict ? sighting : undefined,
  });
  return isStrict ? withoutIpOf(sighting) : sighting;
}

function claimToElsewhere(scene: Scene, questioned: Questioned): Sighting {
  const { domain, at } = scene;
  const { sighting, ip, owner } = questioned;
  const { mac } = sighting;
  if (isHandover(sighting.signal)) return sighting;
  if (domain.guard.mode === "warn") {
    if (domain.guard.isNews({ ip, mac }, at)) {
      tellSpoof(scene, { mac, ip, owner: owner.mac, at: owner.place }, "believed");
    }
    return sighting;
  }
  const since = domain.guard.refusedSince({ ip, mac }, at);
  // Its owner has had the time to say that it is still there.
  if (since !== undefined && at - since >= HOLD_MS) return sighting;
  return refused(scene, questioned);
}

export interface Spoof {
  readonly mac: MacAddress;
  readonly ip: IpAddress;
  readonly owner: MacAddress;
  /** Where the owner is. */
  readonly at: Place;
}

export function tellSpoof(
  { domain, outbox }: Scene,
  { mac, ip, owner, at }: Spoof,
  action: "believed" | "refused" | "taken-back",
): void {
  const { vni } = domain;
  outbox.tell({ kind: "spoof-suspected", vni, mac, ip, owner, ownerAt: at, action });
}

export function withoutIpOf(sighting: Sighting): Sighting {
  return { ...sighting, ip: undefined };
}

/** Challenges of one MAC-VRF at a time. */
const CHALLENGES_MAX = 256;
/**
 * Who hands an IP over may still have it for a moment (keepalived first announces, then hears that
 * the other has let go): it is not asked before.
 */
export const GRACE_MS = 500;

/**
 * Asks the owner, after a moment. Where too many are asked already, it is not: then who had the IP
 * first keeps it in `strict`.
 */
export function begin(
  { domain, at }: Scene,
  ip: IpAddress,
  challenge: Omit<Challenge, "attemptsLeft" | "isAsked">,
): void {
  const { challenges, agenda } = domain.guard;
  const running = challenges.get(ip);
  // The first owner is asked, whoever comes next, unless it has the IP back.
  if (running !== undefined && running.owner !== challenge.by.mac) return;
  if (running === undefined && challenges.size >= CHALLENGES_MAX) return;
  challenges.set(ip, { ...challenge, attemptsLeft: undefined, isAsked: false });
  agenda.set(ip, at + GRACE_MS);
}
