import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type IpAddress, ipv4FromBytes, ipv6FromBytes } from "../../src/evpn/ip.ts";
import { type MacAddress, macFromBytes } from "../../src/evpn/mac.ts";
import { type ArpPacket, decodeArp, encodeArp } from "../../src/wire/arp.ts";
import {
  decodeEthernet,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV6,
  encodeEthernet,
} from "../../src/wire/ethernet.ts";
import { decodeNd, encodeNd } from "../../src/wire/nd.ts";
import {
  ARP_REPLY,
  ARP_REQUEST,
  GUEST,
  KEEPALIVED_GARP,
  NS,
  QEMU_RARP,
  SOLICITED_NA,
  tagged,
  toHex,
  UNSOLICITED_NA,
} from "./frames.ts";

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const mac: fc.Arbitrary<MacAddress> = bytes(6).map((value) => macFromBytes(value));
const ipv4: fc.Arbitrary<IpAddress> = bytes(4).map((value) => ipv4FromBytes(value));
/** Not multicast: it would not be taken for a target. */
const ipv6: fc.Arbitrary<IpAddress> = bytes(16).map((value) =>
  ipv6FromBytes(value.map((byte, i) => (i === 0 ? byte & 0x7f : byte))),
);

describe("Ethernet", () => {
  it("says the VLANs of a frame outermost first, and what is behind them", () => {
    const frame = tagged(tagged(ARP_REQUEST, "8100 e00a"), "88a8 0064");
    expect(decodeEthernet(frame)).toEqual({
      ok: true,
      value: {
        destination: "ff:ff:ff:ff:ff:ff",
        source: GUEST,
        vlans: [100, 10],
        etherType: ETHERTYPE_ARP,
        payload: ARP_REQUEST.subarray(14),
      },
    });
  });

  it("does not copy the payload", () => {
    const decoded = decodeEthernet(ARP_REQUEST);
    expect(decoded.ok && decoded.value.payload.buffer).toBe(ARP_REQUEST.buffer);
  });

  it("encodes what it decodes to", () => {
    fc.assert(
      fc.property(mac, mac, fc.uint8Array({ maxLength: 60 }), (destination, source, payload) => {
        const frame = { destination, source, etherType: ETHERTYPE_IPV6, payload };
        const decoded = decodeEthernet(encodeEthernet(frame));
        expect(decoded).toEqual({ ok: true, value: { ...frame, vlans: [] } });
      }),
    );
  });
});

describe("ARP", () => {
  it.each([
    ["a request", ARP_REQUEST],
    ["a reply", ARP_REPLY],
    ["an announcement", KEEPALIVED_GARP],
    ["QEMU's RARP", QEMU_RARP],
  ])("encodes %s to the bytes it came from", (_name, frame) => {
    const decoded = decodeArp(frame.subarray(14));
    expect(decoded.ok && toHex(encodeArp(decoded.value))).toBe(toHex(frame.subarray(14, 42)));
  });

  it("decodes what it encodes", () => {
    const packet: fc.Arbitrary<ArpPacket> = fc.record({
      operation: fc.constantFrom("request", "reply", "reverse-request", "reverse-reply"),
      senderMac: mac,
      senderIp: ipv4,
      targetMac: mac,
      targetIp: ipv4,
    });
    fc.assert(
      fc.property(packet, (value) => {
        expect(decodeArp(encodeArp(value))).toEqual({ ok: true, value });
      }),
    );
  });
});

describe("Neighbour discovery", () => {
  it.each([
    ["a solicitation", NS],
    ["an answer", SOLICITED_NA],
    ["an unsolicited advertisement", UNSOLICITED_NA],
  ])("encodes %s to the bytes it came from", (_name, frame) => {
    const decoded = decodeNd(frame.subarray(14));
    if (!decoded.ok) throw new Error(decoded.error);
    const { value } = decoded;
    if (value.kind !== "neighbour-solicitation" && value.kind !== "neighbour-advertisement") {
      throw new Error(value.kind);
    }
    expect(toHex(encodeNd(value))).toBe(toHex(frame.subarray(14)));
  });

  it("decodes what it encodes", () => {
    const addressed = {
      source: ipv6,
      destination: ipv6,
      target: ipv6,
      linkAddress: fc.option(mac, { nil: undefined }),
    };
    const message = fc.oneof(
      fc.record({ kind: fc.constant("neighbour-solicitation" as const), ...addressed }),
      fc.record({
        kind: fc.constant("neighbour-advertisement" as const),
        ...addressed,
        router: fc.boolean(),
        solicited: fc.boolean(),
        override: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(message, (value) => {
        expect(decodeNd(encodeNd(value))).toEqual({ ok: true, value });
      }),
    );
  });
});
