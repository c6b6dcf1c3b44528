/**
 * MAC mobility: which of two claims to a MAC address wins.
 *
 * RFC 7432 §7.7 (the community), §15 (the procedure), §15.2 (sticky MAC addresses).
 */
import { compareVteps, type VtepAddress } from "./vtep.ts";

/** A VTEP's claim that a MAC is behind it, as a MAC/IP route (Type 2) carries it. */
export interface MacClaim {
  readonly vtep: VtepAddress;
  /** From the MAC Mobility community, 0 to 2^32-1; a route without one claims with 0. */
  readonly seq: number;
  readonly sticky: boolean;
}

export const SEQ_MAX = 0xffff_ffff;

/** The step of the comparison that decides between two claims. */
export type DecidedBy = "sticky" | "sequence" | "vtep" | "same";

/** What came of comparing two claims: whether the first beats the second, and by which step. */
export interface Verdict {
  readonly wins: boolean;
  readonly by: DecidedBy;
}

/**
 * Compares claim `a` with claim `b`. Sticky first, for a static MAC may not move; then the higher
 * sequence number; and the lower VTEP address breaks a tie, so that every VTEP picks the same one.
 * Whoever explains a decision asks here too, so that the explanation can not differ from it.
 */
export function compareClaims(a: MacClaim, b: MacClaim): Verdict {
  if (a.sticky !== b.sticky) return { wins: a.sticky, by: "sticky" };
  if (a.seq !== b.seq) return { wins: a.seq > b.seq, by: "sequence" };
  if (a.vtep === b.vtep) return { wins: false, by: "same" };
  return { wins: compareVteps(a.vtep, b.vtep) < 0, by: "vtep" };
}

export function outranks(a: MacClaim, b: MacClaim): boolean {
  return compareClaims(a, b).wins;
}

export function decidedBy(a: MacClaim, b: MacClaim): DecidedBy {
  return compareClaims(a, b).by;
}
