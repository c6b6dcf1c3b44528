/**
 * What the daemon lets queries see of itself. Everything is a live, read-only view: to make one
 * costs nothing, however many MACs there are. Entries and routes are immutable values which the
 * engine replaces, so a query that has collected them keeps an answer of one moment.
 */
import type { ImetRoute, ImetRouteKey } from "../evpn/imet-route.ts";
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { MacIpRoute, MacIpRouteKey } from "../evpn/mac-ip-route.ts";
import type { MacVrf, Segment } from "../evpn/mac-vrf.ts";
import type { PortName } from "../evpn/port.ts";
import type { TableName } from "../evpn/rows.ts";
import type { Vni } from "../evpn/vni.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import type { Domain } from "../mobility/domain.ts";
import type { Duplicate, DuplicateSettings } from "../mobility/duplicates.ts";
import type { MacEntry } from "../mobility/mac-entry.ts";
import type { RouteIgnored } from "../mobility/notice.ts";
import type { Rows } from "../reconcile/slot.ts";
import type { Waiting } from "../reconcile/waiting-rows.ts";
import type { HistoryRow } from "../report/history-row.ts";
import type { MoveRecord } from "../report/move.ts";

export interface Snapshot {
  /** Milliseconds since the epoch, as all times here. */
  readonly now: number;
  /** What the clock on the wall says, which may have been set since we started. */
  readonly timeOfDay: number;
  /** Of the process, hexadecimal as in proc(5). */
  readonly capabilities: string | undefined;
  readonly version: string;
  readonly startedAt: number;
  /** Whether all sources have told their start, so that rows are written. */
  readonly ready: boolean;
  /** The leaf's own tunnel address; of several, that of the lowest VNI. */
  readonly vtep: VtepAddress | undefined;
  readonly gobgp: GobgpStatus;
  /** Rows that are wanted and do not stand yet, by where they shall. */
  readonly pending: { readonly kernel: number; readonly gobgp: number };
  readonly vrfs: Iterable<VrfView>;
  /** The bridge ports that hosts may be behind. */
  readonly ports: Iterable<PortView>;
  readonly bridges: Iterable<BridgeView>;
  /** All MACs of this moment, or those of one MAC-VRF; those that are nowhere, too. */
  entries(vni?: Vni): readonly MacEntry[];
  /** The IMET routes of the other VTEPs which the decision has taken in. */
  readonly floods: Iterable<ImetRoute>;
  /** The routes we want to stand in the RIB. */
  readonly ownMacIpRoutes: Iterable<MacIpRoute>;
  readonly ownImetRoutes: Iterable<ImetRoute>;
  /** Since when GoBGP has a route, in milliseconds since the epoch. */
  since(key: MacIpRouteKey | ImetRouteKey): number | undefined;
  /** What GoBGP has of each route, by its key; `undefined`: it was not asked. */
  readonly paths?: ReadonlyMap<string, readonly PathView[]> | undefined;
  /** Routes of others in the RIB which say nothing to us, and why; worked out while it is read. */
  readonly ignored: Iterable<IgnoredRoute>;
  /** The timeline's last moves, oldest first. */
  readonly moves: Iterable<MoveRecord>;
  readonly duplicates: Iterable<DuplicateView>;
  /** What has happened, by host; a host's oldest first. */
  history(): Iterable<HistoryRow>;
  /** All that is known, by MAC-VRF. */
  readonly domains: Iterable<Domain>;
  readonly duplicateSettings: DuplicateSettings;
  /** What should stand outside, and what does; `undefined` before the kernel is open. */
  readonly tables: { readonly [T in TableName]: TableView } | undefined;
}

export interface TableView {
  readonly desired: Rows<string, object>;
  readonly actual: Rows<string, object>;
  /** Rows that were tried in vain. */
  readonly waiting: ReadonlyMap<string, Waiting<string>>;
  /** Whether what stands at a key is what is wanted. */
  isRight(key: string): boolean;
}

/** A MAC or, where `ip` is there, an IP that is held to be at several places. */
export interface DuplicateView {
  readonly vni: Vni;
  /** Of an IP, the MAC that holds it. */
  readonly mac: MacAddress | undefined;
  readonly ip: IpAddress | undefined;
  /** The IPs of a MAC that are not sent or processed either, for they are its own (C2.10). */
  readonly inheriting: readonly IpAddress[];
  readonly duplicate: Duplicate;
}

/** A MAC-VRF; as long as the BGP speaker has not said who it is, without its BGP part. */
export type VrfView = MacVrf | { readonly segment: Segment; readonly rd: undefined };

export interface GobgpStatus {
  readonly address: string;
  /** `undefined` where there has been no connection yet; also below. */
  readonly api: "v3" | "v4" | undefined;
  readonly connected: boolean;
  readonly asn: number | undefined;
  readonly routerId: string | undefined;
  readonly peers: readonly {
    readonly address: string;
    readonly asn: number;
    readonly state: string;
  }[];
}

export interface BridgeView {
  readonly name: string;
  /** How long it remembers a host that is silent, in milliseconds; 0: it learns nothing. */
  readonly ageingMs: number;
  /** How long it should at the least: until such a host has been asked. */
  readonly leastAgeingMs: number;
}

/** One path of a route, as GoBGP has it. */
export interface PathView {
  /** `undefined`: made on this speaker. */
  readonly neighbor: string | undefined;
  readonly best: boolean;
  /** Seconds since the epoch. */
  readonly since: number | undefined;
  /** Worked out while it is read. */
  attributes(): Readonly<Record<string, string>>;
}

export interface PortView {
  readonly vni: Vni;
  readonly port: PortName;
  readonly up: boolean;
  /** Frames that the packet source has taken from it. */
  readonly frames: number;
  /** Those of them that said nothing, by the counter's label. */
  readonly ignored: ReadonlyMap<string, number>;
}

export type IgnoredRoute =
  | { readonly kind: "mac-ip"; readonly route: MacIpRoute; readonly reason: RouteIgnored }
  | { readonly kind: "imet"; readonly route: ImetRoute; readonly reason: RouteIgnored };
