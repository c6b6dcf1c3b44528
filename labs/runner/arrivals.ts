/**
 * Every single frame by which a leaf may first hear of a guest that has come: more than the guest's
 * usual signals, as bytes, and what each of them says about the guest's addresses.
 */
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { type ArpPacket, encodeArp } from "../../src/wire/arp.ts";
import {
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_RARP,
  encodeEthernet,
  writeUint16,
} from "../../src/wire/ethernet.ts";
import { encodeNd } from "../../src/wire/nd.ts";
import { type Guest, ip, mac } from "./signals.ts";

/** To whom the guest may be talking. */
export interface Peers {
  readonly gateway: Guest;
  readonly host: Guest;
}

export interface Arrival {
  readonly name: string;
  /** Which of its addresses the guest claims by it. */
  readonly binds: "ipv4" | "ipv6" | "nothing";
  /** The bridge alone hears it. */
  readonly isData: boolean;
  frame(guest: Guest, peers: Peers): Uint8Array;
}

const BROADCAST = mac("ff:ff:ff:ff:ff:ff");
const NOBODY = mac("00:00:00:00:00:00");
const NO_IP = ip("0.0.0.0");
const UNSPECIFIED = ip("::");
const ALL_NODES = ip("ff02::1");
const ALL_ROUTERS = ip("ff02::2");

const ipv4 = { binds: "ipv4", isData: false } as const;
const ipv6 = { binds: "ipv6", isData: false } as const;
const nothing = { binds: "nothing", isData: false } as const;
const data = { binds: "nothing", isData: true } as const;

export const ARRIVALS: readonly Arrival[] = [
  {
    name: "gratuitous ARP request",
    ...ipv4,
    // As arping -U and keepalived fill the target.
    frame: (guest) => request(guest, { targetMac: BROADCAST, targetIp: guest.ipv4 }),
  },
  {
    name: "ARP announcement (RFC 5227)",
    ...ipv4,
    frame: (guest) => request(guest, { targetIp: guest.ipv4 }),
  },
  {
    name: "broadcast ARP reply",
    ...ipv4,
    frame: (guest) => reply(guest, { mac: BROADCAST, ipv4: guest.ipv4 }),
  },
  {
    name: "ARP request to the gateway",
    ...ipv4,
    frame: (guest, { gateway }) => request(guest, { targetIp: gateway.ipv4 }),
  },
  {
    name: "ARP request to another host",
    ...ipv4,
    frame: (guest, { host }) => request(guest, { targetIp: host.ipv4 }),
  },
  {
    name: "unicast ARP reply to the gateway",
    ...ipv4,
    frame: (guest, { gateway }) => reply(guest, gateway),
  },
  {
    name: "unicast ARP reply to another host",
    ...ipv4,
    frame: (guest, { host }) => reply(guest, host),
  },
  {
    name: "ARP probe",
    ...nothing,
    frame: (guest) => request(guest, { senderIp: NO_IP, targetIp: guest.ipv4 }),
  },
  {
    name: "RARP, as QEMU sends it",
    ...nothing,
    // Padded to the least length of a frame, with zeros.
    frame: (guest) => padded(arp(BROADCAST, reverse(guest)), 60),
  },
  {
    name: "unsolicited NA to all nodes",
    ...ipv6,
    frame: (guest) => advertisement(guest, ALL_NODES),
  },
  {
    name: "unsolicited NA to the solicited-node group",
    ...ipv6,
    frame: (guest) => advertisement(guest, solicitedNode(guest.ipv6)),
  },
  {
    name: "NS with a source, to the gateway",
    ...ipv6,
    frame: (guest, { gateway }) => solicitation(guest, { asker: guest, target: gateway.ipv6 }),
  },
  {
    name: "NS without a source (DAD)",
    ...nothing,
    frame: (guest) => solicitation(guest, { asker: undefined, target: guest.ipv6 }),
  },
  {
    name: "solicited NA to the gateway",
    ...ipv6,
    frame: (guest, { gateway }) => answer(guest, gateway),
  },
  { name: "RS", ...ipv6, frame: (guest) => routerSolicitation(guest) },
  { name: "a data frame alone, IPv4", ...data, frame: (guest, { host }) => datagram4(guest, host) },
  { name: "a data frame alone, IPv6", ...data, frame: (guest, { host }) => datagram6(guest, host) },
];

/** By these a leaf, of whatever kind, learns all of a guest: it asks the gateway, which has to answer. */
export function introduction(guest: Guest, { gateway }: Pick<Peers, "gateway">): Uint8Array[] {
  return [
    request(guest, { targetIp: guest.ipv4 }),
    advertisement(guest, ALL_NODES),
    request(guest, { targetIp: gateway.ipv4 }),
    solicitation(guest, { asker: guest, target: gateway.ipv6 }),
  ];
}

function request(
  guest: Guest,
  asked: Partial<ArpPacket> & { readonly targetIp: IpAddress },
): Uint8Array {
  const self = { senderMac: guest.mac, senderIp: guest.ipv4, targetMac: NOBODY };
  return arp(BROADCAST, { operation: "request", ...self, ...asked });
}

function reply(guest: Guest, to: Pick<Guest, "mac" | "ipv4">): Uint8Array {
  const self = { senderMac: guest.mac, senderIp: guest.ipv4 };
  return arp(to.mac, { operation: "reply", ...self, targetMac: to.mac, targetIp: to.ipv4 });
}

function reverse(guest: Guest): ArpPacket {
  const whole = { senderMac: guest.mac, senderIp: NO_IP, targetMac: guest.mac, targetIp: NO_IP };
  return { operation: "reverse-request", ...whole };
}

function arp(destination: MacAddress, packet: ArpPacket): Uint8Array {
  const etherType = packet.operation === "reverse-request" ? ETHERTYPE_RARP : ETHERTYPE_ARP;
  const payload = encodeArp(packet);
  return encodeEthernet({ destination, source: packet.senderMac, etherType, payload });
}

function advertisement(guest: Guest, destination: IpAddress): Uint8Array {
  const flags = { router: false, solicited: false, override: true };
  const payload = encodeNd({
    kind: "neighbour-advertisement",
    source: guest.ipv6,
    destination,
    target: guest.ipv6,
    linkAddress: guest.mac,
    ...flags,
  });
  return ipv6Frame(guest, groupMac(payload), payload);
}

function answer(guest: Guest, to: Guest): Uint8Array {
  const flags = { router: false, solicited: true, override: true };
  const payload = encodeNd({
    kind: "neighbour-advertisement",
    source: guest.ipv6,
    destination: to.ipv6,
    target: guest.ipv6,
    linkAddress: guest.mac,
    ...flags,
  });
  return ipv6Frame(guest, to.mac, payload);
}

function solicitation(
  guest: Guest,
  { asker, target }: { readonly asker: Guest | undefined; readonly target: IpAddress },
): Uint8Array {
  const payload = encodeNd({
    kind: "neighbour-solicitation",
    source: asker?.ipv6 ?? UNSPECIFIED,
    destination: solicitedNode(target),
    target,
    linkAddress: asker?.mac,
  });
  return ipv6Frame(guest, groupMac(payload), payload);
}

/** RFC 4861 §4.1: a neighbour solicitation's bytes without the target, and another type. */
function routerSolicitation(guest: Guest): Uint8Array {
  const whole = encodeNd({
    kind: "neighbour-solicitation",
    source: guest.ipv6,
    destination: ALL_ROUTERS,
    target: UNSPECIFIED,
    linkAddress: guest.mac,
  });
  const payload = Uint8Array.of(...whole.subarray(0, 48), ...whole.subarray(64));
  writeUint16(payload.length - 40, payload, 4);
  payload[40] = 133;
  // The sum has lost 16 of length, and 2 of the type in its high byte (RFC 1624).
  const sum = 0xffff - ((payload[42] ?? 0) * 256 + (payload[43] ?? 0)) - 16 - 0x0200;
  writeUint16(0xffff - (sum < 0 ? sum + 0xffff : sum), payload, 42);
  return ipv6Frame(guest, groupMac(payload), payload);
}

/** A datagram to the discard port, with a wrong checksum: nobody is to answer. */
function datagram4(guest: Guest, to: Guest): Uint8Array {
  const payload = new Uint8Array(46);
  payload.set([0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17]);
  payload.set(fourBytes(guest.ipv4), 12);
  payload.set(fourBytes(to.ipv4), 16);
  payload.set([0x80, 0, 0, 9, 0, 8, 0xba, 0xdd], 20);
  // The header's own is right, for a bridge may look at it (br_netfilter).
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += (payload[at] ?? 0) * 256 + (payload[at + 1] ?? 0);
  writeUint16(0xffff - (sum % 0xffff), payload, 10);
  const addressed = { destination: to.mac, source: guest.mac };
  return encodeEthernet({ ...addressed, etherType: ETHERTYPE_IPV4, payload });
}

function datagram6(guest: Guest, to: Guest): Uint8Array {
  const flags = { router: false, solicited: false, override: false };
  // The header is that of any message from one to the other; what it carries is another.
  const payload = encodeNd({
    kind: "neighbour-advertisement",
    source: guest.ipv6,
    destination: to.ipv6,
    target: to.ipv6,
    linkAddress: undefined,
    ...flags,
  });
  payload[6] = 17;
  payload.set([0x80, 0, 0, 9, 0, 24, 0xba, 0xdd], 40);
  return ipv6Frame(guest, to.mac, payload);
}

function fourBytes(address: IpAddress): readonly number[] {
  return address.split(".").map(Number);
}

function ipv6Frame({ mac: source }: Guest, destination: MacAddress, payload: Uint8Array) {
  return encodeEthernet({ destination, source, etherType: ETHERTYPE_IPV6, payload });
}

/** RFC 2464 §7: 33:33 and the last four bytes of the group, which end the IPv6 header. */
function groupMac(packet: Uint8Array): MacAddress {
  const last = [...packet.subarray(36, 40)].map((byte) => byte.toString(16).padStart(2, "0"));
  return mac(`33:33:${last.join(":")}`);
}

/** Of an address that ends like `::2:64`, the last 24 bits are of its last two groups. */
function solicitedNode(address: IpAddress): IpAddress {
  const groups = address.split(":").map((group) => Number.parseInt(group || "0", 16));
  const high = ((groups.at(-2) ?? 0) & 0xff) | 0xff00;
  return ip(`ff02::1:${high.toString(16)}:${(groups.at(-1) ?? 0).toString(16)}`);
}

function padded(frame: Uint8Array, length: number): Uint8Array {
  const whole = new Uint8Array(length);
  whole.set(frame);
  return whole;
}
