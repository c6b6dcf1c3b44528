import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { carriesUdp, type DhcpIgnored, type Lease, leasesIn } from "../../src/wire/dhcp.ts";
import { ack, dhcpv4, dhcpv6, iaAddress, iaNa, option6 } from "./dhcp-frames.ts";
import { ARP_REQUEST, GUEST, hex, NS, patch, tagged } from "./frames.ts";

const IP_AT = 14;
const UDP_AT = IP_AT + 20;
const DHCP_AT = UDP_AT + 8;

function expectLeases(frame: Uint8Array, leases: readonly Omit<Lease, "mac">[]): void {
  const value = leases.map((lease) => ({ mac: GUEST, ...lease }));
  expect(leasesIn(frame)).toEqual({ ok: true, value });
}

function expectIgnored(frame: Uint8Array, reason: DhcpIgnored): void {
  expect(leasesIn(frame)).toEqual({ ok: false, error: reason });
}

describe("A DHCPv4 ACK", () => {
  it("gives the client it names an address, for so long", () => {
    expectLeases(ack(), [{ ip: "192.0.2.10" as never, seconds: 3600 }]);
  });

  it("through a relay, or to all because the client can not be reached yet, is the same", () => {
    expectLeases(ack({ giaddr: "c0000201" }), [{ ip: "192.0.2.10" as never, seconds: 3600 }]);
    expectLeases(patch(ack(), 0, "ffffffffffff"), [{ ip: "192.0.2.10" as never, seconds: 3600 }]);
  });

  it("for ever has no end", () => {
    const frame = ack({ options: "350105 3304ffffffff ff" });
    expectLeases(frame, [{ ip: "192.0.2.10" as never, seconds: undefined }]);
  });

  it("may have its options anywhere: behind padding, without an end, where names stand else", () => {
    expectLeases(ack({ options: "0000 330400000e10 00 350105" }), [
      { ip: "192.0.2.10" as never, seconds: 3600 },
    ]);
    expectLeases(ack({ options: "340103 ff", file: "350105 ff", sname: "330400000e10 ff" }), [
      { ip: "192.0.2.10" as never, seconds: 3600 },
    ]);
  });

  it("with options in the IPv4 header is read behind them", () => {
    const frame = ack({ ipOptions: "94040000" });
    expectLeases(frame, [{ ip: "192.0.2.10" as never, seconds: 3600 }]);
  });

  it.each<[string, Uint8Array, DhcpIgnored]>([
    ["an offer", ack({ options: "350102 330400000e10 ff" }), "dhcp-no-lease"],
    ["a refusal", ack({ options: "350106 ff" }), "dhcp-no-lease"],
    ["the answer to an inform", ack({ yiaddr: "00000000", options: "350105 ff" }), "dhcp-no-lease"],
    ["of no type", ack({ options: "330400000e10 ff" }), "dhcp-no-lease"],
    ["for an address no host can have", ack({ yiaddr: "e0000001" }), "dhcp-no-lease"],
    [
      "whose option names are not in the overloaded fields",
      ack({ options: "340100 ff" }),
      "dhcp-no-lease",
    ],
    ["a request", patch(ack(), DHCP_AT, "01"), "dhcp-malformed"],
    ["without the cookie", patch(ack(), DHCP_AT + 236, "00000000"), "dhcp-malformed"],
    ["with a time of two bytes", ack({ options: "350105 33020e10 ff" }), "dhcp-malformed"],
    [
      "with an option that ends behind its end",
      ack({ options: "350105 33ff0000" }),
      "dhcp-malformed",
    ],
    ["with an option without a length", ack({ options: "350105 33" }), "dhcp-malformed"],
    [
      "with a broken overloaded field",
      ack({ options: "340101 ff", file: "33ff" }),
      "dhcp-malformed",
    ],
    ["to a client that is no Ethernet", patch(ack(), DHCP_AT + 1, "20"), "dhcp-client-unknown"],
    ["to a client with a long address", patch(ack(), DHCP_AT + 2, "10"), "dhcp-client-unknown"],
    ["to a group", patch(ack(), DHCP_AT + 28, "01"), "dhcp-client-unknown"],
    ["that is a fragment", dhcpv4("02", { fragment: "2000" }), "dhcp-fragment"],
    ["that is another fragment", dhcpv4("02", { fragment: "0001" }), "dhcp-fragment"],
    ["too short for DHCP", dhcpv4("02010600"), "dhcp-truncated"],
    ["that is IPv6 inside", patch(ack(), IP_AT, "65"), "dhcp-ip-malformed"],
    ["with too short an IPv4 header", patch(ack(), IP_AT, "44"), "dhcp-ip-malformed"],
    ["with a wrong header checksum", patch(ack(), IP_AT + 10, "0000"), "dhcp-ip-malformed"],
    ["longer than the frame", patch(ack(), IP_AT + 2, "ffff"), "dhcp-truncated"],
    ["shorter than its header", patch(ack(), IP_AT + 2, "0014"), "dhcp-truncated"],
    ["with a UDP length over the packet's", patch(ack(), UDP_AT + 4, "ffff"), "dhcp-truncated"],
    ["with a UDP length under its header's", patch(ack(), UDP_AT + 4, "0007"), "dhcp-malformed"],
    ["from another port", patch(ack(), UDP_AT, "0044"), "dhcp-no-lease"],
    ["to a relay", patch(ack(), UDP_AT + 2, "0043"), "dhcp-no-lease"],
    ["of TCP", dhcpv4("02", { protocol: "06" }), "dhcp-ip-malformed"],
  ])("%s gives nobody anything", (_, frame, reason) => expectIgnored(frame, reason));
});

describe("A DHCPv6 Reply", () => {
  const ONE = iaAddress("20010db800000000000000000000000a", { valid: "00001c20" });
  const OTHER = iaAddress("20010db800000000000000000000000b", { valid: "ffffffff" });

  it("gives the host it is sent to an address, for so long as it is valid", () => {
    expectLeases(dhcpv6(`07 aabbcc ${iaNa(ONE)}`), [{ ip: "2001:db8::a" as never, seconds: 7200 }]);
  });

  it("may give many, temporary ones as well, and prefixes, which are no hosts", () => {
    const temporary = option6(4, `00000001 ${OTHER}`);
    const prefix = option6(25, "00000001 00000000 00000000");
    expectLeases(
      dhcpv6(`07 aabbcc ${option6(1, "00030001525400123456")} ${iaNa(ONE)} ${temporary} ${prefix}`),
      [
        { ip: "2001:db8::a" as never, seconds: 7200 },
        { ip: "2001:db8::b" as never, seconds: undefined },
      ],
    );
  });

  it("with a lifetime of 0 ends the lease", () => {
    const ended = iaAddress("20010db800000000000000000000000a", { valid: "00000000" });
    expectLeases(dhcpv6(`07 aabbcc ${iaNa(ended)}`), [{ ip: "2001:db8::a" as never, seconds: 0 }]);
  });

  it("that has gone well says so or not", () => {
    expectLeases(dhcpv6(`07 aabbcc ${option6(13, "0000")} ${iaNa(ONE)}`), [
      { ip: "2001:db8::a" as never, seconds: 7200 },
    ]);
  });

  it.each<[string, Uint8Array, DhcpIgnored]>([
    ["an advertisement", dhcpv6(`02 aabbcc ${iaNa(ONE)}`), "dhcp-no-lease"],
    ["without an address", dhcpv6("07 aabbcc"), "dhcp-no-lease"],
    [
      "that tells of a failure",
      dhcpv6(`07 aabbcc ${option6(13, "0001")} ${iaNa(ONE)}`),
      "dhcp-no-lease",
    ],
    [
      "whose association has failed",
      dhcpv6(`07 aabbcc ${iaNa(`${ONE} ${option6(13, "0002")}`)}`),
      "dhcp-no-lease",
    ],
    [
      "whose address has failed",
      dhcpv6(
        `07 aabbcc ${iaNa(iaAddress("20010db800000000000000000000000a", { options: option6(13, "0002") }))}`,
      ),
      "dhcp-no-lease",
    ],
    [
      "for a group's address",
      dhcpv6(`07 aabbcc ${iaNa(iaAddress("ff020000000000000000000000000001"))}`),
      "dhcp-no-lease",
    ],
    ["with half an option", dhcpv6("07 aabbcc 0003"), "dhcp-malformed"],
    ["with an option beyond its end", dhcpv6("07 aabbcc 0003ffff 00"), "dhcp-malformed"],
    [
      "with too short an association",
      dhcpv6(`07 aabbcc ${option6(3, "00000001")}`),
      "dhcp-malformed",
    ],
    [
      "with too short an address",
      dhcpv6(`07 aabbcc ${iaNa(option6(5, "2001"))}`),
      "dhcp-malformed",
    ],
    ["of three bytes", dhcpv6("07 aabb"), "dhcp-truncated"],
    ["to all", patch(dhcpv6(`07 aabbcc ${iaNa(ONE)}`), 0, "333300010002"), "dhcp-client-unknown"],
    ["to a relay", patch(dhcpv6(`07 aabbcc ${iaNa(ONE)}`), IP_AT + 42, "0223"), "dhcp-no-lease"],
    [
      "longer than the frame",
      patch(dhcpv6(`07 aabbcc ${iaNa(ONE)}`), IP_AT + 4, "ffff"),
      "dhcp-truncated",
    ],
    [
      "with no room for UDP",
      patch(dhcpv6(`07 aabbcc ${iaNa(ONE)}`), IP_AT + 4, "0007"),
      "dhcp-truncated",
    ],
    ["of IPv4 inside", patch(dhcpv6(`07 aabbcc ${iaNa(ONE)}`), IP_AT, "45"), "dhcp-ip-malformed"],
  ])("%s gives nobody anything", (_, frame, reason) => expectIgnored(frame, reason));
});

describe("A frame", () => {
  it("with UDP in it is told from the signs of hosts", () => {
    expect(carriesUdp(ack())).toBe(true);
    expect(carriesUdp(dhcpv6("07 aabbcc"))).toBe(true);
    expect(carriesUdp(ARP_REQUEST)).toBe(false);
    expect(carriesUdp(NS)).toBe(false);
    expect(carriesUdp(hex("00"))).toBe(false);
  });

  it("with VLAN tags is read behind them", () => {
    expectLeases(tagged(ack(), "81000014"), [{ ip: "192.0.2.10" as never, seconds: 3600 }]);
  });

  it("of another kind, or none at all, is no lease", () => {
    expectIgnored(hex(""), "dhcp-truncated");
    expectIgnored(ARP_REQUEST, "dhcp-ip-malformed");
  });

  it("that is anything at all, or a right one changed or cut anywhere, throws nothing", () => {
    const whole = [
      ack(),
      dhcpv6(`07 aabbcc ${iaNa(iaAddress("20010db800000000000000000000000a"))}`),
    ];
    const change = fc.tuple(fc.nat(600), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...whole),
        fc.array(change, { maxLength: 6 }),
        fc.nat(600),
        (frame, changes, length) => {
          const changed = frame.slice(0, length < 400 ? length : frame.length);
          for (const [at, byte] of changes) if (at < changed.length) changed[at] = byte;
          const leases = leasesIn(changed);
          if (leases.ok)
            for (const { seconds = 0 } of leases.value) expect(seconds).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 5000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (frame) => {
        expect(typeof leasesIn(frame).ok).toBe("boolean");
      }),
    );
  });
});
