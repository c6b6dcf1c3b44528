/**
 * General queries for multicast membership: IGMPv3 (RFC 3376 §4.1) and MLDv2 (RFC 3810 §5.1). Hosts that
 * know older versions only read the first part of them, and answer in their way (RFC 3376 §7.2.1,
 * RFC 3810 §8.2.1); a query of an older version would make the others forget what is new.
 *
 * They ask hosts and are to have no effect on routers: the flag S tells those to leave their timers alone
 * (RFC 3376 §4.1.5), and the sources lose every election of a querier: 0.0.0.0 takes part in none
 * (RFC 4541 §2.1.1), and in MLD, where a link-local address is needed, the lowest wins.
 */
import { type IpAddress, ipToBytes } from "../evpn/ip.ts";
import { writeUint16 } from "./ethernet.ts";

/** How long a host may take to answer: so many guests of one hypervisor do not answer at once. */
const RESPONSE_MS = 200;
const SUPPRESS_ROUTERS = 0x08;
/** The robustness of the default, and its interval in seconds (RFC 3376 §8.1, §8.2). */
const ROBUSTNESS = 2;
const INTERVAL_S = 125;

const IPV4_LENGTH = 24;
const IGMP_LENGTH = 12;
const IPV6_LENGTH = 40;
const HOP_BY_HOP_LENGTH = 8;
const MLD_LENGTH = 28;

/** RFC 2113: routers are to look into it, though it is not to them. */
const ROUTER_ALERT_IPV4: readonly number[] = [0x94, 4, 0, 0];
/** Next header ICMPv6, length 0; router alert for MLD (RFC 2711); padding. */
const ROUTER_ALERT_IPV6: readonly number[] = [58, 0, 5, 2, 0, 0, 1, 0];

const ALL_SYSTEMS = "224.0.0.1" as IpAddress;
const ALL_NODES = "ff02::1" as IpAddress;
/** The highest interface identifier that is not reserved (RFC 2526). */
const LAST_OF_ALL = "fe80::ffff:ffff:ffff:ff7f" as IpAddress;

//  0       1     2        4    6       8     9          10         12       16            20
//  | 4 ihl | tos | length | id | flags | ttl | protocol | checksum | source | destination | router alert
//  24     25       26         28      32      33        34
//  | 0x11 | answer | checksum | group | S, QRV | QQIC | number of sources
/** The IPv4 packet. */
export function encodeIgmpQuery(): Uint8Array {
  const packet = new Uint8Array(IPV4_LENGTH + IGMP_LENGTH);
  packet[0] = 0x40 | (IPV4_LENGTH / 4);
  // RFC 3376 §4: internetwork control, and one hop.
  packet[1] = 0xc0;
  writeUint16(packet.length, packet, 2);
  packet[8] = 1;
  packet[9] = 2;
  packet.set(ipToBytes(ALL_SYSTEMS), 16);
  packet.set(ROUTER_ALERT_IPV4, 20);
  writeUint16(checksum(packet.subarray(0, IPV4_LENGTH)), packet, 10);
  const query = packet.subarray(IPV4_LENGTH);
  query[0] = 0x11;
  query[1] = RESPONSE_MS / 100;
  query[8] = SUPPRESS_ROUTERS | ROBUSTNESS;
  query[9] = INTERVAL_S;
  writeUint16(checksum(query), query, 2);
  return packet;
}

//  0       4        6             7           8        24            40
//  | 6 ... | length | next header | hop limit | source | destination | hop-by-hop options
//  48    49     50         52       54         56      72       73     74
//  | 130 | code | checksum | answer | reserved | group | S, QRV | QQIC | number of sources
/** The IPv6 packet. */
export function encodeMldQuery(): Uint8Array {
  const packet = new Uint8Array(IPV6_LENGTH + HOP_BY_HOP_LENGTH + MLD_LENGTH);
  packet[0] = 6 << 4;
  writeUint16(HOP_BY_HOP_LENGTH + MLD_LENGTH, packet, 4);
  packet[6] = 0;
  packet[7] = 1;
  packet.set(ipToBytes(LAST_OF_ALL), 8);
  packet.set(ipToBytes(ALL_NODES), 24);
  packet.set(ROUTER_ALERT_IPV6, IPV6_LENGTH);
  const query = packet.subarray(IPV6_LENGTH + HOP_BY_HOP_LENGTH);
  query[0] = 130;
  writeUint16(RESPONSE_MS, query, 4);
  query[24] = SUPPRESS_ROUTERS | ROBUSTNESS;
  query[25] = INTERVAL_S;
  // RFC 8200 §8.1: the addresses, the length and the protocol count too.
  const pseudo = new Uint8Array(40);
  pseudo.set(packet.subarray(8, IPV6_LENGTH));
  writeUint16(MLD_LENGTH, pseudo, 34);
  pseudo[39] = 58;
  writeUint16(checksum(Uint8Array.of(...pseudo, ...query)), query, 2);
  return packet;
}

/** RFC 1071, of an even number of bytes; 0 where the field is right. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  }
  sum = (sum >>> 16) + (sum & 0xffff);
  sum = (sum >>> 16) + (sum & 0xffff);
  return ~sum & 0xffff;
}
