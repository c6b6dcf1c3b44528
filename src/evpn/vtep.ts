/** VTEP addresses and their order. */
import type { IpAddress } from "./ip.ts";
import { ipToBytes, isIpv6 } from "./ip.ts";

/** The tunnel address of a leaf: the next hop of its routes, the outer source of its packets. */
export type VtepAddress = IpAddress;

/**
 * Orders VTEPs as RFC 7432 §15 does for a tie: by the number the address is, not by its text, so
 * that x.9 comes before x.10. IPv4 comes before IPv6; the RFC does not say, and every leaf must
 * do the same.
 */
export function compareVteps(a: VtepAddress, b: VtepAddress): number {
  if (a === b) return 0;
  if (isIpv6(a) !== isIpv6(b)) return isIpv6(a) ? 1 : -1;
  const left = ipToBytes(a);
  const right = ipToBytes(b);
  for (let i = 0; i < left.length; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
