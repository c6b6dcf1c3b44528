import { describe, expect, it } from "vitest";
import type { Esi } from "../../src/evpn/esi.ts";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import type { RouteDistinguisher } from "../../src/evpn/route-distinguisher.ts";
import type { RouteTarget } from "../../src/evpn/route-target.ts";
import type { Vni } from "../../src/evpn/vni.ts";
import {
  imetRoutePath,
  imetRouteWithdraw,
  macIpRoutePath,
  macIpRouteWithdraw,
} from "../../src/gobgp/write-route.ts";
import { imetRoute, ip, macIpRoute, must } from "./routes.ts";

describe("A MAC/IP route of ours", () => {
  it("C5.1, C5.2 carries the VNI as it is, the encapsulation, origin and next hop", () => {
    expect(must(macIpRoutePath(macIpRoute({ vni: 70_000 as Vni })))).toEqual({
      evpn: true,
      nlri: {
        kind: "mac-ip",
        rd: { kind: "ipv4", admin: "192.0.2.1", number: 100 },
        esi: { type: 0, value: new Uint8Array(9) },
        ethernetTag: 0,
        mac: "02:00:00:00:01:01",
        ip: "",
        labels: [70_000],
      },
      attributes: [
        { kind: "origin", origin: 0 },
        { kind: "next-hop", nexthop: "192.0.2.1" },
        {
          kind: "communities",
          communities: [
            {
              kind: "specific",
              transitive: true,
              subType: 2,
              value: { kind: "as2", admin: 65_000, number: 100 },
            },
            { kind: "encapsulation", tunnelType: 8 },
          ],
        },
      ],
      withdraw: false,
      best: false,
      neighbor: "",
    });
  });

  it.each([
    { name: "none where none is given", mobility: undefined, expected: [] },
    {
      name: "0 where 0 is given",
      mobility: { seq: 0, sticky: false },
      expected: [{ kind: "mobility", seq: 0, sticky: false }],
    },
    {
      name: "the highest there is",
      mobility: { seq: 0xffff_ffff, sticky: true },
      expected: [{ kind: "mobility", seq: 0xffff_ffff, sticky: true }],
    },
  ])("has the sequence number that is wanted: $name", ({ mobility, expected }) => {
    const path = must(macIpRoutePath(macIpRoute({ mobility })));
    const communities = path.attributes.flatMap((each) =>
      each.kind === "communities" ? each.communities : [],
    );
    expect(communities.filter(({ kind }) => kind === "mobility")).toEqual(expected);
  });

  it("has a second label for symmetric IRB", () => {
    const path = must(macIpRoutePath(macIpRoute({ l3vni: 5000 as Vni })));
    expect(path.nlri).toMatchObject({ labels: [100, 5000] });
  });

  it.each([
    ["a label above 24 bits", { vni: 0x100_0000 as Vni }, "vni 16777216 is above 16777215"],
    ["label 0", { vni: 0 as Vni }, "vni 0 is below 1"],
    ["half a label", { vni: 1.5 as Vni }, "vni 1.5 is not a whole number"],
    ["a second label above 24 bits", { l3vni: 0x100_0000 as Vni }, "vni 16777216 is above"],
    ["no MAC address", { mac: "02:00" as MacAddress }, '"02:00" is not a MAC address'],
    ["a group's MAC address", { mac: "01:00:5e:00:00:01" as MacAddress }, "not a host's"],
    ["the zero MAC address", { mac: "00:00:00:00:00:00" as MacAddress }, "not a host's"],
    ["no IP address", { ip: "<nil>" as IpAddress }, '"<nil>" is not an IP address'],
    ["the unspecified IP address", { ip: "0.0.0.0" as IpAddress }, "IP address is unspecified"],
    ["no next hop", { nexthop: "" as IpAddress }, '"" is not an IP address'],
    ["an unspecified next hop", { nexthop: "::" as IpAddress }, "next hop is unspecified"],
    ["a short ESI", { esi: "00:00" as Esi }, 'esi "00:00" has not ten bytes'],
    ["no route target", { routeTargets: [] }, "it has no route target"],
    [
      "a target number that would be cut off",
      { routeTargets: ["4200000000:70000" as RouteTarget] },
      '"4200000000:70000" is not a route target: 70000 is above 65535',
    ],
    [
      "an RD number that would be cut off",
      { rd: "192.0.2.1:70000" as RouteDistinguisher },
      '"192.0.2.1:70000" is not a route distinguisher: 70000 is above 65535',
    ],
    ["a broken RD", { rd: "x" as RouteDistinguisher }, '"x" is not a route distinguisher'],
    ["a fifth byte of ethernet tag", { ethernetTag: 2 ** 32 }, "ethernet tag 4294967296"],
    ["a negative sequence number", { mobility: { seq: -1, sticky: false } }, "sequence number -1"],
    ["a fifth byte of it", { mobility: { seq: 2 ** 32, sticky: false } }, "number 4294967296"],
  ])("is not sent with %s", (_, given, reason) => {
    const path = macIpRoutePath(macIpRoute(given));
    expect(path.ok ? "sent" : path.error).toContain(reason);
  });

  it("is withdrawn by its name alone, without anything gobgpd could compare", () => {
    const route = macIpRoute({ ip: ip("2001:db8::1"), mobility: { seq: 3, sticky: false } });
    expect(macIpRouteWithdraw(route)).toMatchObject({
      withdraw: true,
      attributes: [],
      nlri: { mac: "02:00:00:00:01:01", ip: "2001:db8::1" },
    });
  });
});

describe("An IMET route of ours", () => {
  it("C5.4 asks for ingress replication to the VTEP with the VNI", () => {
    const path = must(imetRoutePath(imetRoute()));
    expect(path.nlri).toMatchObject({ kind: "imet", ip: "192.0.2.1" });
    expect(path.attributes).toContainEqual({
      kind: "pmsi",
      flags: 0,
      type: 6,
      label: 100,
      id: Uint8Array.of(192, 0, 2, 1),
    });
  });

  it("has a tunnel identifier of 16 bytes for an IPv6 VTEP", () => {
    const path = must(imetRoutePath(imetRoute({ tunnel: ip("2001:db8::1") })));
    const pmsi = path.attributes.find((attribute) => attribute.kind === "pmsi");
    expect(pmsi?.id).toHaveLength(16);
  });

  it.each([
    ["label 0", { vni: 0 as Vni }, "vni 0 is below 1"],
    ["no originator", { originator: "" as IpAddress }, '"" is not an IP address'],
    ["a tunnel to nowhere", { tunnel: "0.0.0.0" as IpAddress }, "tunnel identifier is unspecified"],
    ["no route target", { routeTargets: [] }, "it has no route target"],
  ])("is not sent with %s", (_, given, reason) => {
    const path = imetRoutePath(imetRoute(given));
    expect(path.ok ? "sent" : path.error).toContain(reason);
  });

  it("is withdrawn by its name alone", () => {
    expect(imetRouteWithdraw(imetRoute())).toMatchObject({ withdraw: true, attributes: [] });
  });
});
