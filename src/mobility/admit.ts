/** What of a sighting is taken in: within the limits, and as far as the guard believes it. */
import { ownerSpoke } from "./challenge.ts";
import type { Scene } from "./commit.ts";
import { believed, withoutIpOf } from "./guard.ts";
import type { MacEntry } from "./mac-entry.ts";
import type { Sighting } from "./observation.ts";
import { beginProbe, type ProbeSettings } from "./probes.ts";

/** `undefined`: nothing of it. */
export function admitted(
  scene: Scene,
  sighting: Sighting,
  {
    before,
    probe,
    isSettled,
  }: { before: MacEntry | undefined; probe: ProbeSettings; isSettled: boolean },
): Sighting | undefined {
  const { domain } = scene;
  const { limits } = domain;
  const { port, signal, ip } = sighting;
  const joins = before?.local?.port !== port;
  if (joins && signal !== "word" && !limits.mayJoin(port)) {
    tellPortFull(scene, sighting);
    return undefined;
  }
  const bound = ip === undefined || domain.mayBind(ip) ? sighting : withoutIpOf(sighting);
  const isTrusted = isSettled || ownerSpoke(scene, bound);
  const trusted = isTrusted ? bound : believed(scene, bound, before);
  return withinIps(scene, trusted, { before, probe });
}

function tellPortFull({ domain, outbox }: Scene, { vni, port }: Sighting): void {
  if (!domain.limits.portIsFull(port)) return;
  const { macsPerPort } = domain.limits.settings;
  outbox.tell({
    kind: "limit-hit",
    vni,
    port,
    mac: undefined,
    limit: "macs-per-port",
    most: macsPerPort,
  });
}

/** One IP too many is not the host's; but some that it has may have gone since (C7.18). */
function withinIps(
  scene: Scene,
  sighting: Sighting,
  { before, probe }: { before: MacEntry | undefined; probe: ProbeSettings },
): Sighting {
  const { domain, outbox, at } = scene;
  const { vni, port, mac, ip, signal } = sighting;
  const ips = before?.local?.ips;
  if (ip === undefined || ips === undefined || ips.has(ip) || signal === "word") return sighting;
  if (domain.limits.mayHaveMore(mac, ips.size)) return sighting;
  const news = domain.limits.macIsFull(mac, at, probe.idleMs);
  if (news === "new") {
    const { ipsPerMac } = domain.limits.settings;
    outbox.tell({ kind: "limit-hit", vni, port, mac, limit: "ips-per-mac", most: ipsPerMac });
  }
  if (news !== "known" && !domain.probes.has(mac)) {
    const all = new Set(ips.keys());
    beginProbe(scene, mac, { reason: "full", port, ips: all, attemptsLeft: probe.attempts });
  }
  return withoutIpOf(sighting);
}
