/**
 * Numbers that the speaker would not take. It compares with routes that it has and we may not have
 * heard of yet, so a refusal is no reason to bid higher: what caused it comes in a moment, and decides.
 * Bid at once, the old place would take a MAC back without any frame from it. Only if nothing comes,
 * and the claim still stands, more is bid.
 */
import type { MacAddress } from "../evpn/mac.ts";
import { commit, type Scene } from "./commit.ts";
import { type MacEntry, strongestRival } from "./mac-entry.ts";
import { outbid } from "./reclaim.ts";

/** A route that the speaker has is told by its watch within milliseconds, or seconds under load. */
const CLAIM_COMES_MS = 1000;
/**
 * So long is waited where a claim is known that may well be the cause, and that ours outranks: of two
 * that came to two leaves at once, the one that has won the tie has to say so (RFC 7432 §15, C1.8). The
 * others believe the loser until then. Perhaps a higher one is right behind it.
 */
const CAUSE_KNOWN_MS = 50;

export function seqRefused(
  { domain, at }: Scene,
  { mac, seq }: { readonly mac: MacAddress; readonly seq: number },
): void {
  const entry = domain.entry(mac);
  if (entry?.local?.claim.seq !== seq || domain.refusals.get(mac) === seq) return;
  domain.refusals.set(mac, seq);
  domain.refusalAgenda.set(mac, at + (isCaused(entry, seq) ? CAUSE_KNOWN_MS : CLAIM_COMES_MS));
}

/** A claim has come: it may be the one for which a number of ours was refused. */
export function refusalExplained({ domain, at }: Scene, entry: MacEntry): void {
  const refused = domain.refusals.get(entry.mac);
  if (refused === undefined || !isCaused(entry, refused)) return;
  const dueAt = domain.refusalAgenda.at(entry.mac) ?? at;
  domain.refusalAgenda.set(entry.mac, Math.min(dueAt, at + CAUSE_KNOWN_MS));
}

/** Ours stands, and another of a number that the speaker would have us outbid is known. */
function isCaused(entry: MacEntry, refused: number): boolean {
  if (entry.local === undefined) return false;
  const rival = strongestRival(entry);
  return rival !== undefined && rival.seq >= refused;
}

/** Bids higher where the refused claim still stands. */
export function bidAgain(scene: Scene): void {
  const { domain, outbox, at } = scene;
  for (;;) {
    const mac = domain.refusalAgenda.take(at);
    if (mac === undefined) return;
    const refused = domain.refusals.get(mac) ?? -1;
    domain.refusals.delete(mac);
    const entry = domain.entry(mac);
    const after = entry && outbid(entry, refused);
    if (entry === undefined || after?.local === undefined) continue;
    commit(scene, { before: entry, after, by: "route" });
    const { seq } = after.local.claim;
    outbox.tell({ kind: "seq-refused", vni: domain.vni, mac, refused, seq });
  }
}
