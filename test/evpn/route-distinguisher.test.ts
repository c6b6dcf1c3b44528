import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { NumberedBy } from "../../src/evpn/numbered-by.ts";
import {
  automaticRouteDistinguisher,
  parseRouteDistinguisher,
  routeDistinguisher,
  routeDistinguisherParts,
} from "../../src/evpn/route-distinguisher.ts";
import { parseRouteTarget, routeTarget, routeTargetParts } from "../../src/evpn/route-target.ts";

const parts: fc.Arbitrary<NumberedBy> = fc.oneof(
  fc.record({
    kind: fc.constant("as2" as const),
    admin: fc.nat(0xffff),
    number: fc.nat(0xffff_ffff),
  }),
  fc.record({
    kind: fc.constant("as4" as const),
    admin: fc.nat(0xffff_ffff),
    number: fc.nat(0xffff),
  }),
  fc.record({
    kind: fc.constant("ipv4" as const),
    admin: fc.ipV4().map((ip) => ip as IpAddress),
    number: fc.nat(0xffff),
  }),
);

describe("A route distinguisher", () => {
  it.each([
    ["65000:10", { kind: "as2", admin: 65000, number: 10 }],
    ["0:0", { kind: "as2", admin: 0, number: 0 }],
    ["65535:4294967295", { kind: "as2", admin: 65535, number: 0xffff_ffff }],
    ["4200000001:10", { kind: "as4", admin: 4200000001, number: 10 }],
    ["65536:65535", { kind: "as4", admin: 65536, number: 65535 }],
    ["0.65000:10", { kind: "as4", admin: 65000, number: 10 }],
    ["0.0:1", { kind: "as4", admin: 0, number: 1 }],
    ["192.0.2.1:100", { kind: "ipv4", admin: "192.0.2.1", number: 100 }],
    ["0.0.0.5:1", { kind: "ipv4", admin: "0.0.0.5", number: 1 }],
  ] as const)("is read in the forms of RFC 4364 §4.2: %s", (text, expected) => {
    const parsed = parseRouteDistinguisher(text);
    expect(parsed).toEqual({ ok: true, value: text });
    expect(parsed.ok && routeDistinguisherParts(parsed.value)).toEqual(expected);
  });

  it.each([
    ["65000:010", "65000:10"],
    ["64086.59905:10", "4200000001:10"],
    ["1.1:10", "65537:10"],
  ])("has one form only: %s is %s", (text, canonical) => {
    expect(parseRouteDistinguisher(text)).toEqual({ ok: true, value: canonical });
  });

  it.each([
    ["", ""],
    ["65000", ""],
    ["65000:", ""],
    [":10", ""],
    ["x:1", ""],
    ["::1:10", ""],
    ["1.2.3:4", ""],
    ["256.0.0.1:4", ""],
    ["70000.1:1", ""],
    ["4294967296:1", ""],
    ["65000:1e3", ""],
    ["65000:-1", ""],
    ["65000:10 ", ""],
    ["65000:4294967296", ": 4294967296 is above 4294967295"],
    ["65536:65536", ": 65536 is above 65535"],
    ["192.0.2.1:65536", ": 65536 is above 65535"],
    ["0.1:65536", ": 65536 is above 65535"],
  ])("is refused where it is none: %j", (text, why) => {
    const error = `"${text}" is not a route distinguisher${why}`;
    expect(parseRouteDistinguisher(text)).toEqual({ ok: false, error });
  });

  it("and a route target survive the way through text", () => {
    fc.assert(
      fc.property(parts, (value) => {
        // An AS number of four bytes that would fit two is the one that text has to tell apart.
        expect(routeDistinguisherParts(routeDistinguisher(value))).toEqual(value);
        expect(routeTargetParts(routeTarget(value))).toEqual(value);
        expect(parseRouteTarget(routeTarget(value)).ok).toBe(true);
      }),
    );
  });

  it("is derived as FRR does it", () => {
    expect(automaticRouteDistinguisher("192.0.2.1" as IpAddress, 10)).toBe("192.0.2.1:10");
  });
});
