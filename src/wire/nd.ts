/**
 * IPv6 neighbour discovery (RFC 4861): solicitations and advertisements of neighbours and routers,
 * as IPv6 packets. Decoding does all that §6.1.1, §6.1.2, §7.1.1 and §7.1.2 ask of a receiver.
 */
import { type IpAddress, ipToBytes, ipv6FromBytes, isLinkLocal, refuseHostIp } from "../evpn/ip.ts";
import { type MacAddress, macFromBytes, writeMac } from "../evpn/mac.ts";
import { err, ok, type Result } from "../evpn/result.ts";
import { uint16At, writeUint16 } from "./ethernet.ts";

interface Addressed {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** The Source (in advertisements of neighbours: Target) Link-Layer Address option. */
  readonly linkAddress: MacAddress | undefined;
}

export interface NeighbourSolicitation extends Addressed {
  readonly kind: "neighbour-solicitation";
  readonly target: IpAddress;
}

export interface NeighbourAdvertisement extends Addressed {
  readonly kind: "neighbour-advertisement";
  readonly target: IpAddress;
  readonly router: boolean;
  readonly solicited: boolean;
  readonly override: boolean;
}

export type NdMessage =
  | NeighbourSolicitation
  | NeighbourAdvertisement
  | (Addressed & { readonly kind: "router-solicitation" | "router-advertisement" });

export type NdRefusal =
  | "ipv6-truncated"
  /** Not ICMPv6, or an ICMPv6 message of another kind, or a fragment (RFC 6980 forbids those). */
  | "not-neighbour-discovery"
  | "nd-hop-limit"
  | "nd-checksum"
  | "nd-code"
  | "nd-truncated"
  | "nd-option-malformed"
  | "nd-target-multicast"
  | "nd-source-not-link-local"
  /** A solicitation from `::` that asks for anything but duplicate address detection. */
  | "nd-unspecified-source"
  /** An advertisement to all that claims to be an answer. */
  | "nd-solicited-multicast";

const IPV6_HEADER_LENGTH = 40;
const NEXT_HEADER_HOP_BY_HOP = 0;
const NEXT_HEADER_ICMPV6 = 58;
/** A router lowers the hop limit: 255 proves that the sender is on this link (RFC 4861 §3.1). */
const HOP_LIMIT = 255;

const ROUTER_SOLICITATION = 133;
const ROUTER_ADVERTISEMENT = 134;
const NEIGHBOUR_SOLICITATION = 135;
const NEIGHBOUR_ADVERTISEMENT = 136;

const OPTION_SOURCE_LINK_ADDRESS = 1;
const OPTION_TARGET_LINK_ADDRESS = 2;
/** The length of an option is counted in units of eight bytes. */
const OPTION_UNIT = 8;

const FLAG_ROUTER = 0x80;
const FLAG_SOLICITED = 0x40;
const FLAG_OVERRIDE = 0x20;

/** Where an ICMPv6 message lies in the packet. */
interface Extent {
  readonly start: number;
  readonly end: number;
}

//  IPv6  0            4         6      7      8        24            40
//        | version .. | length  | next | hops | source | destination |
export function decodeNd(packet: Uint8Array): Result<NdMessage, NdRefusal> {
  const extent = icmpv6Extent(packet);
  if (!extent.ok) return extent;
  const { start, end } = extent.value;
  const optionsAt = fixedLength(packet[start]);
  if (optionsAt === undefined) return err("not-neighbour-discovery");
  if (packet[7] !== HOP_LIMIT) return err("nd-hop-limit");
  if (end - start < optionsAt) return err("nd-truncated");
  if (packet[start + 1] !== 0) return err("nd-code");
  if (checksum(packet, extent.value) !== 0) return err("nd-checksum");
  return decodeMessage(packet, extent.value);
}

/** Past the IPv6 header, and past a hop-by-hop header where there is one. */
function icmpv6Extent(packet: Uint8Array): Result<Extent, NdRefusal> {
  if (packet.length < IPV6_HEADER_LENGTH) return err("ipv6-truncated");
  if ((packet[0] ?? 0) >>> 4 !== 6) return err("not-neighbour-discovery");
  const end = IPV6_HEADER_LENGTH + uint16At(packet, 4);
  if (end > packet.length) return err("ipv6-truncated");
  let start = IPV6_HEADER_LENGTH;
  let next = packet[6];
  if (next === NEXT_HEADER_HOP_BY_HOP) {
    if (start + 8 > end) return err("ipv6-truncated");
    next = packet[start];
    start += 8 * ((packet[start + 1] ?? 0) + 1);
  }
  if (next !== NEXT_HEADER_ICMPV6) return err("not-neighbour-discovery");
  return start + 4 > end ? err("ipv6-truncated") : ok({ start, end });
}

/** The length of a message before its options. */
function fixedLength(type: number | undefined): number | undefined {
  switch (type) {
    case ROUTER_SOLICITATION:
      return 8;
    case ROUTER_ADVERTISEMENT:
      return 16;
    case NEIGHBOUR_SOLICITATION:
    case NEIGHBOUR_ADVERTISEMENT:
      return 24;
    default:
      return undefined;
  }
}

//  ICMPv6  0      1      2          4                 8        24
//          | type | code | checksum | flags, reserved | target | options ...
function decodeMessage(packet: Uint8Array, extent: Extent): Result<NdMessage, NdRefusal> {
  const { start } = extent;
  const type = packet[start];
  const link = linkAddress(packet, extent);
  if (!link.ok) return link;
  const addressed: Addressed = {
    source: ipv6FromBytes(packet, 8),
    destination: ipv6FromBytes(packet, 24),
    linkAddress: link.value,
  };
  if (type === ROUTER_SOLICITATION) return checkRouterSolicitation(addressed);
  if (type === ROUTER_ADVERTISEMENT) {
    return isLinkLocal(addressed.source)
      ? ok({ kind: "router-advertisement", ...addressed })
      : err("nd-source-not-link-local");
  }
  const target = ipv6FromBytes(packet, start + 8);
  if (refuseHostIp(target) === "ip-multicast") return err("nd-target-multicast");
  if (type === NEIGHBOUR_SOLICITATION) {
    return checkNeighbourSolicitation({ kind: "neighbour-solicitation", ...addressed, target });
  }
  const flags = packet[start + 4] ?? 0;
  const solicited = (flags & FLAG_SOLICITED) !== 0;
  if (solicited && isMulticast(addressed.destination)) return err("nd-solicited-multicast");
  return ok({
    kind: "neighbour-advertisement",
    ...addressed,
    target,
    router: (flags & FLAG_ROUTER) !== 0,
    solicited,
    override: (flags & FLAG_OVERRIDE) !== 0,
  });
}

function checkRouterSolicitation(addressed: Addressed): Result<NdMessage, NdRefusal> {
  // RFC 4861 §6.1.1: who has no address has no link-layer address to tell either.
  return addressed.source === "::" && addressed.linkAddress !== undefined
    ? err("nd-unspecified-source")
    : ok({ kind: "router-solicitation", ...addressed });
}

function checkNeighbourSolicitation(message: NeighbourSolicitation): Result<NdMessage, NdRefusal> {
  // RFC 4861 §7.1.1: from `::` only duplicate address detection, which asks the solicited nodes.
  const isDad = message.linkAddress === undefined && isSolicitedNode(message.destination);
  return message.source === "::" && !isDad ? err("nd-unspecified-source") : ok(message);
}

/** Walks all options, for one malformed option spoils the message (RFC 4861 §7.1.1). */
function linkAddress(
  packet: Uint8Array,
  { start, end }: Extent,
): Result<MacAddress | undefined, NdRefusal> {
  const type = packet[start];
  const wanted =
    type === NEIGHBOUR_ADVERTISEMENT ? OPTION_TARGET_LINK_ADDRESS : OPTION_SOURCE_LINK_ADDRESS;
  let found: MacAddress | undefined;
  let at = start + (fixedLength(type) ?? 0);
  while (at < end) {
    const length = OPTION_UNIT * (at + 1 < end ? (packet[at + 1] ?? 0) : 0);
    if (length === 0 || at + length > end) return err("nd-option-malformed");
    if (packet[at] === wanted && found === undefined) {
      // On Ethernet the option is one unit long (RFC 2464 §6).
      if (length !== OPTION_UNIT) return err("nd-option-malformed");
      found = macFromBytes(packet, at + 2);
    }
    at += length;
  }
  return ok(found);
}

/**
 * The Internet checksum (RFC 1071) over the pseudo header (RFC 8200 §8.1) and the message: what
 * belongs into a checksum field that is 0, and 0 where the field is right.
 */
function checksum(packet: Uint8Array, { start, end }: Extent): number {
  let sum = end - start + NEXT_HEADER_ICMPV6;
  for (let at = 8; at < IPV6_HEADER_LENGTH; at += 2) sum += uint16At(packet, at);
  for (let at = start; at + 1 < end; at += 2) sum += uint16At(packet, at);
  if ((end - start) % 2 === 1) sum += (packet[end - 1] ?? 0) << 8;
  // At most 65535 words of 16 bits: the carries fit 32 bits, and two folds take them all in.
  sum = (sum >>> 16) + (sum & 0xffff);
  sum = (sum >>> 16) + (sum & 0xffff);
  return ~sum & 0xffff;
}

export function isMulticast(ip: IpAddress): boolean {
  return refuseHostIp(ip) === "ip-multicast";
}

/** `ff02::1:ffXX:XXXX` (RFC 4291 §2.7.1), as RFC 5952 writes it. */
function isSolicitedNode(ip: IpAddress): boolean {
  return /^ff02::1:ff[0-9a-f]{2}:[0-9a-f]{1,4}$/.test(ip);
}

/** The IPv6 packet that carries this message; the link address, where there is one, as an option. */
export function encodeNd(message: NeighbourSolicitation | NeighbourAdvertisement): Uint8Array {
  const start = IPV6_HEADER_LENGTH;
  const length = 24 + (message.linkAddress === undefined ? 0 : OPTION_UNIT);
  const packet = new Uint8Array(start + length);
  packet[0] = 6 << 4;
  writeUint16(length, packet, 4);
  packet[6] = NEXT_HEADER_ICMPV6;
  packet[7] = HOP_LIMIT;
  packet.set(ipToBytes(message.source), 8);
  packet.set(ipToBytes(message.destination), 24);
  const isSolicitation = message.kind === "neighbour-solicitation";
  packet[start] = isSolicitation ? NEIGHBOUR_SOLICITATION : NEIGHBOUR_ADVERTISEMENT;
  packet[start + 4] = isSolicitation ? 0 : flagsOf(message);
  packet.set(ipToBytes(message.target), start + 8);
  if (message.linkAddress !== undefined) {
    packet[start + 24] = isSolicitation ? OPTION_SOURCE_LINK_ADDRESS : OPTION_TARGET_LINK_ADDRESS;
    packet[start + 25] = 1;
    writeMac(message.linkAddress, packet, start + 26);
  }
  writeUint16(checksum(packet, { start, end: packet.length }), packet, start + 2);
  return packet;
}

function flagsOf({ router, solicited, override }: NeighbourAdvertisement): number {
  return (
    (router ? FLAG_ROUTER : 0) | (solicited ? FLAG_SOLICITED : 0) | (override ? FLAG_OVERRIDE : 0)
  );
}
