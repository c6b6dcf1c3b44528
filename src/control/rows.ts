/**
 * The rows of the answers, which are also what `roam --json` prints (the contract). A field may be
 * added; none may change or go.
 */

import type { HistoryRow } from "../report/history-row.ts";
import type { MoveRecord } from "../report/move.ts";
import type { ExplainRow } from "./explain-row.ts";
import type { FactsRow } from "./facts-row.ts";

export interface StatusRow {
  readonly version: string;
  readonly ready: boolean;
  readonly uptimeSeconds: number;
  readonly vtep: string | null;
  readonly gobgp: {
    readonly address: string;
    readonly api: "v3" | "v4" | null;
    readonly connected: boolean;
    readonly asn: number | null;
    readonly routerId: string | null;
    readonly peers: readonly {
      readonly address: string;
      readonly asn: number;
      readonly state: string;
    }[];
  };
  /** How many MAC-VRFs there are. */
  readonly vnis: number;
  readonly macs: { readonly local: number; readonly remote: number; readonly duplicate: number };
  /** Rows that are wanted and do not stand yet. */
  readonly pending: { readonly kernel: number; readonly gobgp: number };
}

export interface VniRow {
  readonly vni: number;
  readonly bridge: string;
  readonly vxlan: string;
  readonly vtep: string;
  /** `null` until the BGP speaker has told who it is. */
  readonly routeDistinguisher: string | null;
  /** `*:10` where only the number counts, and the AS number does not. */
  readonly importTargets: readonly string[];
  readonly exportTargets: readonly string[];
  readonly ports: readonly string[];
  readonly localMacs: number;
  readonly remoteMacs: number;
  readonly remoteVteps: readonly string[];
  /** The VLAN of the bridge that it is; `null`: the bridge knows no VLANs. */
  readonly vlan: number | null;
}

export type WhereaboutsWord = "here" | "there" | "duplicate" | "nowhere";

export interface MacRow {
  readonly vni: number;
  readonly mac: string;
  readonly whereabouts: WhereaboutsWord;
  readonly port: string | null;
  readonly vtep: string | null;
  readonly seq: number | null;
  readonly sticky: boolean;
  readonly ips: readonly string[];
  /** The signal it was learned from, `rib` for a route. */
  readonly learnedFrom: string | null;
  readonly moves: number;
  readonly since: string;
}

export interface NeighborRow {
  readonly vni: number;
  readonly ip: string;
  readonly mac: string;
  readonly whereabouts: WhereaboutsWord;
  readonly port: string | null;
  readonly vtep: string | null;
  readonly seq: number | null;
  /** Of an IPv6 address, whether the host is a router; `null` where nobody has said (RFC 9047). */
  readonly router: boolean | null;
  readonly since: string;
}

export interface RouteRow {
  readonly type: 2 | 3;
  readonly routeDistinguisher: string;
  readonly ethernetTag: number;
  readonly mac: string | null;
  /** Of a Type 3 route, the originating router's. */
  readonly ip: string | null;
  readonly vni: number;
  readonly nexthop: string;
  readonly routeTargets: readonly string[];
  /** `null` without a MAC Mobility community, which counts as 0. */
  readonly seq: number | null;
  readonly sticky: boolean;
  readonly esi: string | null;
  readonly origin: "local" | "remote";
  readonly selected: boolean;
  /** Why it is not selected; `null` where it is. */
  readonly reason: string | null;
  /** The VNI of the IP-VRF (label 2); `null` without one. */
  readonly l3vni: number | null;
  /** The Default Gateway community (RFC 7432 §10.1). */
  readonly defaultGateway: boolean;
  /** Since when GoBGP has it, to the second; `null`: that is not known. */
  readonly since: string | null;
  /** Only with `--detail`: all that GoBGP has of it, not only the best path. */
  readonly paths?: readonly PathRow[];
}

export interface PathRow {
  /** `null`: made on this speaker. */
  readonly neighbor: string | null;
  readonly best: boolean;
  readonly since: string | null;
  /** By name, as they are on the wire; none where gobgpd does not tell them (before 3.10). */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface VtepRow {
  readonly vni: number;
  readonly vtep: string;
  /** Whether it wants copies of flooded frames. */
  readonly flooding: boolean;
  readonly macs: number;
}

export interface PortRow {
  readonly vni: number;
  readonly port: string;
  readonly state: "up" | "down";
  readonly macs: number;
  /** Signals seen on it: ARP, RARP and ND, not data. */
  readonly frames: number;
  readonly ignored: number;
  /** The same by reason. */
  readonly ignoredBy: Readonly<Record<string, number>>;
  /** The VLAN of the bridge that the MAC-VRF is; `null`: the bridge knows no VLANs. */
  readonly vlan: number | null;
}

export interface DuplicateRow {
  readonly vni: number;
  /** Of an IP that is a duplicate, the MAC that holds it; `null` where none does. */
  readonly mac: string | null;
  /** `null` where the MAC is the duplicate; the IPs of a frozen one follow it. */
  readonly ip: string | null;
  readonly moves: number;
  readonly since: string;
  readonly action: "warn" | "freeze";
  /** `null`: not before it is cleared. */
  readonly recoversAt: string | null;
  readonly vteps: readonly string[];
}

/** One thing that `doctor` has looked at. */
export interface CheckRow {
  readonly check: string;
  /** `null`: it can not be told from here. */
  readonly ok: boolean | null;
  readonly detail: string;
  /** What to do about it; `null` where nothing is wrong. */
  readonly remedy: string | null;
}

/** One event of `watch`: a notice as it is, when it was, and in words. */
export interface EventRow {
  readonly at: string;
  readonly kind: string;
  readonly level: string;
  readonly text: string;
  readonly [fact: string]: unknown;
}

/** Every question of `show`, and the row that answers it. */
export interface ShowRows {
  readonly status: StatusRow;
  readonly vnis: VniRow;
  readonly macs: MacRow;
  readonly neighbors: NeighborRow;
  readonly routes: RouteRow;
  readonly vteps: VtepRow;
  readonly ports: PortRow;
  readonly moves: MoveRecord;
  readonly history: HistoryRow;
  readonly explain: ExplainRow;
  readonly facts: FactsRow;
  readonly duplicates: DuplicateRow;
}

export type What = keyof ShowRows;
