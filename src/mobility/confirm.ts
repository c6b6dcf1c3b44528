/**
 * The IPs of a host that is heard, but has not shown them for long: it is asked about each, and one to
 * which it answers no longer is withdrawn alone (RFC 9161 §3.5, C6.14). Else an address that a host has
 * let go without a word would stay its for as long as the host lives, and a kernel that believes our
 * route could never learn of its new owner.
 */
import type { IpAddress } from "../evpn/ip.ts";
import { commit, type Scene } from "./commit.ts";
import type { Domain } from "./domain.ts";
import { withoutIp } from "./learn.ts";
import type { LocalClaim, MacEntry } from "./mac-entry.ts";
import { familyOf, type Probe } from "./probes.ts";

/** When each IP was last shown by the host. */
function* shownAt(
  { confirmedAt }: Domain,
  { ips }: LocalClaim,
): Generator<readonly [IpAddress, number]> {
  for (const [ip, { since }] of ips) yield [ip, Math.max(since, confirmedAt.get(ip) ?? since)];
}

/** When the IP was shown that was not shown for the longest time. */
export function longestUnshown(domain: Domain, local: LocalClaim): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const [, at] of shownAt(domain, local)) earliest = Math.min(earliest, at);
  return earliest;
}

export function notShownSince(domain: Domain, local: LocalClaim, since: number): Set<IpAddress> {
  return new Set([...shownAt(domain, local)].flatMap(([ip, at]) => (at <= since ? [ip] : [])));
}

/** It has been asked as often as it is: what it has let go is withdrawn. */
export function silentLetGo(scene: Scene, entry: MacEntry, probe: Probe): void {
  const { domain, outbox, at } = scene;
  const { vni, mac } = entry;
  let after = entry;
  for (const ip of probe.ips) {
    // Another MAC has got it meanwhile.
    if (entry.local?.ips.has(ip) !== true) continue;
    if (hasLetGo(entry, ip, probe) && domain.sticky.get(ip) !== mac) {
      after = withoutIp(after, ip);
      outbox.tell({ kind: "ip-let-go", vni, mac, ip });
    } else domain.confirmedAt.set(ip, at);
  }
  commit(scene, { before: entry, after, by: "silent" });
}

/**
 * Silence means something only of a host that does answer such questions: to another of its IPs of
 * the family, this time; or, where there is no other, to this one, before. One with a strict reverse
 * path filter answers to none of IPv4 and to all of IPv6.
 */
function hasLetGo({ local }: MacEntry, ip: IpAddress, { ips, answering }: Probe): boolean {
  const family = familyOf(ip);
  if (answering?.has(family) === true) return true;
  for (const other of local?.ips.keys() ?? []) {
    if (!ips.has(other) && familyOf(other) === family) return false;
  }
  return local?.ips.get(ip)?.answers === true;
}
