/** The frames by which a guest, or its hypervisor for it, tells where it is now. */
import { type IpAddress, parseIp } from "../../src/evpn/ip.ts";
import { type MacAddress, parseMac } from "../../src/evpn/mac.ts";
import { type ArpPacket, encodeArp } from "../../src/wire/arp.ts";
import {
  ETHERTYPE_ARP,
  ETHERTYPE_IPV6,
  ETHERTYPE_RARP,
  encodeEthernet,
} from "../../src/wire/ethernet.ts";
import { encodeNd } from "../../src/wire/nd.ts";

export interface Guest {
  readonly mac: MacAddress;
  readonly ipv4: IpAddress;
  readonly ipv6: IpAddress;
}

/** Guests by number, for when one is not enough. */
export function guestNumber(number: number): Guest {
  const hex = number.toString(16).padStart(4, "0");
  return {
    mac: mac(`02:00:00:01:${hex.slice(0, 2)}:${hex.slice(2)}`),
    ipv4: ip(`192.168.${20 + (number >> 8)}.${number & 0xff}`),
    ipv6: ip(`2001:db8:10::1:${number.toString(16)}`),
  };
}

export const SIGNALS = [
  "gratuitous-arp",
  "gratuitous-arp-reply",
  "arp-probe",
  "rarp",
  "unsolicited-advertisement",
  "dad",
  "data",
] as const;
export type GuestSignal = (typeof SIGNALS)[number];

const BROADCAST = mac("ff:ff:ff:ff:ff:ff");
const NOBODY = mac("00:00:00:00:00:00");
const ALL_NODES = ip("ff02::1");

export function frameOf(signal: GuestSignal, guest: Guest): Uint8Array {
  const self = { senderMac: guest.mac, senderIp: guest.ipv4 };
  const asked = { targetMac: NOBODY, targetIp: guest.ipv4 };
  switch (signal) {
    case "gratuitous-arp":
      return arp({ operation: "request", ...self, ...asked });
    case "gratuitous-arp-reply":
      return arp({ operation: "reply", ...self, ...asked, targetMac: BROADCAST });
    case "arp-probe":
      return arp({ operation: "request", ...self, senderIp: ip("0.0.0.0"), ...asked });
    case "rarp": {
      const none = ip("0.0.0.0");
      const whole = { senderMac: guest.mac, senderIp: none, targetMac: guest.mac, targetIp: none };
      return arp({ operation: "reverse-request", ...whole });
    }
    case "unsolicited-advertisement":
      return unsolicitedAdvertisement(guest);
    case "dad":
      return duplicateAddressDetection(guest);
    case "data":
      // An EtherType for local experiments (IEEE 802): nobody answers, every bridge learns.
      return encodeEthernet({
        destination: BROADCAST,
        source: guest.mac,
        etherType: 0x88b5,
        payload: new Uint8Array(46),
      });
  }
}

function arp(packet: ArpPacket): Uint8Array {
  return encodeEthernet({
    destination: BROADCAST,
    source: packet.senderMac,
    etherType: packet.operation === "reverse-request" ? ETHERTYPE_RARP : ETHERTYPE_ARP,
    payload: encodeArp(packet),
  });
}

function unsolicitedAdvertisement({ mac: source, ipv6 }: Guest): Uint8Array {
  const payload = encodeNd({
    kind: "neighbour-advertisement",
    source: ipv6,
    destination: ALL_NODES,
    target: ipv6,
    linkAddress: source,
    router: false,
    solicited: false,
    override: true,
  });
  return toMulticast(source, payload);
}

function duplicateAddressDetection({ mac: source, ipv6 }: Guest): Uint8Array {
  // Of an address like 2001:db8:10::100, the last 24 bits are its last group.
  const destination = ip(`ff02::1:ff00:${ipv6.slice(ipv6.lastIndexOf(":") + 1)}`);
  const payload = encodeNd({
    kind: "neighbour-solicitation",
    source: ip("::"),
    destination,
    target: ipv6,
    linkAddress: undefined,
  });
  return toMulticast(source, payload);
}

/** RFC 2464 §7: 33:33 and the last four bytes of the group, which end the IPv6 header. */
function toMulticast(source: MacAddress, payload: Uint8Array): Uint8Array {
  const bytes = [...payload.subarray(36, 40)];
  const last = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
  return encodeEthernet({
    destination: mac(`33:33:${last}`),
    source,
    etherType: ETHERTYPE_IPV6,
    payload,
  });
}

export function mac(text: string): MacAddress {
  const parsed = parseMac(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

export function ip(text: string): IpAddress {
  const parsed = parseIp(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
