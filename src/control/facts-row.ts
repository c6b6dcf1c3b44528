/** What the daemon knows that bears on whether EVPN works at all: what `roam doctor` judges. */
import type { TableName } from "../evpn/rows.ts";
import type { StatusRow } from "./rows.ts";

export interface FactsRow {
  readonly status: StatusRow;
  /** Of the process, as in `CapEff` of proc(5), hexadecimal; `null`: not known. */
  readonly capabilities: string | null;
  /** Milliseconds: the time by which everything is told, and the time of day. */
  readonly clock: { readonly told: number; readonly ofDay: number };
  readonly vnis: readonly VniFacts[];
  /** Route distinguishers under which more than one VTEP sends routes; ours with those who use it too. */
  readonly sharedDistinguishers: readonly {
    readonly routeDistinguisher: string;
    readonly vteps: readonly string[];
  }[];
  /** Rows that do not stand as wanted, by table. */
  readonly tables: readonly {
    readonly table: TableName;
    readonly wanted: number;
    readonly retrying: number;
    readonly foreign: number;
    readonly unfit: number;
    /** Why one of them does not. */
    readonly reason: string | null;
  }[];
}

export interface VniFacts {
  readonly vni: number;
  readonly bridge: string;
  readonly vxlan: string;
  readonly vtep: string;
  readonly exportTargets: readonly string[];
  readonly importTargets: readonly string[];
  /** Who wants copies of flooded frames. */
  readonly flooding: readonly string[];
  /** Who has MACs, and has not said so. */
  readonly silent: readonly string[];
  /** Whose routes carry this VNI and none of our import targets. */
  readonly unmatched: readonly {
    readonly vtep: string;
    readonly routeTargets: readonly string[];
    readonly routes: number;
  }[];
  /** How long the bridge remembers a silent host, and how long it should; `null`: not known. */
  readonly ageing: {
    readonly bridgeSeconds: number;
    readonly leastSeconds: number;
  } | null;
}
