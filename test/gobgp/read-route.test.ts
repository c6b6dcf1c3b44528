import { describe, expect, it } from "vitest";
import { readRoute, readRouteId } from "../../src/gobgp/read-route.ts";
import type { Attribute, Community, Nlri, SpeakerPath } from "../../src/gobgp/speaker-path.ts";

const target: Community = {
  kind: "specific",
  transitive: true,
  subType: 2,
  value: { kind: "as2", admin: 65_000, number: 100 },
};
const vxlan: Community = { kind: "encapsulation", tunnelType: 8 };
const reach: Attribute = { kind: "mp-reach", nexthops: ["192.0.2.9"] };
const pmsi = {
  kind: "pmsi",
  flags: 0,
  type: 6,
  label: 100,
  id: Buffer.from([192, 0, 2, 9]),
} as const;
const macIp = {
  kind: "mac-ip",
  rd: { kind: "ipv4", admin: "192.0.2.9", number: 100 },
  esi: undefined,
  ethernetTag: 0,
  mac: "02:00:00:00:01:01",
  ip: "198.51.100.1",
  labels: [100],
} as const;
const imet = { kind: "imet", rd: macIp.rd, ethernetTag: 0, ip: "192.0.2.9" } as const;

function path(nlri: Nlri, attributes: readonly Attribute[]): SpeakerPath {
  return { evpn: true, nlri, attributes, withdraw: false, best: false, neighbor: "192.0.2.254" };
}

function communities(...given: Community[]): Attribute {
  return { kind: "communities", communities: given };
}

const plain = [{ kind: "origin", origin: 0 }, reach, communities(target, vxlan)] as const;

function readMacIp(
  given: Partial<typeof macIp> | object,
  attributes: readonly Attribute[] = plain,
) {
  const read = readRoute(path({ ...macIp, ...given } as Nlri, attributes));
  if (!read.ok) return read.error;
  if (read.value.table !== "mac-ip-route") throw new Error("not a MAC/IP route");
  return read.value.row;
}

describe("A MAC/IP path", () => {
  it("is read as a route", () => {
    expect(readMacIp({})).toEqual({
      rd: "192.0.2.9:100",
      ethernetTag: 0,
      mac: "02:00:00:00:01:01",
      ip: "198.51.100.1",
      vni: 100,
      l3vni: undefined,
      nexthop: "192.0.2.9",
      routeTargets: ["65000:100"],
      mobility: undefined,
      esi: "00:00:00:00:00:00:00:00:00:00",
      defaultGateway: false,
    });
  });

  it.each(["", "<nil>", "invalid IP"])('has no IP address where the API says "%s"', (ip) => {
    expect(readMacIp({ ip })).toMatchObject({ ip: undefined });
  });

  it("has the canonical form of an IPv6 address", () => {
    expect(readMacIp({ ip: "2001:DB8:0:0::1" })).toMatchObject({ ip: "2001:db8::1" });
  });

  it("takes the next hop from NEXT_HOP where there is no MP_REACH_NLRI", () => {
    const attributes: Attribute[] = [{ kind: "next-hop", nexthop: "192.0.2.8" }];
    expect(readMacIp({}, attributes)).toMatchObject({ nexthop: "192.0.2.8" });
  });

  it("C1.19 with two MAC Mobility communities claims with the higher number", () => {
    const both = communities(
      { kind: "mobility", seq: 4, sticky: false },
      { kind: "mobility", seq: 9, sticky: true },
      { kind: "mobility", seq: 2, sticky: false },
    );
    expect(readMacIp({}, [reach, both])).toMatchObject({ mobility: { seq: 9, sticky: true } });
  });

  it("C1.27 tells the default gateway apart", () => {
    const attributes = [reach, communities(target, { kind: "default-gateway" })];
    expect(readMacIp({}, attributes)).toMatchObject({ defaultGateway: true });
  });

  it("has its route targets, of all three forms, and only those", () => {
    const specific = (subType: number, value: object): Community =>
      ({ kind: "specific", transitive: true, subType, value }) as Community;
    const attributes = [
      reach,
      communities(
        specific(2, { kind: "as2", admin: 1, number: 70_000 }),
        specific(2, { kind: "as4", admin: 4_200_000_000, number: 100 }),
        specific(2, { kind: "ipv4", admin: "10.0.0.1", number: 100 }),
        specific(3, { kind: "as2", admin: 2, number: 2 }),
        specific(2, { kind: "ipv4", admin: "nonsense", number: 1 }),
        specific(2, { kind: "as4", admin: 1, number: 70_000 }),
        { kind: "other" },
      ),
    ];
    expect(readMacIp({}, attributes)).toMatchObject({
      routeTargets: ["1:70000", "4200000000:100", "10.0.0.1:100"],
    });
  });

  it("C5.7 without an encapsulation is taken for VXLAN", () => {
    expect(readMacIp({}, [reach, communities(target)])).toMatchObject({ vni: 100 });
  });

  it("C5.7 with several encapsulations is taken if VXLAN is one", () => {
    const both = communities({ kind: "encapsulation", tunnelType: 9 }, vxlan);
    expect(readMacIp({}, [reach, both])).toMatchObject({ vni: 100 });
  });

  it.each([
    ["C1.21 a MAC address of five bytes", { mac: "02:00:00:00:01" }, plain, "mac"],
    ["C1.21 no MAC address", { mac: "" }, plain, "mac"],
    ["C1.21 an IP address of another length", { ip: "10.0.0" }, plain, "ip"],
    ["no route distinguisher", { rd: undefined }, plain, "route-distinguisher"],
    [
      "a route distinguisher of a nonsensical address",
      { rd: { kind: "ipv4", admin: "<nil>", number: 1 } },
      plain,
      "route-distinguisher",
    ],
    ["no label", { labels: [] }, plain, "label"],
    ["label 0", { labels: [0] }, plain, "label"],
    ["a label above 24 bits", { labels: [0x100_0000] }, plain, "label"],
    ["a short ESI", { esi: { type: 0, value: new Uint8Array(4) } }, plain, "esi"],
    ["no attributes", {}, [], "attributes-missing"],
    ["no next hop", {}, [communities(target)], "next-hop"],
    ["an empty list of next hops", {}, [{ kind: "mp-reach", nexthops: [] }], "next-hop"],
    ["an invalid next hop", {}, [{ kind: "mp-reach", nexthops: ["invalid IP"] }], "next-hop"],
    ["an unspecified next hop", {}, [{ kind: "mp-reach", nexthops: ["0.0.0.0"] }], "next-hop"],
    [
      "C5.7 an encapsulation other than VXLAN",
      {},
      [reach, communities(target, { kind: "encapsulation", tunnelType: 9 })],
      "encapsulation",
    ],
  ] as const)("is not taken with %s", (_, given, attributes, reason) => {
    expect(readMacIp(given, attributes as readonly Attribute[])).toBe(reason);
  });
});

describe("An IMET path", () => {
  const read = (given: object, attributes: readonly Attribute[]) => {
    const route = readRoute(path({ ...imet, ...given } as Nlri, attributes));
    return route.ok ? route.value.row : route.error;
  };

  it("is read as a route", () => {
    expect(read({}, [...plain, pmsi])).toEqual({
      rd: "192.0.2.9:100",
      ethernetTag: 0,
      originator: "192.0.2.9",
      vni: 100,
      tunnel: "192.0.2.9",
      nexthop: "192.0.2.9",
      routeTargets: ["65000:100"],
    });
  });

  it.each([
    ["no PMSI tunnel", {}, plain, "pmsi-missing"],
    ["a tunnel of another type", {}, [...plain, { ...pmsi, type: 3 }], "pmsi-type"],
    ["label 0", {}, [...plain, { ...pmsi, label: 0 }], "label"],
    ["an identifier of five bytes", {}, [...plain, { ...pmsi, id: Buffer.alloc(5) }], "pmsi-id"],
    ["an empty identifier", {}, [...plain, { ...pmsi, id: Buffer.alloc(0) }], "pmsi-id"],
    ["a tunnel to nowhere", {}, [...plain, { ...pmsi, id: Buffer.alloc(4) }], "pmsi-id"],
    ["no originator", { ip: "" }, [...plain, pmsi], "originator"],
    ["no route distinguisher", { rd: undefined }, [...plain, pmsi], "route-distinguisher"],
  ] as const)("is not taken with %s", (_, given, attributes, reason) => {
    expect(read(given, attributes)).toBe(reason);
  });
});

describe("A withdraw", () => {
  it("needs nothing but the name of the route, and is told label 0 by gobgpd", () => {
    const read = readRouteId({ ...macIp, labels: [0] });
    expect(read).toEqual({
      ok: true,
      value: {
        table: "mac-ip-route",
        key: "192.0.2.9:100|0|02:00:00:00:01:01|198.51.100.1",
      },
    });
  });

  it("of another type of route is not for us", () => {
    expect(readRouteId({ kind: "other" })).toEqual({ ok: false, error: "route-type" });
  });
});
