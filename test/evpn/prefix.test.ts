import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import { type IpPrefix, PrefixSet, parsePrefix } from "../../src/evpn/prefix.ts";

describe("A prefix", () => {
  it.each([
    ["192.0.2.0/24", "192.0.2.0/24"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["192.0.2.1/32", "192.0.2.1/32"],
    ["192.0.2.128/25", "192.0.2.128/25"],
    ["2001:DB8:0::/64", "2001:db8::/64"],
    ["::/0", "::/0"],
  ])("%s is read as %s", (text, value) => expect(parsePrefix(text)).toEqual({ ok: true, value }));

  it.each([
    ["192.0.2.0", "is not a prefix such as 192.0.2.0/24 or 2001:db8::/64"],
    ["192.0.2/24", "is not a prefix such as 192.0.2.0/24 or 2001:db8::/64"],
    ["/24", "is not a prefix such as 192.0.2.0/24 or 2001:db8::/64"],
    ["192.0.2.0/33", "is longer than 32 bits"],
    ["2001:db8::/129", "is longer than 128 bits"],
    ["192.0.2.1/24", "has bits set beyond its length"],
    ["192.0.2.192/25", "has bits set beyond its length"],
    ["2001:db8::1/64", "has bits set beyond its length"],
  ])("%s %s", (text, error) => {
    expect(parsePrefix(text)).toEqual({ ok: false, error: `"${text}" ${error}` });
  });
});

describe("A set of prefixes", () => {
  const set = new PrefixSet(["192.0.2.0/25", "198.51.100.0/24", "2001:db8::/63"] as IpPrefix[]);

  it.each<[string, boolean]>([
    ["192.0.2.0", true],
    ["192.0.2.127", true],
    ["192.0.2.128", false],
    ["198.51.100.255", true],
    ["203.0.113.1", false],
    ["2001:db8:0:1::ffff", true],
    ["2001:db8:0:2::1", false],
  ])("has %s: %s", (ip, is) => expect(set.has(ip as IpAddress)).toBe(is));

  it("does not judge a family of which it has none", () => {
    const only4 = new PrefixSet(["192.0.2.0/24"] as IpPrefix[]);
    expect(only4.has("2001:db8::1" as IpAddress)).toBeUndefined();
    expect(new PrefixSet([]).has("192.0.2.1" as IpAddress)).toBeUndefined();
    expect(new PrefixSet(["0.0.0.0/0"] as IpPrefix[]).has("8.8.8.8" as IpAddress)).toBe(true);
  });
});
