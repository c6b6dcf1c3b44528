/**
 * Asking hosts whether they are still there, and whether an IP is still theirs. What is asked and
 * when stands here; what follows from an answer, or from none, in `attend.ts`.
 *
 * RFC 9135 §7.2 and §7.3 (a host that has moved in silence, a host that is silent), RFC 9721 §6.3 and
 * §6.8 (probe at the old place and at the new one).
 */
import { type IpAddress, isIpv6 } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import type { Vni } from "../evpn/vni.ts";
import type { Domain } from "./domain.ts";
import type { LocalClaim, MacEntry } from "./mac-entry.ts";
import type { Sighting } from "./observation.ts";
import type { Outbox } from "./outbox.ts";

export interface ProbeSettings {
  /** A host that has said nothing for so long is asked. */
  readonly idleMs: number;
  /** How often one is asked before its silence counts; at least 1. */
  readonly attempts: number;
  readonly intervalMs: number;
}

export const DEFAULT_PROBES: ProbeSettings = { idleMs: 120_000, attempts: 3, intervalMs: 1000 };

/** Somebody is to be asked by a frame to it alone: "who has this IP?" (ARP) or its ND like. */
export interface Question {
  readonly vni: Vni;
  readonly port: PortName;
  readonly mac: MacAddress;
  readonly ip: IpAddress;
}

/**
 * `verify`: the RIB or a lease gave it these IPs when it came; are they here? `idle`: it has been
 * silent. `aged-out`: the bridge has forgotten it. `check`: it has gone to another leaf; is it here as
 * well? `full`: it has as many IPs as it may; which of them does it still use? `confirm`: it is heard,
 * but has not shown these IPs for long; has it them still (C6.14)?
 */
export type ProbeReason = "verify" | "idle" | "aged-out" | "check" | "full" | "confirm";

export type Family = "ipv4" | "ipv6";

export function familyOf(ip: IpAddress): Family {
  return isIpv6(ip) ? "ipv6" : "ipv4";
}

export interface Probe {
  readonly reason: ProbeReason;
  readonly port: PortName;
  /** Those of which nothing was heard since the probe began. */
  readonly ips: ReadonlySet<IpAddress>;
  readonly attemptsLeft: number;
  /** The families in which the host has answered since the probe began; left out: in none. */
  readonly answering?: ReadonlySet<Family>;
}

/**
 * How long a host is left alone. So that hosts that have come all at once are not asked all at once,
 * each has a share of its own of a third of the idle time on top.
 */
export function patienceOf(mac: MacAddress, { idleMs }: ProbeSettings): number {
  return idleMs + Math.floor((shareOf(mac) * idleMs) / 3);
}

/** When a host has been asked as often as it is, at the latest, that has said nothing from the beginning. */
export function longestSilence({ idleMs, attempts, intervalMs }: ProbeSettings): number {
  return Math.ceil((idleMs * 4) / 3) + attempts * intervalMs;
}

/** Between 0 and 1, always the same for a MAC (FNV-1a). */
function shareOf(mac: MacAddress): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < mac.length; i++) hash = Math.imul(hash ^ mac.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

/** Hosts of one domain that are asked at a time: a rack that falls silent must not make a storm. */
const ASKED_MAX = 256;
/** When another try is made to ask a host that would have been one too many. */
const LATER_MS = 500;
/** A host that asks whether an address is free must not be answered with a question (RFC 5227). */
const AFTER_DAD_MS = 2000;

/** Who is to be asked, and about what; so many of them at a time. */
export class Probes {
  readonly #all = new Map<MacAddress, Probe>();
  readonly #asked = new Set<MacAddress>();

  get(mac: MacAddress): Probe | undefined {
    return this.#all.get(mac);
  }

  has(mac: MacAddress): boolean {
    return this.#all.has(mac);
  }

  set(mac: MacAddress, probe: Probe): void {
    this.#all.set(mac, probe);
  }

  delete(mac: MacAddress): void {
    this.#all.delete(mac);
    this.#asked.delete(mac);
  }

  /** Takes the host among those that are asked; answers whether there is room. */
  begin(mac: MacAddress): boolean {
    if (!this.#asked.has(mac) && this.#asked.size >= ASKED_MAX) return false;
    this.#asked.add(mac);
    return true;
  }
}

/** From now on the host is asked, or later where too many are already. */
export function beginProbe(
  { domain, at }: { domain: Domain; at: number },
  mac: MacAddress,
  probe: Probe,
): void {
  domain.probes.set(mac, probe);
  domain.agenda.set(mac, at);
}

/** Nothing is asked for a while: the host is finding out whether it may use an address. */
export function holdProbe({ domain, at }: { domain: Domain; at: number }, mac: MacAddress): void {
  const dueAt = domain.agenda.at(mac);
  const isSoon = dueAt !== undefined && dueAt < at + AFTER_DAD_MS;
  if (domain.probes.has(mac) || isSoon) domain.agenda.set(mac, at + AFTER_DAD_MS);
}

/** The host was heard on the port: it is here, and so is the IP, if the frame has named one. */
function heardOf(
  { domain, at }: { domain: Domain; at: number },
  entry: MacEntry,
  { ip, signal }: Sighting,
): void {
  const { mac, local } = entry;
  // A server's word is none of the host's.
  if (ip !== undefined && signal !== "dhcp") domain.confirmedAt.set(ip, at);
  const probe = domain.probes.get(mac);
  if (probe === undefined || probe.port !== local?.port) return;
  if (probe.reason === "idle" || probe.reason === "aged-out") {
    // What of it has not answered by the next look is asked about then.
    domain.probes.delete(mac);
    return;
  }
  if (ip === undefined) return;
  const ips = new Set(probe.ips);
  ips.delete(ip);
  if (ips.size === 0) {
    domain.probes.delete(mac);
    return;
  }
  const answering = new Set(probe.answering);
  if (signal === "answer") answering.add(familyOf(ip));
  domain.probes.set(mac, { ...probe, ips, answering });
}

/** What is to be asked of a host that was just seen, now or later. */
export function follow(
  scene: { domain: Domain; at: number },
  {
    before,
    after,
    sighting,
    settings,
    isBelated,
  }: {
    before: MacEntry | undefined;
    after: MacEntry;
    sighting: Sighting;
    settings: ProbeSettings;
    /** It was heard a while ago, and is believed only now: it says nothing of where the host is now. */
    isBelated: boolean;
  },
): void {
  const { domain, at } = scene;
  const { mac, local } = after;
  if (!isBelated) heardOf(scene, after, sighting);
  if (local === undefined || local.ips.size === 0) return;
  if (before?.local === undefined) {
    const told = [...local.ips].filter(([, { learnedFrom }]) => learnedFrom === "rib");
    if (told.length > 0) {
      const ips = new Set(told.map(([each]) => each));
      const { port } = local;
      beginProbe(scene, mac, { reason: "verify", port, ips, attemptsLeft: settings.attempts });
      return;
    }
  }
  if (domain.agenda.at(mac) === undefined) domain.agenda.set(mac, at + patienceOf(mac, settings));
}

/** Asks once more for everything that the probe is about, when it is the host's turn. */
export function ask(
  { domain, outbox, at }: { domain: Domain; outbox: Outbox; at: number },
  { mac, local }: MacEntry,
  { probe, settings }: { probe: Probe; settings: ProbeSettings },
): void {
  if (!domain.probes.begin(mac)) {
    // Whether a host that has just left is here as well is nothing to be asked minutes later.
    if (probe.reason === "check") domain.probes.delete(mac);
    domain.agenda.set(mac, at + LATER_MS);
    return;
  }
  const { port } = probe;
  const controls = probe.reason === "confirm" ? controlsOf(local, probe) : [];
  for (const ip of [...probe.ips, ...controls]) outbox.ask({ vni: domain.vni, port, mac, ip });
  domain.probes.set(mac, { ...probe, attemptsLeft: probe.attemptsLeft - 1 });
  domain.agenda.set(mac, at + settings.intervalMs);
}

/**
 * One IP of each family that is known to be in use: that it answers to that one makes its silence
 * about another mean something. Where it has answered already, nothing more is needed.
 */
function controlsOf(local: LocalClaim | undefined, { ips, answering }: Probe): IpAddress[] {
  const needed = new Set([...ips].map(familyOf));
  const controls: IpAddress[] = [];
  for (const ip of local?.ips.keys() ?? []) {
    const family = familyOf(ip);
    if (ips.has(ip) || answering?.has(family) === true || !needed.delete(family)) continue;
    controls.push(ip);
  }
  return controls;
}
