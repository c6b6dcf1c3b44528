/**
 * What comes from the port a MAC was just taken from (RFC 9721 §6.3). Taken for news, an answer to the
 * check there, or a frame that was under way, would take the MAC back from where it is now.
 */

import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import type { Scene } from "./commit.ts";
import type { Domain } from "./domain.ts";
import { type DuplicateSettings, isExempt } from "./duplicates.ts";
import { type MacEntry, ownerElsewhere } from "./mac-entry.ts";
import type { Sighting } from "./observation.ts";

/** The bridge may have learned the MAC from an answer: which of the two it was is known by then. */
const ANSWER_COMES_MS = 50;

/**
 * Whether this may be an answer to our check, or what the bridge has learned from one. Whoever is
 * really back says so in other ways, or by data frames alone (`attend.ts` sees to those).
 */
export function isLate(entry: MacEntry, { port, signal }: Sighting): boolean {
  if (entry.check !== port) return false;
  return signal === "data" || (signal === "answer" && !hasLostTie(entry));
}

/**
 * Of two leaves that the host came to one right after the other, each has bid before it heard of the
 * other, and the number says nothing of which was the last: the winner of the tie may be the one that
 * the host has left. An answer to a question that was asked after both bids says it.
 */
export function hasLostTie(entry: MacEntry): boolean {
  const owner = ownerElsewhere(entry);
  return owner !== undefined && !owner.sticky && owner.seq === entry.sentSeq;
}

/** Answering the check, the host is at both places. */
export function tellLate(
  scene: Scene,
  entry: MacEntry,
  { sighting, duplicates }: { sighting: Sighting; duplicates: DuplicateSettings },
): void {
  const { domain, outbox, at } = scene;
  const { vni, mac, port, signal } = sighting;
  outbox.tell({ kind: "sighting-ignored", vni, mac, port, reason: "late" });
  if (signal === "data") {
    if (domain.returning.get(mac) !== "answered") {
      domain.returning.set(mac, sighting);
      domain.agenda.set(mac, at + ANSWER_COMES_MS);
    }
    return;
  }
  const owner = ownerElsewhere(entry);
  // Once is enough.
  if (owner === undefined || domain.returning.get(mac) === "answered") return;
  domain.returning.set(mac, "answered");
  // Two virtual routers are both masters for a moment whenever one takes over.
  if (isExempt(mac, duplicates)) return;
  outbox.tell({ kind: "alive-twice", vni, mac, port, vtep: owner.vtep });
}

/** The bridge has forgotten what it had learned at that port: there is nothing to come back from it. */
export function forgetReturning(domain: Domain, mac: MacAddress, port: PortName): void {
  const back = domain.returning.get(mac);
  if (back !== undefined && back !== "answered" && back.port === port) domain.returning.delete(mac);
}
