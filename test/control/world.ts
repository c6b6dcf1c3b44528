/** A made-up leaf for the queries: what the daemon would hand them, from a few words. */

import type { PortView, Snapshot } from "../../src/control/snapshot.ts";
import { ZERO_ESI } from "../../src/evpn/esi.ts";
import type { ImetRoute } from "../../src/evpn/imet-route.ts";
import { type IpAddress, parseIp } from "../../src/evpn/ip.ts";
import { type MacAddress, parseMac } from "../../src/evpn/mac.ts";
import type { MacIpRoute } from "../../src/evpn/mac-ip-route.ts";
import { type MacVrf, macVrf } from "../../src/evpn/mac-vrf.ts";
import { portName } from "../../src/evpn/port.ts";
import type { Result } from "../../src/evpn/result.ts";
import { automaticRouteDistinguisher } from "../../src/evpn/route-distinguisher.ts";
import { automaticRouteTarget } from "../../src/evpn/route-target.ts";
import { toVni, type Vni } from "../../src/evpn/vni.ts";
import { DEFAULT_DUPLICATES } from "../../src/mobility/duplicates.ts";
import type { MacEntry } from "../../src/mobility/mac-entry.ts";

export const T0: number = Date.parse("2026-03-01T12:00:00.000Z");
export const LEAF1: IpAddress = ip("10.255.0.1");
export const LEAF2: IpAddress = ip("10.255.0.2");
export const LEAF3: IpAddress = ip("10.255.0.10");

export function ip(text: string): IpAddress {
  return known(parseIp(text));
}

export function mac(text: string): MacAddress {
  return known(parseMac(text));
}

export function vni(value: number): Vni {
  return known(toVni(value));
}

function known<T>(result: Result<T>): T {
  if (!result.ok) throw new TypeError(result.error);
  return result.value;
}

interface Host {
  readonly vni?: number;
  readonly mac: string;
  readonly port?: string;
  readonly seq?: number;
  readonly sticky?: boolean;
  readonly ips?: readonly string[];
  readonly remote?: readonly MacIpRoute[];
}

/** A MAC entry: local where it has a port. */
export function entry(host: Host): MacEntry {
  const { port, seq = 0, sticky = false, ips = [] } = host;
  return {
    vni: vni(host.vni ?? 10),
    mac: mac(host.mac),
    local:
      port === undefined
        ? undefined
        : {
            port: portName(port),
            claim: { vtep: LEAF1, seq, sticky },
            learnedFrom: "gratuitous-arp",
            ips: new Map(
              ips.map((text) => [
                ip(text),
                { learnedFrom: "arp-request", since: T0, answers: false },
              ]),
            ),
            seenAt: T0,
            answers: false,
          },
    remote: host.remote ?? [],
    sentSeq: port === undefined ? -1 : seq,
    heardSeq: -1,
    remembered: [],
    rememberedSeq: -1,
    moveTimes: [],
    duplicate: undefined,
    frozen: undefined,
    check: undefined,
    moves: 1,
    since: T0,
  };
}

interface Told {
  readonly vni?: number;
  readonly mac: string;
  readonly ip?: string;
  readonly seq?: number;
  readonly sticky?: boolean;
}

/** A route as the leaf at `vtep` would send it; without `seq` it has no MAC Mobility community. */
export function macIpRoute(vtep: IpAddress, told: Told): MacIpRoute {
  const number = told.vni ?? 10;
  return {
    rd: automaticRouteDistinguisher(vtep, number),
    ethernetTag: 0,
    mac: mac(told.mac),
    ip: told.ip === undefined ? undefined : ip(told.ip),
    vni: vni(number),
    l3vni: undefined,
    nexthop: vtep,
    routeTargets: [automaticRouteTarget(65000, vni(number))],
    mobility: told.seq === undefined ? undefined : { seq: told.seq, sticky: told.sticky ?? false },
    esi: ZERO_ESI,
    defaultGateway: false,
  };
}

export function imetRoute(vtep: IpAddress, number = 10): ImetRoute {
  return {
    rd: automaticRouteDistinguisher(vtep, number),
    ethernetTag: 0,
    originator: vtep,
    vni: vni(number),
    tunnel: vtep,
    nexthop: vtep,
    routeTargets: [automaticRouteTarget(65000, vni(number))],
  };
}

export function vrf(number: number): MacVrf {
  return macVrf(
    {
      vni: vni(number),
      vtep: LEAF1,
      bridge: `br${number}`,
      vxlan: `vxlan${number}`,
      ownMacs: [],
    },
    { asn: 65000, routerId: LEAF1 },
    { rdNumber: number, settings: undefined },
  );
}

export function port(name: string, view: Partial<PortView> = {}): PortView {
  return { vni: vni(10), port: portName(name), up: true, frames: 0, ignored: new Map(), ...view };
}

interface World extends Partial<Omit<Snapshot, "entries">> {
  readonly entries?: readonly MacEntry[];
}

/** A leaf of one MAC-VRF that knows nothing, but for what is given. */
export function world({ entries = [], ...rest }: World = {}): Snapshot {
  return {
    now: T0 + 90_500,
    timeOfDay: T0 + 90_500,
    capabilities: "3000",
    version: "0.1.0",
    startedAt: T0,
    ready: true,
    vtep: LEAF1,
    gobgp: {
      address: "127.0.0.1:50051",
      api: "v4",
      connected: true,
      asn: 65000,
      routerId: LEAF1,
      peers: [{ address: "10.255.0.100", asn: 65000, state: "established" }],
    },
    pending: { kernel: 0, gobgp: 0 },
    vrfs: [vrf(10)],
    ports: [],
    bridges: [],
    entries: (number) => entries.filter((entry) => number === undefined || entry.vni === number),
    floods: [],
    ownMacIpRoutes: [],
    ownImetRoutes: [],
    since: () => undefined,
    ignored: [],
    moves: [],
    duplicates: [],
    history: () => [],
    domains: [],
    duplicateSettings: DEFAULT_DUPLICATES,
    tables: undefined,
    ...rest,
  };
}
