/** Hosts of ours that lose an IP to another MAC elsewhere, or keep it (C3.2, seen from the loser). */
import type { IpAddress } from "../evpn/ip.ts";
import { outranks } from "../evpn/mac-claim.ts";
import type { MacIpRoute } from "../evpn/mac-ip-route.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import { ownerLost } from "./challenge.ts";
import { commit, type Scene } from "./commit.ts";
import { tellSpoof } from "./guard.ts";
import { withoutIp } from "./learn.ts";
import {
  claimOf,
  type LocalClaim,
  type MacEntry,
  ownerElsewhere,
  tellerOfIps,
} from "./mac-entry.ts";
import { reservedBy } from "./migration.ts";
import type { Place } from "./notice.ts";

/** The route gives this IP to its MAC, of which it is one. */
export function giveUp(
  scene: Scene,
  entry: MacEntry,
  { route, ip }: { readonly route: MacIpRoute; readonly ip: IpAddress },
): void {
  const { domain, outbox } = scene;
  const { vni, mac } = route;
  const place: Place = { kind: "vtep", vtep: route.nexthop };
  for (const holder of domain.holders(ip)) {
    if (holder.mac === mac || holder.local?.ips.has(ip) !== true) continue;
    if (!isBelieved(route, entry)) return;
    if (!outranks(claimOf(route), holder.local.claim)) {
      if (holder.local.claim.sticky) tellStatic(scene, { route, ip, holder, local: holder.local });
      continue;
    }
    if (reservedBy(domain, ip) === holder.mac) {
      outbox.tell({ kind: "reserved-ip-claimed", vni, mac, ip, owner: holder.mac, by: place });
      continue;
    }
    commit(scene, { before: holder, after: withoutIp(holder, ip), by: "route" });
    outbox.tell({ kind: "ip-moved", vni, mac, ip, from: holder.mac });
    ownerLost(scene, ip, { owner: holder, by: { mac, place } });
  }
}

/** Where a route has gone, those of another VTEP may have come to be believed. */
export function giveUpNow(scene: Scene, before: MacEntry, after: MacEntry): void {
  if (tellerOf(before) === tellerOf(after)) return;
  for (const route of after.remote) {
    if (route.ip !== undefined) giveUp(scene, after, { route, ip: route.ip });
  }
}

/** Whether others believe it what it says of the MAC's IPs; of a frozen MAC we can not know. */
function isBelieved({ nexthop }: MacIpRoute, entry: MacEntry): boolean {
  const isElsewhere = ownerElsewhere(entry) !== undefined;
  return isElsewhere && (entry.frozen !== undefined || tellerOf(entry) === nexthop);
}

function tellerOf(entry: MacEntry): VtepAddress | undefined {
  const owner = ownerElsewhere(entry);
  return owner && tellerOfIps(entry, owner.vtep);
}

interface StaticClaimed {
  readonly route: MacIpRoute;
  readonly ip: IpAddress;
  readonly holder: MacEntry;
  readonly local: LocalClaim;
}

/** C6.10: what the operator has said of the IP stands, and he must hear of it. */
function tellStatic(scene: Scene, { route, ip, holder, local }: StaticClaimed): void {
  const { mac } = route;
  if (!scene.domain.guard.isNews({ ip, mac }, scene.at)) return;
  const at: Place = { kind: "port", port: local.port };
  tellSpoof(scene, { mac, ip, owner: holder.mac, at }, "refused");
}
