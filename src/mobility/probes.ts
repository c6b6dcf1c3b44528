/**
 * Asking hosts whether they are still there, and whether an IP is still theirs. What is asked and
 * when stands here; what follows from an answer, or from none, in `attend.ts`.
 *
 * RFC 9135 §7.2 and §7.3 (a host that has moved in silence, a host that is silent), RFC 9721 §6.3 and
 * §6.8 (probe at the old place and at the new one).
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import type { Vni } from "../evpn/vni.ts";
import type { Domain } from "./domain.ts";
import type { MacEntry } from "./mac-entry.ts";
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
 * well? `full`: it has as many IPs as it may; which of them does it still use?
 */
export type ProbeReason = "verify" | "idle" | "aged-out" | "check" | "full";

export interface Probe {
  readonly reason: ProbeReason;
  readonly port: PortName;
  /** Those of which nothing was heard since the probe began. */
  readonly ips: ReadonlySet<IpAddress>;
  readonly attemptsLeft: number;
}

/** Probes of one domain at a time: a rack that falls silent must not make a storm. */
const PROBES_MAX = 256;
/** When another try is made to begin a probe that would have been one too many. */
const LATER_MS = 500;
/** A host that asks whether an address is free must not be answered with a question (RFC 5227). */
const AFTER_DAD_MS = 2000;

/** Begins, or does so later where there are too many already. */
export function beginProbe(
  { domain, at }: { domain: Domain; at: number },
  mac: MacAddress,
  probe: Probe,
): void {
  if (domain.probes.size >= PROBES_MAX && !domain.probes.has(mac)) {
    domain.agenda.set(mac, at + LATER_MS);
    return;
  }
  domain.probes.set(mac, probe);
  domain.agenda.set(mac, at);
}

/** Nothing is asked for a while: the host is finding out whether it may use an address. */
export function holdProbe({ domain, at }: { domain: Domain; at: number }, mac: MacAddress): void {
  if (domain.probes.has(mac)) domain.agenda.set(mac, at + AFTER_DAD_MS);
}

/** The host was heard on the port: it is here, and so is this IP. */
function heardOf(domain: Domain, entry: MacEntry, ip: IpAddress | undefined): void {
  const probe = domain.probes.get(entry.mac);
  if (probe === undefined || probe.port !== entry.local?.port) return;
  if (probe.reason === "idle" || probe.reason === "aged-out") {
    domain.probes.delete(entry.mac);
    return;
  }
  if (ip === undefined || !probe.ips.has(ip)) return;
  const ips = new Set(probe.ips);
  ips.delete(ip);
  if (ips.size === 0) domain.probes.delete(entry.mac);
  else domain.probes.set(entry.mac, { ...probe, ips });
}

/** What is to be asked of a host that was just seen, now or later. */
export function follow(
  scene: { domain: Domain; at: number },
  {
    before,
    after,
    ip,
    settings,
  }: {
    before: MacEntry | undefined;
    after: MacEntry;
    ip: IpAddress | undefined;
    settings: ProbeSettings;
  },
): void {
  const { domain, at } = scene;
  const { mac, local } = after;
  heardOf(domain, after, ip);
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
  if (domain.agenda.at(mac) === undefined) domain.agenda.set(mac, at + settings.idleMs);
}

/** Asks once more for everything that the probe is about. */
export function ask(
  { domain, outbox, at }: { domain: Domain; outbox: Outbox; at: number },
  mac: MacAddress,
  { probe, settings }: { probe: Probe; settings: ProbeSettings },
): void {
  for (const ip of probe.ips) outbox.ask({ vni: domain.vni, port: probe.port, mac, ip });
  domain.probes.set(mac, { ...probe, attemptsLeft: probe.attemptsLeft - 1 });
  domain.agenda.set(mac, at + settings.intervalMs);
}
