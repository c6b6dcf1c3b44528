import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import { type MacVrfSettings, macVrf, type Segment } from "../../src/evpn/mac-vrf.ts";
import type { RouteDistinguisher } from "../../src/evpn/route-distinguisher.ts";
import type { RouteTarget } from "../../src/evpn/route-target.ts";
import { toVni, type Vni } from "../../src/evpn/vni.ts";

const segment: Segment = {
  vni: 70000 as Vni,
  vtep: "192.0.2.1" as IpAddress,
  bridge: "br10",
  vxlan: "vxlan10",
  ownMacs: [],
};
const speaker = { asn: 4200000001, routerId: "10.255.0.1" as IpAddress };
const nothing: MacVrfSettings = { rd: undefined, imports: undefined, exports: undefined };

describe("A MAC-VRF", () => {
  it.each([undefined, nothing])("of which nobody said anything is derived", (settings) => {
    expect(macVrf(segment, speaker, { rdNumber: 2, settings })).toEqual({
      segment,
      rd: "10.255.0.1:2",
      imports: { kind: "automatic", vni: 70000 },
      exports: ["59905:70000"],
    });
  });

  it("is what its operator says, and derived where he says nothing", () => {
    const rd = "65000:7" as RouteDistinguisher;
    const targets = ["65000:10" as RouteTarget];
    expect(macVrf(segment, speaker, { rdNumber: 2, settings: { ...nothing, rd } })).toMatchObject({
      rd,
      exports: ["59905:70000"],
    });
    const settings = { rd, imports: targets, exports: [] };
    expect(macVrf(segment, speaker, { rdNumber: 2, settings })).toEqual({
      segment,
      rd,
      imports: { kind: "listed", targets },
      exports: [],
    });
  });
});

describe("A VNI", () => {
  it.each([1, 10, 65536, 16777215])("may be %i", (value) => {
    expect(toVni(value)).toEqual({ ok: true, value });
  });

  it.each([
    [0, "vni 0 is below 1"],
    [-1, "vni -1 is below 1"],
    [16777216, "vni 16777216 is above 16777215"],
    [1.5, "vni 1.5 is not a whole number"],
    [Number.NaN, "vni NaN is not a whole number"],
    [Number.POSITIVE_INFINITY, "vni Infinity is not a whole number"],
  ])("may not be %d", (value, error) => {
    expect(toVni(value)).toEqual({ ok: false, error });
  });
});
