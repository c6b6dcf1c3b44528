/**
 * As whom a leaf asks a host "do you have this IP?" where it has no address of its own in the host's
 * network, and so by what an answer is known.
 *
 * Never as 0.0.0.0 or `::`: that is how somebody asks who wants the address for himself, and a host
 * would defend it or give it up (RFC 5227 §2.1, RFC 4862 §5.4). For IPv6 the leaf asks from the
 * link-local address its MAC gives it. For IPv4 there is no such address: it asks as the IPv4 dummy
 * address (RFC 7600 §4.8), which belongs to nobody, so that no host's cache is spoilt.
 */
import { type IpAddress, ipToBytes, ipv6FromBytes, isIpv6 } from "./ip.ts";
import { type MacAddress, writeMac } from "./mac.ts";

const DUMMY = "192.0.0.8" as IpAddress;

/** The sender address of a question about `ip`, from the leaf whose MAC is `asker`. */
export function askerAddress(ip: IpAddress, asker: MacAddress): IpAddress {
  return isIpv6(ip) ? linkLocalOf(asker) : DUMMY;
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
