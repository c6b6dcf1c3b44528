import { describe, expect, it } from "vitest";
import { esiFromParts, ZERO_ESI } from "../../src/evpn/esi.ts";
import { imetRouteKey } from "../../src/evpn/imet-route.ts";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { macIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import type { RouteDistinguisher } from "../../src/evpn/route-distinguisher.ts";
import { fdbKey, floodKey, neighbourKey } from "../../src/evpn/rows.ts";
import type { Vni } from "../../src/evpn/vni.ts";

const route = {
  rd: "192.0.2.1:10" as RouteDistinguisher,
  ethernetTag: 0,
  mac: "02:00:00:00:00:01" as MacAddress,
  ip: "192.0.2.10" as IpAddress,
  originator: "192.0.2.1" as IpAddress,
};

/** Every one of these is another one's key. */
function expectAllDistinct(keys: readonly string[]): void {
  expect(new Set(keys).size).toBe(keys.length);
}

describe("A key", () => {
  it("of a MAC/IP route is made of RD, Ethernet tag, MAC and IP (RFC 7432 §7.2)", () => {
    expect(macIpRouteKey(route)).toBe("192.0.2.1:10|0|02:00:00:00:00:01|192.0.2.10");
    expectAllDistinct([
      macIpRouteKey(route),
      macIpRouteKey({ ...route, ip: undefined }),
      macIpRouteKey({ ...route, ip: "2001:db8::1" as IpAddress }),
      macIpRouteKey({ ...route, ethernetTag: 1 }),
      macIpRouteKey({ ...route, mac: "02:00:00:00:00:02" as MacAddress }),
      macIpRouteKey({ ...route, rd: "192.0.2.1:11" as RouteDistinguisher }),
    ]);
  });

  it("of an IMET route is made of RD, Ethernet tag and originator (RFC 7432 §7.3)", () => {
    expectAllDistinct([
      imetRouteKey(route),
      imetRouteKey({ ...route, ethernetTag: 1 }),
      imetRouteKey({ ...route, originator: "192.0.2.2" as IpAddress }),
      imetRouteKey({ ...route, rd: "192.0.2.1:11" as RouteDistinguisher }),
    ]);
  });

  it("of a kernel row says where it stands, and not what stands there", () => {
    const vtep = "192.0.2.2" as IpAddress;
    const row = { vni: 10 as Vni, mac: route.mac, ip: route.ip, vtep };
    const other = { ...row, vtep: "192.0.2.3" as IpAddress };
    const elsewhere = { ...row, vni: 11 as Vni };
    expect(fdbKey(row)).toBe(fdbKey(other));
    expect(neighbourKey(row)).toBe(
      neighbourKey({ ...row, mac: "02:00:00:00:00:02" as MacAddress } as typeof row),
    );
    expectAllDistinct([fdbKey(row), fdbKey(elsewhere)]);
    expectAllDistinct([neighbourKey(row), neighbourKey(elsewhere)]);
    expectAllDistinct([floodKey(row), floodKey(other), floodKey(elsewhere)]);
  });
});

describe("An ESI", () => {
  it("is made of its type and nine bytes", () => {
    expect(esiFromParts(0, new Uint8Array(9))).toBe(ZERO_ESI);
    expect(esiFromParts(0, new Uint8Array(0))).toBe(ZERO_ESI);
    expect(esiFromParts(3, Uint8Array.from([2, 0, 0, 0, 0, 1, 0, 0, 255]))).toBe(
      "03:02:00:00:00:00:01:00:00:ff",
    );
  });

  it("is refused where it is too short or too long", () => {
    for (const length of [1, 8, 10]) {
      expect(esiFromParts(0, new Uint8Array(length))).toBeUndefined();
    }
  });
});
