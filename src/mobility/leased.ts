/**
 * What follows from leases: the IPs of a host that is here are known without a frame of its own.
 *
 * A server's word binds only what nobody else has: it can be forged, and the host that has an IP can
 * speak for itself. A host keeps a leased IP in silence until the lease's end; if it has never shown
 * that it uses the IP, the IP goes with the lease.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import { hostAgedOut } from "./attend.ts";
import { commit, type Scene } from "./commit.ts";
import { hostSeen, type SeenPolicy } from "./hosts.ts";
import { withoutIp } from "./learn.ts";
import type { Observation } from "./observation.ts";
import { beginProbe } from "./probes.ts";

type Leased = Extract<Observation, { kind: "leased" }>;
type Policy = Omit<SeenPolicy, "evidence">;

/** A server has given a host an IP, or has given it for longer, or no longer. */
export function hostLeased(scene: Scene, { mac, ip, seconds }: Leased, policy: Policy): void {
  const { domain, at } = scene;
  // The host that has it can speak for itself.
  if (domain.holders(ip).some((holder) => holder.mac !== mac)) return;
  if (seconds === 0) {
    if (domain.leases.holderOf(ip) !== mac) return;
    domain.leases.end(ip);
    withdraw(scene, { mac, ip });
    return;
  }
  const endsAt = seconds === undefined ? undefined : at + 1000 * seconds;
  domain.leases.give(ip, { mac, endsAt });
  bind(scene, { mac, ip }, policy);
}

/** The host is here now: what it was given before is its here as well, if it answers to it. */
export function hostArrived(scene: Scene, mac: MacAddress, policy: Policy): void {
  const { domain } = scene;
  const leased = domain.leases.ipsOf(mac);
  if (leased.size === 0 || domain.entry(mac)?.local === undefined) return;
  const bound = [...leased].filter((ip) => bind(scene, { mac, ip }, policy));
  const port = domain.entry(mac)?.local?.port;
  if (port === undefined || bound.length === 0) return;
  const asked = domain.probes.get(mac)?.ips ?? [];
  const ips = new Set([...asked, ...bound]);
  beginProbe(scene, mac, { reason: "verify", port, ips, attemptsLeft: policy.probe.attempts });
}

/** Answers whether the IP is the host's by this. */
function bind(scene: Scene, { mac, ip }: Holding, policy: Policy): boolean {
  const { domain } = scene;
  const local = domain.entry(mac)?.local;
  if (local === undefined || local.ips.has(ip)) return false;
  if (domain.holders(ip).some((holder) => holder.mac !== mac)) return false;
  const sighting = { kind: "seen", vni: domain.vni, port: local.port, mac, ip } as const;
  hostSeen(scene, { ...sighting, signal: "dhcp" }, { ...policy, evidence: "new" });
  return domain.entry(mac)?.local?.ips.has(ip) === true;
}

interface Holding {
  readonly mac: MacAddress;
  readonly ip: IpAddress;
}

/** Ends all that is over by now. */
export function endLeases(scene: Scene, policy: Policy): void {
  const { domain, at } = scene;
  for (;;) {
    const ended = domain.leases.takeEnded(at);
    if (ended === undefined) return;
    withdraw(scene, ended);
    forgetKept(scene, ended.mac, policy);
  }
}

/** The host has had the IP by the lease alone. */
function withdraw(scene: Scene, { mac, ip }: Holding): void {
  const { domain, outbox } = scene;
  const entry = domain.entry(mac);
  if (entry?.local?.ips.get(ip)?.learnedFrom !== "dhcp") return;
  commit(scene, { before: entry, after: withoutIp(entry, ip), by: "route" });
  outbox.tell({ kind: "lease-ended", vni: domain.vni, mac, ip });
}

/** The bridge has forgotten the host some time ago, and the lease for which it was kept is over. */
function forgetKept(scene: Scene, mac: MacAddress, { probe }: Policy): void {
  const { domain } = scene;
  const since = domain.leases.kept.get(mac);
  if (since === undefined || domain.leases.ipsOf(mac).size > 0) return;
  domain.leases.kept.delete(mac);
  const entry = domain.entry(mac);
  if (entry?.local !== undefined && entry.local.seenAt <= since) hostAgedOut(scene, entry, probe);
}
