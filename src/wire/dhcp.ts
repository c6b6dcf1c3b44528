/**
 * What a DHCP server tells a client: for how long it may use which addresses. DHCPv4 ACK (RFC 2131,
 * RFC 2132) and DHCPv6 Reply (RFC 8415), as Ethernet frames on their last way, to the client.
 *
 * A UDP checksum is not looked at: a guest's or container's frame has none yet where the device it was
 * sent by would have reckoned it, and a lease proves nothing by itself anyway.
 */
import { type IpAddress, ipv4FromBytes, ipv6FromBytes, refuseHostIp } from "../evpn/ip.ts";
import { type MacAddress, macFromBytes, refuseHostMac } from "../evpn/mac.ts";
import { err, ok, type Result } from "../evpn/result.ts";
import {
  decodeEthernet,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  type EthernetFrame,
  uint16At,
} from "./ethernet.ts";

export interface Lease {
  readonly mac: MacAddress;
  readonly ip: IpAddress;
  /** 0: it has ended; `undefined`: it never does. */
  readonly seconds: number | undefined;
}

/** Why such a frame tells of no lease; a counter's label. */
export type DhcpIgnored =
  | "dhcp-ip-malformed"
  /** Part of a packet: nobody's DHCP message is so long. */
  | "dhcp-fragment"
  | "dhcp-truncated"
  | "dhcp-malformed"
  /** An offer, a refusal, a relay's message: nobody has got an address by it. */
  | "dhcp-no-lease"
  | "dhcp-client-unknown";

type Leases = Result<readonly Lease[], DhcpIgnored>;

const PROTOCOL_UDP = 17;
const UDP_LENGTH = 8;
const FOR_EVER = 0xffff_ffff;

/**
 * Whether a frame that has passed the port's filter is one of these. The filter looks at the ports;
 * what comes by it with UDP in it can be nothing else.
 */
export function carriesUdp(frame: Uint8Array): boolean {
  const etherType = frame.length < 24 ? 0 : uint16At(frame, 12);
  if (etherType === ETHERTYPE_IPV4) return true;
  return etherType === ETHERTYPE_IPV6 && frame[20] === PROTOCOL_UDP;
}

/** Reads a frame from port 67 to 68, or 547 to 546. Never throws; the frame may be anything. */
export function leasesIn(frame: Uint8Array): Leases {
  const ethernet = decodeEthernet(frame);
  if (!ethernet.ok) return err("dhcp-truncated");
  switch (ethernet.value.etherType) {
    case ETHERTYPE_IPV4:
      return leasesInIpv4(ethernet.value.payload);
    case ETHERTYPE_IPV6:
      return leasesInIpv6(ethernet.value);
    default:
      return err("dhcp-ip-malformed");
  }
}

//  IPv4  0        2        4   6                8    9         10        12       16
//        | ihl .. | length | . | flags, offset  | ttl| protocol| checksum| source | destination |
function leasesInIpv4(packet: Uint8Array): Leases {
  const headerLength = 4 * ((packet[0] ?? 0) & 0x0f);
  if ((packet[0] ?? 0) >>> 4 !== 4 || headerLength < 20) return err("dhcp-ip-malformed");
  const end = uint16At(packet, 2);
  if (packet.length < end || end < headerLength + UDP_LENGTH) return err("dhcp-truncated");
  if (!isHeaderSumRight(packet, headerLength)) return err("dhcp-ip-malformed");
  // More fragments to come, or not the first.
  if ((uint16At(packet, 6) & 0x3fff) !== 0) return err("dhcp-fragment");
  if (packet[9] !== PROTOCOL_UDP) return err("dhcp-ip-malformed");
  const message = udpPayload(packet.subarray(headerLength, end), { from: 67, to: 68 });
  return message.ok ? leaseInAck(message.value) : message;
}

/** RFC 1071: the words of a right header add up to all ones. */
function isHeaderSumRight(packet: Uint8Array, length: number): boolean {
  let sum = 0;
  for (let at = 0; at < length; at += 2) sum += uint16At(packet, at);
  sum = (sum >>> 16) + (sum & 0xffff);
  return (sum >>> 16) + (sum & 0xffff) === 0xffff;
}

//  UDP   0      2    4        6          8
//        | from | to | length | checksum | ...
function udpPayload(
  datagram: Uint8Array,
  { from, to }: { from: number; to: number },
): Result<Uint8Array, DhcpIgnored> {
  if (datagram.length < UDP_LENGTH) return err("dhcp-truncated");
  const length = uint16At(datagram, 4);
  if (length < UDP_LENGTH) return err("dhcp-malformed");
  if (length > datagram.length) return err("dhcp-truncated");
  if (uint16At(datagram, 0) !== from || uint16At(datagram, 2) !== to) return err("dhcp-no-lease");
  return ok(datagram.subarray(UDP_LENGTH, length));
}

const BOOTREPLY = 2;
const ETHERNET = 1;
const MAC_LENGTH = 6;
const MAGIC = 0x6382_5363;
const OPTIONS_AT = 240;
const [PAD, LEASE_TIME, OVERLOAD, MESSAGE_TYPE, END] = [0, 51, 52, 53, 255];
const ACK = 5;
const NO_IP = "0.0.0.0";

//  DHCP  0    1       2      3     4    8  10   12     16     20     24     28     44    108  236   240
//        | op | htype | hlen | hops| xid| ..| .. | ciaddr yiaddr siaddr giaddr chaddr sname file magic options
function leaseInAck(message: Uint8Array): Leases {
  if (message.length < OPTIONS_AT) return err("dhcp-truncated");
  if (message[0] !== BOOTREPLY || uint32At(message, 236) !== MAGIC) return err("dhcp-malformed");
  if (message[1] !== ETHERNET || message[2] !== MAC_LENGTH) return err("dhcp-client-unknown");
  const mac = macFromBytes(message, 28);
  if (refuseHostMac(mac) !== undefined) return err("dhcp-client-unknown");
  const options = new Map<number, Uint8Array>();
  if (!readOptions(message.subarray(OPTIONS_AT), options)) return err("dhcp-malformed");
  // RFC 2132 §9.3: options may go on where the file's and the server's names are not needed.
  const overload = options.get(OVERLOAD)?.[0] ?? 0;
  const overflown: readonly [number, Uint8Array][] = [
    [1, message.subarray(108, 236)],
    [2, message.subarray(44, 108)],
  ];
  for (const [bit, area] of overflown) {
    if ((overload & bit) !== 0 && !readOptions(area, options)) return err("dhcp-malformed");
  }
  const [type, time] = [options.get(MESSAGE_TYPE), options.get(LEASE_TIME)];
  // RFC 2131 §4.3.5: the answer to DHCPINFORM is an ACK as well, without a time and an address.
  if (type?.length !== 1 || type[0] !== ACK || time === undefined) return err("dhcp-no-lease");
  if (time.length !== 4) return err("dhcp-malformed");
  const ip = ipv4FromBytes(message, 16);
  if (ip === NO_IP || refuseHostIp(ip) !== undefined) return err("dhcp-no-lease");
  return ok([{ mac, ip, seconds: secondsOf(uint32At(time, 0)) }]);
}

/** Collects the options into `into`, the first of each kind; answers whether they are whole. */
function readOptions(area: Uint8Array, into: Map<number, Uint8Array>): boolean {
  let at = 0;
  while (at < area.length) {
    const code = area[at] ?? END;
    if (code === END) return true;
    if (code === PAD) {
      at++;
      continue;
    }
    const end = at + 2 + (area[at + 1] ?? 0);
    if (at + 1 >= area.length || end > area.length) return false;
    if (!into.has(code)) into.set(code, area.subarray(at + 2, end));
    at = end;
  }
  // RFC 2132 §3.2 wants an end; many leave it out.
  return true;
}

const IPV6_HEADER_LENGTH = 40;
const REPLY = 7;
const OPTION_IA_NA = 3;
const OPTION_IA_TA = 4;
const OPTION_IA_ADDRESS = 5;
const OPTION_STATUS = 13;

//  IPv6  0            4         6      7      8        24            40
//        | version .. | length  | next | hops | source | destination |
function leasesInIpv6({ payload: packet, destination }: EthernetFrame): Leases {
  if (packet.length < IPV6_HEADER_LENGTH) return err("dhcp-truncated");
  if ((packet[0] ?? 0) >>> 4 !== 6 || packet[6] !== PROTOCOL_UDP) return err("dhcp-ip-malformed");
  const end = IPV6_HEADER_LENGTH + uint16At(packet, 4);
  if (packet.length < end) return err("dhcp-truncated");
  const datagram = packet.subarray(IPV6_HEADER_LENGTH, end);
  const message = udpPayload(datagram, { from: 547, to: 546 });
  if (!message.ok) return message;
  // The message names the client by a DUID, which need not be an address of its. On the last way,
  // from the server or from the relay, it is sent to the client alone (RFC 8415 §18.3.10, §19.2).
  if (refuseHostMac(destination) !== undefined) return err("dhcp-client-unknown");
  return leasesInReply(message.value, destination);
}

//  DHCPv6   0      1       4
//           | type | xid   | options: | code | length | ...
function leasesInReply(message: Uint8Array, mac: MacAddress): Leases {
  if (message.length < 4) return err("dhcp-truncated");
  if (message[0] !== REPLY) return err("dhcp-no-lease");
  const options = optionsIn(message.subarray(4));
  if (options === undefined) return err("dhcp-malformed");
  const leases: Lease[] = [];
  for (const { code, value } of options) {
    // IA_NA: id, T1, T2, then options; IA_TA: id, then options.
    const optionsAt = code === OPTION_IA_NA ? 12 : code === OPTION_IA_TA ? 4 : undefined;
    if (optionsAt === undefined) continue;
    const inner = value.length < optionsAt ? undefined : optionsIn(value.subarray(optionsAt));
    if (inner === undefined) return err("dhcp-malformed");
    if (hasFailed(inner)) continue;
    for (const option of inner) {
      if (option.code !== OPTION_IA_ADDRESS) continue;
      const lease = leaseIn(option.value, mac);
      if (!lease.ok) return lease;
      if (lease.value !== undefined) leases.push(lease.value);
    }
  }
  return hasFailed(options) || leases.length === 0 ? err("dhcp-no-lease") : ok(leases);
}

//  IA address  0         16                   20               24
//              | address | preferred lifetime | valid lifetime | options
function leaseIn(value: Uint8Array, mac: MacAddress): Result<Lease | undefined, DhcpIgnored> {
  const options = value.length < 24 ? undefined : optionsIn(value.subarray(24));
  if (options === undefined) return err("dhcp-malformed");
  const ip = ipv6FromBytes(value);
  if (hasFailed(options) || refuseHostIp(ip) !== undefined) return ok(undefined);
  return ok({ mac, ip, seconds: secondsOf(uint32At(value, 20)) });
}

interface Option {
  readonly code: number;
  readonly value: Uint8Array;
}

/** `undefined` where they are not whole. */
function optionsIn(area: Uint8Array): readonly Option[] | undefined {
  const options: Option[] = [];
  for (let at = 0; at < area.length; ) {
    if (at + 4 > area.length) return undefined;
    const end = at + 4 + uint16At(area, at + 2);
    if (end > area.length) return undefined;
    options.push({ code: uint16At(area, at), value: area.subarray(at + 4, end) });
    at = end;
  }
  return options;
}

function hasFailed(options: readonly Option[]): boolean {
  return options.some(
    ({ code, value }) => code === OPTION_STATUS && (value.length < 2 || uint16At(value, 0) !== 0),
  );
}

function secondsOf(time: number): number | undefined {
  return time === FOR_EVER ? undefined : time;
}

function uint32At(bytes: Uint8Array, offset: number): number {
  return uint16At(bytes, offset) * 0x1_0000 + uint16At(bytes, offset + 2);
}
