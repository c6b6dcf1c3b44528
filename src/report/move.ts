/** A move as it is followed: what told of it, and when each of its steps was done. */
import type { DecidedBy } from "../evpn/mac-claim.ts";
import type { Notice } from "../mobility/notice.ts";
import { placeName } from "./direction.ts";

export type StepName =
  /** What told of the move: a frame of the host, a route, or the end of its port. */
  | "frame"
  | "route"
  | "port-down"
  | "aged-out"
  | "decision"
  /** The kernel forwards to the new place, as far as it is for us to say so. */
  | "fdb"
  /** What still comes here for the MAC out of the tunnels is sent on to the new place. */
  | "redirect"
  /** GoBGP has our route. */
  | "route-sent"
  /** The last of our routes is withdrawn. */
  | "route-withdrawn"
  /** The last route of the leaf that had the MAC before is gone. */
  | "old-owner-let-go";

/** A move as scripts get it (`roam show moves --json`). */
export interface MoveRecord {
  /** RFC 3339. */
  readonly at: string;
  readonly vni: number;
  readonly mac: string;
  readonly ips: readonly string[];
  /** A port's name or a VTEP's address. */
  readonly from: string | null;
  readonly to: string | null;
  readonly seq: number | null;
  readonly signal: string;
  /** Of a move by word, who has given it; `null` where nobody has, or it is not known. */
  readonly by: string | null;
  /** The claim that lost, and by which step; `null` where none that stood did. */
  readonly over: OverRecord | null;
  /** In the order in which they happened, in milliseconds after `at`. */
  readonly steps: readonly { readonly name: StepName; readonly atMs: number }[];
  /** Frames that came here too late and were sent on to the new place. */
  readonly redirected: number;
}

export interface OverRecord {
  readonly vtep: string;
  readonly seq: number;
  readonly sticky: boolean;
  readonly decidedBy: DecidedBy;
}

export type Moved = Extract<Notice, { kind: "moved" }>;

/** A move that can still get steps, or a departure that may become one. */
export interface Followed extends Moved {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  by: string | null;
  redirected: number;
  /** Milliseconds since the epoch. */
  readonly steps: Map<StepName, number>;
}

export function recordOf(move: Followed): MoveRecord {
  const { over } = move;
  const steps = [...move.steps].map(([name, at]) => ({
    name,
    atMs: Math.round((at - move.startedAt) * 1000) / 1000,
  }));
  return {
    at: new Date(move.startedAt).toISOString(),
    vni: move.vni,
    mac: move.mac,
    ips: move.ips,
    from: placeName(move.from),
    to: placeName(move.to),
    seq: move.seq ?? null,
    signal: move.signal,
    by: move.by,
    over: over === undefined ? null : { ...over },
    steps: steps.sort((a, b) => a.atMs - b.atMs),
    redirected: move.redirected,
  };
}
