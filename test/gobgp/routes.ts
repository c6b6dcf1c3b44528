/** Routes for the tests of this folder, and values of every kind for its properties. */
import fc from "fast-check";
import { type Esi, ZERO_ESI } from "../../src/evpn/esi.ts";
import type { ImetRoute } from "../../src/evpn/imet-route.ts";
import { type IpAddress, parseIp } from "../../src/evpn/ip.ts";
import { parseMac } from "../../src/evpn/mac.ts";
import type { MacIpRoute } from "../../src/evpn/mac-ip-route.ts";
import type { NumberedBy } from "../../src/evpn/numbered-by.ts";
import type { Result } from "../../src/evpn/result.ts";
import { parseRouteDistinguisher, routeDistinguisher } from "../../src/evpn/route-distinguisher.ts";
import { parseRouteTarget, routeTarget } from "../../src/evpn/route-target.ts";
import { toVni } from "../../src/evpn/vni.ts";

export function must<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(String(result.error));
  return result.value;
}

export const ip = (text: string): IpAddress => must(parseIp(text));
const leaf1 = ip("192.0.2.1");

export function macIpRoute(given: Partial<MacIpRoute> = {}): MacIpRoute {
  return {
    rd: must(parseRouteDistinguisher("192.0.2.1:100")),
    ethernetTag: 0,
    mac: must(parseMac("02:00:00:00:01:01")),
    ip: undefined,
    vni: must(toVni(100)),
    l3vni: undefined,
    nexthop: leaf1,
    routeTargets: [must(parseRouteTarget("65000:100"))],
    mobility: undefined,
    esi: ZERO_ESI,
    defaultGateway: false,
    ...given,
  };
}

export function imetRoute(given: Partial<ImetRoute> = {}): ImetRoute {
  return {
    rd: must(parseRouteDistinguisher("192.0.2.1:100")),
    ethernetTag: 0,
    originator: leaf1,
    vni: must(toVni(100)),
    tunnel: leaf1,
    nexthop: leaf1,
    routeTargets: [must(parseRouteTarget("65000:100"))],
    ...given,
  };
}

const uint16 = fc.nat(0xffff);
const uint32 = fc.nat(0xffff_ffff);
const ipv4 = fc.ipV4().filter((text) => text !== "0.0.0.0");
const anyIp = fc
  .oneof(
    ipv4,
    fc.ipV6().filter((text) => parseIp(text).ok),
  )
  .map(ip)
  .filter((address) => address !== "::");
const mac = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes) => Buffer.from([(bytes[0] ?? 0) & 0xfe, ...bytes.subarray(1, 5), bytes[5] || 1]))
  .map((bytes) => must(parseMac(bytes.toString("hex").replace(/..(?=.)/g, "$&:"))));
const vni = fc.integer({ min: 1, max: 0xff_ff_ff }).map((number) => must(toVni(number)));
const numberedBy: fc.Arbitrary<NumberedBy> = fc.oneof(
  fc.record({ kind: fc.constant("as2" as const), admin: uint16, number: uint32 }),
  fc.record({ kind: fc.constant("as4" as const), admin: uint32, number: uint16 }),
  fc.record({ kind: fc.constant("ipv4" as const), admin: ipv4.map(ip), number: uint16 }),
);
const shared = {
  rd: numberedBy.map(routeDistinguisher),
  ethernetTag: uint32,
  vni,
  nexthop: anyIp,
  routeTargets: fc.array(numberedBy.map(routeTarget), { minLength: 1, maxLength: 4 }),
};

export const anyMacIpRoute: fc.Arbitrary<MacIpRoute> = fc.record({
  ...shared,
  mac,
  ip: fc.option(anyIp, { nil: undefined }),
  l3vni: fc.option(vni, { nil: undefined }),
  mobility: fc.option(fc.record({ seq: uint32, sticky: fc.boolean() }), { nil: undefined }),
  esi: fc.uint8Array({ minLength: 10, maxLength: 10 }).map(
    (bytes) =>
      Buffer.from(bytes)
        .toString("hex")
        .replace(/..(?=.)/g, "$&:") as Esi,
  ),
  defaultGateway: fc.boolean(),
});

export const anyImetRoute: fc.Arbitrary<ImetRoute> = fc.record({
  ...shared,
  originator: anyIp,
  tunnel: anyIp,
});
