import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type IpAddress, ipv4FromBytes, ipv6FromBytes } from "../../src/evpn/ip.ts";
import { compareVteps } from "../../src/evpn/vtep.ts";

const vtep = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => ipv4FromBytes(bytes)),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => ipv6FromBytes(bytes)),
);

describe("VTEPs are ordered", () => {
  it.each([
    ["C1.11 by number, not by text", "192.0.2.9", "192.0.2.10"],
    ["C1.11 by number, not by text", "9.0.0.1", "10.0.0.1"],
    ["C1.11 by number, not by text", "99.0.0.1", "100.0.0.0"],
    ["without a sign", "127.0.0.1", "128.0.0.1"],
    ["by the first byte that differs", "10.0.1.255", "10.0.2.0"],
    ["C1.10 by all 16 bytes", "2001:db8::9", "2001:db8::10"],
    ["C1.10 by all 16 bytes", "2001:db8::ffff", "2001:db8::1:0"],
    ["C1.10 by all 16 bytes", "2001:db8:0:9::", "2001:db8:0:10::"],
    ["C1.10 without a sign", "7fff::", "8000::"],
    ["C1.10 IPv4 before IPv6", "255.255.255.255", "::1"],
  ])("%s: %s before %s", (_rule, lower, higher) => {
    expect(compareVteps(lower as IpAddress, higher as IpAddress)).toBeLessThan(0);
    expect(compareVteps(higher as IpAddress, lower as IpAddress)).toBeGreaterThan(0);
  });

  it("in one way only, by all leaves alike", () => {
    fc.assert(
      fc.property(vtep, vtep, vtep, (a, b, c) => {
        expect(Math.sign(compareVteps(a, b))).toBe(0 - Math.sign(compareVteps(b, a)));
        expect(compareVteps(a, b) === 0).toBe(a === b);
        const sorted = [a, b, c].sort(compareVteps);
        expect([c, a, b].sort(compareVteps)).toEqual(sorted);
        expect(compareVteps(sorted[0] ?? a, sorted[2] ?? a)).toBeLessThanOrEqual(0);
      }),
    );
  });
});
