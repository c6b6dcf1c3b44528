/**
 * Numbers that the speaker would not take. It compares with routes that it has and we may not have
 * heard of yet, so a refusal is no reason to bid higher: what caused it comes in a moment, and decides.
 * Bid at once, the old place would take a MAC back without any frame from it. Only if nothing comes,
 * and the claim still stands, more is bid.
 */
import type { MacAddress } from "../evpn/mac.ts";
import { commit, type Scene } from "./commit.ts";
import { outbid } from "./reclaim.ts";

/** A route that the speaker has is told by its watch within milliseconds, or seconds under load. */
const CLAIM_COMES_MS = 1000;

export function seqRefused(
  { domain, at }: Scene,
  { mac, seq }: { readonly mac: MacAddress; readonly seq: number },
): void {
  if (domain.entry(mac)?.local?.claim.seq !== seq || domain.refusals.get(mac) === seq) return;
  domain.refusals.set(mac, seq);
  domain.refusalAgenda.set(mac, at + CLAIM_COMES_MS);
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
