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

export function decidedBy(a: MacClaim, b: MacClaim): DecidedBy {
  if (a.sticky !== b.sticky) return "sticky";
  if (a.seq !== b.seq) return "sequence";
  return a.vtep === b.vtep ? "same" : "vtep";
}

/**
 * Whether claim `a` beats claim `b`. Sticky first, for a static MAC may not move; then the higher
 * sequence number; and the lower VTEP address breaks a tie, so that every VTEP picks the same one.
 */
export function outranks(a: MacClaim, b: MacClaim): boolean {
  switch (decidedBy(a, b)) {
    case "sticky":
      return a.sticky;
    case "sequence":
      return a.seq > b.seq;
    case "vtep":
      return compareVteps(a.vtep, b.vtep) < 0;
    case "same":
      return false;
  }
}
