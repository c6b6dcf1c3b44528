/** A host, its leaves and its rows, for the tests of what people see. */

import { ZERO_ESI } from "../../src/evpn/esi.ts";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import type { MacIpRoute } from "../../src/evpn/mac-ip-route.ts";
import { portName } from "../../src/evpn/port.ts";
import type { RouteDistinguisher } from "../../src/evpn/route-distinguisher.ts";
import type { FdbRow } from "../../src/evpn/rows.ts";
import type { Vni } from "../../src/evpn/vni.ts";
import type { VtepAddress } from "../../src/evpn/vtep.ts";
import type { Notice, Place } from "../../src/mobility/notice.ts";

export const VNI = 10 as Vni;
export const MAC = "02:00:00:00:00:01" as MacAddress;
export const IP = "192.0.2.1" as IpAddress;
export const SELF = "10.255.0.1" as VtepAddress;
export const LEAF2 = "10.255.0.2" as VtepAddress;
export const LEAF3 = "10.255.0.3" as VtepAddress;

export const nowhere: Place = { kind: "nowhere" };
export const port = (name: string): Place => ({ kind: "port", port: portName(name) });
export const vtep = (address: VtepAddress): Place => ({ kind: "vtep", vtep: address });

export type Moved = Extract<Notice, { kind: "moved" }>;

export function moved(from: Place, to: Place, more: Partial<Moved> = {}): Moved {
  const signal = to.kind === "port" ? "gratuitous-arp" : "route";
  return { kind: "moved", vni: VNI, mac: MAC, ips: [IP], from, to, seq: 1, signal, ...more };
}

export function letGo(address: VtepAddress): Notice {
  return { kind: "let-go", vni: VNI, mac: MAC, vtep: address };
}

export function fdb(address: VtepAddress): FdbRow {
  return { vni: VNI, mac: MAC, vtep: address, pinned: false };
}

export function route(seq: number, ip: IpAddress | undefined = undefined): MacIpRoute {
  return {
    rd: "10.255.0.1:10" as RouteDistinguisher,
    ethernetTag: 0,
    mac: MAC,
    ip,
    vni: VNI,
    l3vni: undefined,
    nexthop: SELF,
    routeTargets: [],
    mobility: seq === 0 ? undefined : { seq, sticky: false },
    esi: ZERO_ESI,
    defaultGateway: false,
  };
}
