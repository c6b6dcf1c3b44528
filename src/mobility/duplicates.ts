/**
 * Duplicate detection: an address that moves too often is at two places at once, or somebody wants
 * us to believe so (RFC 7432 §15.1; RFC 9721 §8 for IPs). Pure: counts are folds over moves.
 */

import type { MacAddress } from "../evpn/mac.ts";
import { type MacPattern, matchesMac } from "../evpn/pattern.ts";
import type { Signal } from "../evpn/signal.ts";
import type { VtepAddress } from "../evpn/vtep.ts";

export interface DuplicateSettings {
  /** N of RFC 7432 §15.1: so many moves make a duplicate; at least 2. */
  readonly moves: number;
  /** M of RFC 7432 §15.1, in milliseconds. */
  readonly windowMs: number;
  /** `warn`: tell the operator and go on (FRR's default). `freeze`: stop sending and processing. */
  readonly action: "warn" | "freeze";
  /** `undefined`: a duplicate stays one until it is cleared by hand. */
  readonly recoverAfterMs: number | undefined;
  /** MACs that move by design, as those of VRRP do (C2.19). */
  readonly exempt: readonly MacPattern[];
}

/** RFC 7432 §15.1: 5 moves in 180 s. */
export const DEFAULT_DUPLICATES: DuplicateSettings = {
  moves: 5,
  windowMs: 180_000,
  action: "freeze",
  recoverAfterMs: 1_800_000,
  exempt: ["00:00:5e:00:01:*" as MacPattern, "00:00:5e:00:02:*" as MacPattern],
};

/** That an address is held to be at several places, and what was done about it. */
export interface Duplicate {
  readonly kind: "warned" | "frozen";
  readonly since: number;
  readonly recoversAt: number | undefined;
  readonly moves: number;
  /** The places concerned, ourselves included. */
  readonly vteps: readonly VtepAddress[];
}

/** The times of the last moves by local learning, oldest first; never more than N. */
export type MoveTimes = readonly number[];

export const NO_MOVES: MoveTimes = [];

export interface Counted {
  readonly times: MoveTimes;
  readonly isDuplicate: boolean;
}

/**
 * Counts a move. The window slides, and includes its edge: N moves of which the last comes exactly
 * M after the first are a duplicate, one millisecond later they are not (C2.4).
 */
export function countMove(times: MoveTimes, at: number, settings: DuplicateSettings): Counted {
  const recent = [...times, at].filter((time) => at - time <= settings.windowMs);
  const kept = recent.slice(-settings.moves);
  return { times: kept, isDuplicate: kept.length >= settings.moves };
}

export function isExempt(mac: MacAddress, { exempt }: DuplicateSettings): boolean {
  return exempt.some((pattern) => matchesMac(pattern, mac));
}

export function duplicateFrom(
  { times, at, vteps }: { times: MoveTimes; at: number; vteps: readonly VtepAddress[] },
  { action, recoverAfterMs }: DuplicateSettings,
): Duplicate {
  const recoversAt = recoverAfterMs === undefined ? undefined : at + recoverAfterMs;
  const kind = action === "freeze" ? "frozen" : "warned";
  return { kind, since: at, recoversAt, moves: times.length, vteps: [...new Set(vteps)] };
}

/**
 * Whether an IP that comes to another MAC by this signal counts as a move towards a duplicate. Who
 * takes over a virtual IP announces it (keepalived, MetalLB): that is a handover, as often as it may
 * happen. Two hosts that both believe to own an IP go on using it in ordinary requests and replies.
 */
export function isHandover(signal: Signal): boolean {
  return signal === "gratuitous-arp" || signal === "unsolicited-advertisement";
}
