/**
 * Sort keys: texts whose order by character is the order of the numbers they stand for. A MAC address
 * is such a text as it is.
 */
import { type IpAddress, ipToBytes, isIpv6 } from "../../evpn/ip.ts";
import type { Vni } from "../../evpn/vni.ts";

/** A VNI has at most eight digits. */
export function vniKey(vni: Vni): string {
  return String(vni).padStart(8, "0");
}

/** IPv4 before IPv6, each by its number; no address comes first of all. */
export function ipKey(ip: IpAddress | undefined): string {
  if (ip === undefined) return "";
  return `${isIpv6(ip) ? 6 : 4}${Buffer.from(ipToBytes(ip)).toString("hex")}`;
}

export function sortedIps(ips: Iterable<IpAddress>): readonly IpAddress[] {
  const all = [...ips];
  // Nearly every host has one or two, and to make keys of a hundred thousand takes a while.
  if (all.length < 2) return all;
  return all
    .map((ip) => ({ ip, key: ipKey(ip) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ ip }) => ip);
}

/** Port names as people count: swp2 before swp10. */
const collator = new Intl.Collator("en", { numeric: true });

export function comparePorts(a: string, b: string): number {
  return collator.compare(a, b);
}
