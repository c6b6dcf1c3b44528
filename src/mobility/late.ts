/**
 * What comes from the port a MAC was just taken from (RFC 9721 §6.3). Taken for news, an answer to the
 * check there, or a frame that was under way, would take the MAC back from where it is now.
 */
import type { PortName } from "../evpn/port.ts";
import type { Signal } from "../evpn/signal.ts";
import type { Scene } from "./commit.ts";
import { type MacEntry, ownerElsewhere } from "./mac-entry.ts";
import type { Observation } from "./observation.ts";

type Sighting = Extract<Observation, { kind: "seen" }>;

/** The signals that can be answers to a question. */
export function isAnswer(signal: Signal): boolean {
  return signal === "arp-reply" || signal === "neighbour-advertisement";
}

/**
 * Whether this is something that was under way when the MAC went: an answer to our check, or what the
 * bridge has learned from it. Whoever is really back says so in other ways as well.
 */
export function isLate(check: PortName, { port, signal }: Sighting): boolean {
  return port === check && (isAnswer(signal) || signal === "data");
}

/** Answering the check, the host is at both places. */
export function tellLate(
  { domain, outbox }: Scene,
  entry: MacEntry,
  { port, signal }: Sighting,
): void {
  const { vni, mac } = entry;
  outbox.tell({ kind: "sighting-ignored", vni, mac, port, reason: "late" });
  const owner = ownerElsewhere(entry);
  if (!isAnswer(signal) || owner === undefined || !domain.probes.has(mac)) return;
  // Once is enough.
  domain.probes.delete(mac);
  outbox.tell({ kind: "alive-twice", vni, mac, port, vtep: owner.vtep });
}
