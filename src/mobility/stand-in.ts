/**
 * Somebody asks whether an address is free (RFC 5227 §2.1, RFC 4862 §5.4), and its owner is where Linux
 * does not carry the question to: it is answered in the owner's place (RFC 9161 §3.2; C6.4 to C6.6).
 *
 * Only probes that come in by a port of ours are ever heard, none out of the tunnel (C6.2). An owner
 * behind another port of ours hears the probe and speaks for itself; unless it stands still because it
 * is being moved.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import { ownerOf } from "./announce.ts";
import type { Scene } from "./commit.ts";
import type { Domain } from "./domain.ts";
import { reservedBy } from "./migration.ts";
import type { ProbeUnanswered } from "./notice.ts";
import type { Sighting } from "./observation.ts";

/** An IP that has just come to another MAC may go back as fast. */
const MOVE_WINDOW_MS = 2000;

/** A host behind a port of ours wants `probed` for itself. */
export function answerProbe(scene: Scene, { mac, port, probed: ip }: Sighting): void {
  const { domain, outbox, at } = scene;
  if (ip === undefined) return;
  const { vni } = domain;
  const owner = standsStill(domain, ip, mac) ?? isElsewhere(domain, ip, mac);
  if (owner === undefined) return;
  const reason = unanswered(scene, { ip, mac, owner });
  if (reason !== undefined) {
    outbox.tell({ kind: "probe-unanswered", vni, mac, ip, owner, port, reason });
    return;
  }
  if (domain.answersAt(port).take(at) > 0) {
    outbox.tell({ kind: "probe-unanswered", vni, mac, ip, owner, port, reason: "rate" });
    return;
  }
  const router = domain.entry(owner)?.router ?? false;
  outbox.announce({ vni, ip, mac: owner, router, to: { kind: "prober", port, mac } });
  outbox.tell({ kind: "probe-answered", vni, mac, ip, owner, port });
}

/** Whose it is while its host is being moved and says nothing itself. */
function standsStill(domain: Domain, ip: IpAddress, mac: MacAddress): MacAddress | undefined {
  const owner = reservedBy(domain, ip);
  // C6.5: to the owner itself nobody says that it is taken.
  return owner === mac ? undefined : owner;
}

function isElsewhere(domain: Domain, ip: IpAddress, mac: MacAddress): MacAddress | undefined {
  const { segment, suppression } = domain;
  if (!suppression || segment?.suppresses !== true || reservedBy(domain, ip) !== undefined)
    return undefined;
  // C6.12: of an IP or a MAC that is at several places nobody can say whose it is.
  const owner = ownerOf(domain, ip);
  const isThere = owner?.local === undefined && owner?.frozen === undefined;
  return isThere && owner?.mac !== mac ? owner?.mac : undefined;
}

function unanswered(
  { domain, at }: Scene,
  { ip, mac, owner }: { ip: IpAddress; mac: MacAddress; owner: MacAddress },
): ProbeUnanswered | undefined {
  const { migrations, guard, announcer } = domain;
  if (reservedBy(domain, ip) !== undefined) return undefined;
  // C6.4: the one that probes may be the owner to be. A cold migration may change the MAC.
  const isExpected = migrations.has(owner) || migrations.get(mac)?.ips.includes(ip) === true;
  if (isExpected || announcer.hasMovedWithin(ip, MOVE_WINDOW_MS, at)) return "moving";
  return guard.challenges.has(ip) ? "contested" : undefined;
}
