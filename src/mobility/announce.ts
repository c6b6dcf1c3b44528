/**
 * An IP has come to another MAC (VRRP fails over, a machine is replaced): hosts that have the old one in
 * their caches are told in the new owner's place, where the kernel does not carry its own word (C6.16).
 *
 * | the new owner is       | it has announced itself | our ports | the tunnel                     |
 * |------------------------|-------------------------|-----------|--------------------------------|
 * | at another leaf        |                         | told      |                                |
 * | behind a port of ours  | yes                     |           | told where Linux suppresses it |
 * | behind a port of ours  | no                      | told      | told where Linux suppresses it |
 *
 * Every leaf with roamd tells its own hosts; what goes into the tunnel is for hosts behind leaves with
 * other software (FRR tells its hosts nothing). A VXLAN device for many VNIs takes no frame but from its
 * bridge, which keeps this one back: there the hosts behind such leaves are not told.
 */
import type { Audience } from "../evpn/announcement.ts";
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { Scene } from "./commit.ts";
import type { Domain } from "./domain.ts";
import type { MacEntry } from "./mac-entry.ts";
import type { MovedBy } from "./notice.ts";

/** Who has the IP, wherever it is; nobody where it is held to be at several hosts at once. */
export function ownerOf(domain: Domain, ip: IpAddress): MacEntry | undefined {
  if (domain.frozenIps.has(ip)) return undefined;
  for (const holder of domain.holders(ip)) if (holder.local?.ips.has(ip) === true) return holder;
  const there = domain.known.neighbourOf(ip)?.mac;
  return there === undefined ? undefined : domain.entry(there);
}

/** Something was decided of an IP just now; before the start is over nothing is said. */
export function announceChange(
  scene: Scene,
  ip: IpAddress,
  { by, isReady }: { by: MovedBy; isReady: boolean },
): void {
  const { domain, at } = scene;
  const owner = ownerOf(domain, ip);
  if (owner === undefined) {
    domain.announcer.left(ip);
    return;
  }
  const from = domain.announcer.held(ip, owner.mac, at);
  if (from !== undefined && isReady && domain.suppression)
    announceInTurn(scene, ip, { owner, from, by });
}

/** Those that had to wait for their turn. */
export function announceDue(scene: Scene): void {
  const { domain, at } = scene;
  for (;;) {
    const ip = domain.announcer.agenda.take(at);
    if (ip === undefined) return;
    const owner = ownerOf(domain, ip);
    if (owner !== undefined) announceInTurn(scene, ip, { owner, from: undefined, by: "route" });
  }
}

interface Handover {
  readonly owner: MacEntry;
  readonly from: MacAddress | undefined;
  readonly by: MovedBy;
}

function announceInTurn(scene: Scene, ip: IpAddress, { owner, from, by }: Handover): void {
  const { domain, outbox, at } = scene;
  const { vni, mac } = owner;
  const audiences = audiencesOf(domain, owner, by);
  if (audiences.length === 0) return;
  const wait = domain.announcer.turn(ip, at);
  if (wait > 0) {
    domain.announcer.agenda.set(ip, at + wait);
    return;
  }
  const was = from === undefined ? undefined : domain.entry(from);
  // An address that was a router's is one still, until told otherwise: a host that hears that it is
  // none any more gives up its default route (RFC 4861 §7.2.5).
  const router = owner.router ?? was?.router ?? false;
  for (const to of audiences) outbox.announce({ vni, ip, mac, router, to });
  outbox.tell({ kind: "ip-announced", vni, mac, ip, to: audiences.map(({ kind }) => kind) });
}

function audiencesOf(
  { segment, ports }: Domain,
  { local }: MacEntry,
  by: MovedBy,
): readonly Exclude<Audience, { kind: "prober" }>[] {
  const except = local?.port;
  const hasOthers = ports.size > (except !== undefined && ports.has(except) ? 1 : 0);
  // What a host announces, the bridge carries to the other ports by itself.
  const isCarried = local !== undefined && isAnnouncement(by);
  const here = hasOthers && !isCarried ? [{ kind: "ports", except } as const] : [];
  const isTold = local !== undefined && segment?.suppresses === true && !segment.isShared;
  return isTold ? [...here, { kind: "tunnel" }] : here;
}

function isAnnouncement(by: MovedBy): boolean {
  return by === "gratuitous-arp" || by === "unsolicited-advertisement";
}
