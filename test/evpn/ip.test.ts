import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type IpAddress,
  ipToBytes,
  ipv4FromBytes,
  ipv6FromBytes,
  isIpv6,
  isLinkLocal,
  parseIp,
  refuseHostIp,
} from "../../src/evpn/ip.ts";

function ip(text: string): IpAddress {
  const parsed = parseIp(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
/** Mostly zeros, so that there is something to shorten. */
const sparse16 = fc
  .array(fc.oneof(fc.constant(0), fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])));

describe("An IP address", () => {
  // RFC 5952 §1 to §5, and its corners.
  it.each([
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8::1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8::0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:DB8:0:0:1::1", "2001:db8::1:0:0:1"],
    ["2001:db8:aaaa:bbbb:cccc:dddd:eeee:0001", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:aaaa:bbbb:cccc:dddd:eeee:AAAA", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["::0.0.0.1", "::1"],
    ["1:2:3:4:5:6::", "1:2:3:4:5:6::"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
  ])("has one form only: %s is %s", (text, canonical) => {
    expect(parseIp(text)).toEqual({ ok: true, value: canonical });
    expect(ipv6FromBytes(ipToBytes(ip(text)))).toBe(canonical);
  });

  it.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "256.0.0.1",
    "1.2.3.4/32",
    "1.2.3.4\n",
    "::1/128",
    "fe80::1%eth0",
    "1::2::3",
    ":::",
    "12345::",
    "1:2:3:4:5:6:7:8:9",
    "::ffff:999.0.2.1",
    " ::1",
    "localhost",
  ])("is refused where it is none: %j", (text) => {
    expect(parseIp(text)).toEqual({ ok: false, error: `"${text}" is not an IP address` });
  });

  it("survives the way through bytes", () => {
    fc.assert(
      fc.property(fc.oneof(bytes16, sparse16), (bytes) => {
        const text = ipv6FromBytes(bytes);
        expect(isIpv6(text)).toBe(true);
        expect(ipToBytes(text)).toEqual(bytes);
        expect(parseIp(text)).toEqual({ ok: true, value: text });
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
        const text = ipv4FromBytes(bytes);
        expect(isIpv6(text)).toBe(false);
        expect(ipToBytes(text)).toEqual(bytes);
        expect(parseIp(text)).toEqual({ ok: true, value: text });
      }),
    );
  });

  it("is read at its offset", () => {
    const bytes = Uint8Array.from([9, 9, 192, 0, 2, 1, 9]);
    expect(ipv4FromBytes(bytes, 2)).toBe("192.0.2.1");
    const longer = Uint8Array.from([9, ...ipToBytes(ip("2001:db8::1")), 9]);
    expect(ipv6FromBytes(longer, 1)).toBe("2001:db8::1");
  });

  it.each([
    ["0.0.0.0", "ip-unspecified"],
    ["0.1.2.3", "ip-unspecified"],
    ["127.0.0.1", "ip-loopback"],
    ["224.0.0.1", "ip-multicast"],
    ["239.1.2.3", "ip-multicast"],
    ["240.0.0.1", "ip-reserved"],
    ["255.255.255.255", "ip-reserved"],
    ["::", "ip-unspecified"],
    ["::1", "ip-loopback"],
    ["ff02::1", "ip-multicast"],
    ["ff00::", "ip-multicast"],
    ["1.0.0.1", undefined],
    ["223.255.255.255", undefined],
    ["169.254.1.1", undefined],
    ["::2", undefined],
    ["ff::1", undefined],
    ["fe80::1", undefined],
    ["2001:db8::1", undefined],
  ])("C7.5 C7.14 of a host it can be or not: %s", (text, refusal) => {
    expect(refuseHostIp(ip(text))).toBe(refusal);
  });

  it.each([
    ["169.254.0.1", true],
    ["169.253.0.1", false],
    ["fe80::1", true],
    ["febf:ffff::1", true],
    ["fec0::1", false],
    ["fe8::1", false],
    ["2001:db8::fe80", false],
  ])("is link-local or not: %s", (text, expected) => {
    expect(isLinkLocal(ip(text))).toBe(expected);
  });
});
