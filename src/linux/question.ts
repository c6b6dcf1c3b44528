/**
 * A question to one host: "do you have this IP?", as the leaf may ask it without an address of its
 * own in the host's network.
 *
 * Never with sender 0.0.0.0 or `::`: that is how somebody asks who wants the address for himself, and
 * a host would defend it or give it up (RFC 5227 §2.1, RFC 4862 §5.4). For IPv6 the leaf asks from the
 * link-local address its MAC gives it. For IPv4 there is no such address: it asks as 192.0.0.8, the
 * IPv4 dummy address (RFC 7600 §4.8), which belongs to nobody, so that no host's cache is spoilt. A
 * Linux host with a strict reverse path filter and no route that way does not answer it.
 */
import { type IpAddress, ipToBytes, ipv6FromBytes, isIpv6 } from "../evpn/ip.ts";
import { type MacAddress, writeMac } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import type { Vni } from "../evpn/vni.ts";
import { encodeArp } from "../wire/arp.ts";
import { ETHERTYPE_ARP, ETHERTYPE_IPV6, encodeEthernet } from "../wire/ethernet.ts";
import { encodeNd } from "../wire/nd.ts";

/** Whom to ask about what. */
export interface Question {
  readonly vni: Vni;
  readonly port: PortName;
  readonly mac: MacAddress;
  readonly ip: IpAddress;
}

const DUMMY = "192.0.0.8" as IpAddress;

/** `asker` is the leaf's own MAC in this bridge, to which the answer comes. */
export function questionFrame(
  { mac, ip }: Pick<Question, "mac" | "ip">,
  asker: MacAddress,
): Uint8Array {
  const isV6 = isIpv6(ip);
  const payload = isV6
    ? encodeNd({
        kind: "neighbour-solicitation",
        source: linkLocalOf(asker),
        destination: ip,
        target: ip,
        linkAddress: asker,
      })
    : encodeArp({
        operation: "request",
        senderMac: asker,
        senderIp: DUMMY,
        targetMac: mac,
        targetIp: ip,
      });
  const etherType = isV6 ? ETHERTYPE_IPV6 : ETHERTYPE_ARP;
  return encodeEthernet({ destination: mac, source: asker, etherType, payload });
}

/** RFC 4291 §2.5.6 and appendix A: fe80:: and the modified EUI-64 of the MAC. */
function linkLocalOf(mac: MacAddress): IpAddress {
  const bytes = ipToBytes("fe80::" as IpAddress);
  const parts = new Uint8Array(6);
  writeMac(mac, parts);
  bytes.set(parts.subarray(0, 3), 8);
  bytes.set([0xff, 0xfe], 11);
  bytes.set(parts.subarray(3), 13);
  bytes[8] = (bytes[8] ?? 0) ^ 0x02;
  return ipv6FromBytes(bytes);
}
