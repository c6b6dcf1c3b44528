/** Our own claim made otherwise: with a higher number, or under another tunnel address. */
import { SEQ_MAX } from "../evpn/mac-claim.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import type { MacEntry } from "./mac-entry.ts";

/**
 * The speaker refused our number, for it knows a higher one than we do: bid once more than
 * everything known. That goes for a sticky MAC too: GoBGP does not look at the flag, the other leaves
 * do so before they look at the number. `undefined` where the refusal concerns a claim we no longer
 * make.
 */
export function outbid(entry: MacEntry, refusedSeq: number): MacEntry | undefined {
  const { local } = entry;
  if (local === undefined || local.claim.seq !== refusedSeq) return undefined;
  if (refusedSeq >= SEQ_MAX) return undefined;
  const seq = Math.min(SEQ_MAX, Math.max(refusedSeq, entry.heardSeq) + 1);
  return { ...entry, local: { ...local, claim: { ...local.claim, seq } }, sentSeq: seq };
}

/** Claims once more with a number above everything known. */
export function raised(entry: MacEntry): MacEntry {
  const { local } = entry;
  if (local === undefined || local.claim.sticky) return entry;
  const seq = Math.min(SEQ_MAX, Math.max(entry.sentSeq, entry.heardSeq) + 1);
  return { ...entry, local: { ...local, claim: { ...local.claim, seq } }, sentSeq: seq };
}

/** The leaf's tunnel address is another now; so is that of its claims. */
export function rebased(entry: MacEntry, self: VtepAddress): MacEntry {
  if (entry.local === undefined || entry.local.claim.vtep === self) return entry;
  return { ...entry, local: { ...entry.local, claim: { ...entry.local.claim, vtep: self } } };
}
