/** The answer to "why is this MAC there?" (`roam explain`). A field may be added; none may go. */
import type { DecidedBy } from "../evpn/mac-claim.ts";
import type { TableName } from "../evpn/rows.ts";
import type { HistoryRow } from "../report/history-row.ts";
import type { MacRow } from "./rows.ts";

/** A MAC in one VNI; of an IP, each MAC that anybody gives it to. */
export interface ExplainRow extends MacRow {
  /** In a sentence. */
  readonly why: string;
  /** `null` where no other claim has been compared with that which won. */
  readonly deciding: {
    readonly step: DecidedBy;
    readonly winner: ClaimText;
    /** `null`: it was seen here, and nothing was claimed, for it is sticky elsewhere. */
    readonly loser: ClaimText | null;
    /** When; `null`: both stand now. */
    readonly at: string | null;
  } | null;
  /** Where an IP was asked about. */
  readonly ip: {
    readonly ip: string;
    /** Whether this MAC holds it. */
    readonly holds: boolean;
    /** Which MAC does; `null`: none, for it is frozen. */
    readonly holder: string | null;
    /** The step at which this MAC lost it; `host-here`: to a host behind a port, which has shown itself. */
    readonly decidedBy: DecidedBy | "host-here" | "other-owner" | "duplicate" | null;
  } | null;
  readonly claims: readonly ClaimRow[];
  /** Routes for this MAC that are not taken in, and why. */
  readonly ignored: readonly {
    readonly routeDistinguisher: string;
    readonly nexthop: string;
    readonly ip: string | null;
    readonly reason: string;
  }[];
  /** What has been seen of it here; `null`: it is not here. */
  readonly evidence: {
    readonly port: string;
    /** The signal by which it came. */
    readonly learnedFrom: string;
    readonly seenAt: string;
    readonly ageSeconds: number;
    /** Whether it has answered a question of ours: then its silence means something. */
    readonly answers: boolean;
    readonly ips: readonly {
      readonly ip: string;
      readonly learnedFrom: string;
      readonly since: string;
    }[];
  } | null;
  /** Why what was seen of it here since it came where it is was not acted upon; `null`: it was. */
  readonly refused: string | null;
  /** The last sign of a frozen MAC on a port of ours, which was not acted upon. */
  readonly waiting: {
    readonly port: string;
    readonly learnedFrom: string;
    readonly at: string;
  } | null;
  /** The highest sequence numbers ever sent and heard; `null`: none. */
  readonly numbers: { readonly sent: number | null; readonly heard: number | null };
  readonly timers: readonly TimerRow[];
  readonly duplicates: {
    /** Moves to us that count. */
    readonly moves: number;
    /** So many make a duplicate. */
    readonly of: number;
    readonly windowSeconds: number;
    readonly duplicate: "warned" | "frozen" | null;
    /** It may move as often as it likes, by the configuration: its moves do not count. */
    readonly exempt: boolean;
  };
  /** What is wanted of the kernel and of GoBGP, and what stands. */
  readonly rows: readonly RowState[];
  /** The last that happened to it, oldest first. */
  readonly happened: readonly HistoryRow[];
}

export interface ClaimText {
  readonly vtep: string;
  readonly seq: number;
  readonly sticky: boolean;
}

export interface ClaimRow extends ClaimText {
  readonly origin: "local" | "remote";
  readonly outcome: "won" | "lost" | "held" | "frozen" | "no-rival";
  /** Where it lost: at which step, and to whom. */
  readonly decidedBy: DecidedBy | null;
  readonly to: string | null;
  /** The routes that make it; of ours, those wanted. */
  readonly routes: readonly {
    readonly routeDistinguisher: string;
    readonly ip: string | null;
    readonly seq: number | null;
    readonly esi: string;
  }[];
}

export interface TimerRow {
  readonly name: string;
  /** `null`: not before somebody does something. */
  readonly dueAt: string | null;
  readonly inSeconds: number | null;
  /** What it is for, in words. */
  readonly text: string;
}

export interface RowState {
  readonly table: TableName;
  readonly key: string;
  readonly wanted: object | null;
  readonly standing: object | null;
  /** `right`; being written; tried again later; somebody else's; refused for good. */
  readonly state: "right" | "writing" | "retrying" | "foreign" | "unfit";
  readonly reason: string | null;
  readonly retryAt: string | null;
}
