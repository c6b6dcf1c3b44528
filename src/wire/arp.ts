/**
 * ARP (RFC 826) and Reverse ARP (RFC 903) over Ethernet for IPv4: what stands in a frame's payload.
 * The two share their layout; the EtherType tells them apart.
 */
import { type IpAddress, ipToBytes, ipv4FromBytes } from "../evpn/ip.ts";
import { type MacAddress, macFromBytes, writeMac } from "../evpn/mac.ts";
import { err, ok, type Result } from "../evpn/result.ts";
import { uint16At, writeUint16 } from "./ethernet.ts";

export type ArpOperation = "request" | "reply" | "reverse-request" | "reverse-reply";

export interface ArpPacket {
  readonly operation: ArpOperation;
  readonly senderMac: MacAddress;
  readonly senderIp: IpAddress;
  readonly targetMac: MacAddress;
  readonly targetIp: IpAddress;
}

export type ArpRefusal = "arp-truncated" | "arp-not-ethernet-ipv4" | "arp-unknown-operation";

const HTYPE_ETHERNET = 1;
const PTYPE_IPV4 = 0x0800;
const MAC_LENGTH = 6;
const IPV4_LENGTH = 4;
const PACKET_LENGTH = 28;

/** By the number of the operation; those of ARP and of RARP. */
const OPERATIONS: readonly (ArpOperation | undefined)[] = [
  undefined,
  "request",
  "reply",
  "reverse-request",
  "reverse-reply",
];

//  0      2      4     5     6           8            14          18           24          28
//  | htype| ptype| hlen| plen| operation | sender MAC | sender IP | target MAC | target IP |
export function decodeArp(payload: Uint8Array): Result<ArpPacket, ArpRefusal> {
  if (payload.length < PACKET_LENGTH) return err("arp-truncated");
  // The lengths come from the sender: believed only where they say what the types imply.
  const isEthernetIpv4 =
    uint16At(payload, 0) === HTYPE_ETHERNET &&
    uint16At(payload, 2) === PTYPE_IPV4 &&
    payload[4] === MAC_LENGTH &&
    payload[5] === IPV4_LENGTH;
  if (!isEthernetIpv4) return err("arp-not-ethernet-ipv4");
  const operation = OPERATIONS[uint16At(payload, 6)];
  if (operation === undefined) return err("arp-unknown-operation");
  return ok({
    operation,
    senderMac: macFromBytes(payload, 8),
    senderIp: ipv4FromBytes(payload, 14),
    targetMac: macFromBytes(payload, 18),
    targetIp: ipv4FromBytes(payload, 24),
  });
}

export function encodeArp(packet: ArpPacket): Uint8Array {
  const bytes = new Uint8Array(PACKET_LENGTH);
  writeUint16(HTYPE_ETHERNET, bytes, 0);
  writeUint16(PTYPE_IPV4, bytes, 2);
  bytes[4] = MAC_LENGTH;
  bytes[5] = IPV4_LENGTH;
  writeUint16(OPERATIONS.indexOf(packet.operation), bytes, 6);
  writeMac(packet.senderMac, bytes, 8);
  bytes.set(ipToBytes(packet.senderIp), 14);
  writeMac(packet.targetMac, bytes, 18);
  bytes.set(ipToBytes(packet.targetIp), 24);
  return bytes;
}
