/**
 * The rows roamd wants to stand outside of it, in the field's words. Which kernel entries or BGP
 * paths one row becomes is the driver's business.
 */
import type { Brand } from "./brand.ts";
import type { ImetRoute, ImetRouteKey } from "./imet-route.ts";
import type { IpAddress } from "./ip.ts";
import type { MacAddress } from "./mac.ts";
import type { MacIpRoute, MacIpRouteKey } from "./mac-ip-route.ts";
import type { Vni } from "./vni.ts";
import type { VtepAddress } from "./vtep.ts";

/** A remote MAC: one row here is two in Linux (bridge to VXLAN port, VXLAN device to VTEP). */
export interface FdbRow {
  readonly vni: Vni;
  readonly mac: MacAddress;
  readonly vtep: VtepAddress;
  /** The kernel must not let a local frame take it over: nobody here may claim the MAC. */
  readonly pinned: boolean;
}

/** One destination of flooded frames (ingress replication, RFC 8365 §9). */
export interface FloodRow {
  readonly vni: Vni;
  readonly vtep: VtepAddress;
}

/** An IP of a remote host, so that the bridge can answer for it (ARP and ND suppression). */
export interface NeighbourRow {
  readonly vni: Vni;
  readonly ip: IpAddress;
  readonly mac: MacAddress;
  /** Whether it is a router, of an IPv6 address; left out: nobody has said. */
  readonly router?: boolean;
}

/**
 * That frames for a MAC which still come here out of the tunnels are sent on to where it is now, as
 * its forwarding entry says.
 */
export interface RedirectRow {
  readonly vni: Vni;
  readonly mac: MacAddress;
  /** Until when, in milliseconds since the epoch. */
  readonly until: number;
}

export type FdbKey = Brand<string, "FdbKey">;
export type FloodKey = Brand<string, "FloodKey">;
export type NeighbourKey = Brand<string, "NeighbourKey">;
export type RedirectKey = Brand<string, "RedirectKey">;

// Joined rather than put together by a template: V8 keeps the latter in two pieces for as long as
// the key lives, which is 32 bytes more for each of many keys of each of many rows.

export function fdbKey(row: Pick<FdbRow, "vni" | "mac">): FdbKey {
  return [row.vni, row.mac].join("|") as FdbKey;
}

export function floodKey(row: FloodRow): FloodKey {
  return `${row.vni}|${row.vtep}` as FloodKey;
}

export function neighbourKey(row: Pick<NeighbourRow, "vni" | "ip">): NeighbourKey {
  return [row.vni, row.ip].join("|") as NeighbourKey;
}

export function redirectKey(row: Pick<RedirectRow, "vni" | "mac">): RedirectKey {
  return `${row.vni}|${row.mac}` as RedirectKey;
}

/** Every table, its key and its row. */
export interface Tables {
  readonly fdb: { readonly key: FdbKey; readonly row: FdbRow };
  readonly flood: { readonly key: FloodKey; readonly row: FloodRow };
  readonly neighbour: { readonly key: NeighbourKey; readonly row: NeighbourRow };
  readonly redirect: { readonly key: RedirectKey; readonly row: RedirectRow };
  readonly "mac-ip-route": { readonly key: MacIpRouteKey; readonly row: MacIpRoute };
  readonly "imet-route": { readonly key: ImetRouteKey; readonly row: ImetRoute };
}

export type TableName = keyof Tables;

/** What should stand, or what was seen to stand, at one key of one table; `undefined` is nothing. */
export type RowAt = {
  readonly [T in TableName]: {
    readonly table: T;
    readonly key: Tables[T]["key"];
    readonly row: Tables[T]["row"] | undefined;
  };
}[TableName];
