/** Hosts whose time has come: they are asked, or what their silence means is acted upon. */
import type { MacAddress } from "../evpn/mac.ts";
import { commit, type Scene } from "./commit.ts";
import { longestUnshown, notShownSince, silentLetGo } from "./confirm.ts";
import { hostLeft, hostSeen, type SeenPolicy } from "./hosts.ts";
import { checked, withoutIp } from "./learn.ts";
import type { LocalClaim, MacEntry } from "./mac-entry.ts";
import { isSuspended } from "./migration.ts";
import { ask, beginProbe, type Probe, type ProbeSettings, patienceOf } from "./probes.ts";

/**
 * The bridge has forgotten it, as it does with hosts that say nothing for some minutes: it is asked
 * before we do so as well (RFC 9135 §7.3, C4.4).
 */
export function hostAgedOut(scene: Scene, entry: MacEntry, settings: ProbeSettings): void {
  const { local, mac } = entry;
  // A host that stands still says nothing.
  if (local === undefined || isSuspended(scene.domain, mac)) return;
  if (local.ips.size === 0) {
    hostLeft(scene, entry, "aged-out");
    return;
  }
  const { port, ips } = local;
  const probe: Probe = {
    reason: "aged-out",
    port,
    ips: new Set(ips.keys()),
    attemptsLeft: settings.attempts,
  };
  beginProbe(scene, mac, probe);
}

/** Goes through all that is due by now. */
export function attendAll(scene: Scene, policy: Omit<SeenPolicy, "evidence">): void {
  const { domain, at } = scene;
  for (;;) {
    const mac = domain.agenda.take(at);
    if (mac === undefined) return;
    if (!hasReturned(scene, mac, policy)) attend(scene, mac, policy.probe);
  }
}

/**
 * The bridge has learned the MAC at the port it was just taken from, and it was not from an answer to
 * our check: then it is really back, and sends data alone.
 */
function hasReturned(scene: Scene, mac: MacAddress, policy: Omit<SeenPolicy, "evidence">): boolean {
  const { domain } = scene;
  const entry = domain.entry(mac);
  const back = domain.returning.get(mac);
  if (entry?.check === undefined || back === undefined || back === "answered") return false;
  domain.returning.delete(mac);
  domain.probes.delete(mac);
  commit(scene, { before: entry, after: checked(entry), by: "route" });
  hostSeen(scene, back, { ...policy, evidence: "new" });
  // What the bridge had learned, our row has been written over meanwhile.
  const { vni, port } = back;
  if (domain.entry(mac)?.local?.port === port) scene.outbox.teach({ vni, mac, port });
  return true;
}

function attend(scene: Scene, mac: MacAddress, settings: ProbeSettings): void {
  const { domain } = scene;
  const entry = domain.entry(mac);
  const probe = domain.probes.get(mac);
  if (entry === undefined) {
    domain.probes.delete(mac);
    return;
  }
  if (probe === undefined || isMoot(entry, probe)) {
    domain.probes.delete(mac);
    domain.returning.delete(mac);
    // Also where the check has had its answer, and nothing is asked any more.
    if (entry.check !== undefined)
      commit(scene, { before: entry, after: checked(entry), by: "route" });
  } else {
    if (probe.attemptsLeft > 0) ask(scene, entry, { probe, settings });
    else conclude(scene, entry, { probe, settings });
    return;
  }
  if (entry.local !== undefined) watch(scene, entry, { local: entry.local, settings });
}

/** The host is no longer where the probe was about. */
function isMoot({ local, check }: MacEntry, { reason, port }: Probe): boolean {
  return reason === "check" ? check === undefined : local?.port !== port;
}

/**
 * A host that is heard with all its IPs is left alone; one that is not heard for long is asked whether
 * it is there, and one that is, about the IPs it has not shown for long.
 */
function watch(
  scene: Scene,
  { mac }: MacEntry,
  { local, settings }: { local: LocalClaim; settings: ProbeSettings },
): void {
  const { domain, at } = scene;
  // Without an IP there is nothing to ask; then the bridge's ageing decides.
  if (local.ips.size === 0) return;
  const patience = patienceOf(mac, settings);
  const isStill = isSuspended(domain, mac);
  const dueAt = (isStill ? at : longestUnshown(domain, local)) + patience;
  if (dueAt > at) {
    domain.agenda.set(mac, dueAt);
    return;
  }
  const isSilent = local.seenAt + patience <= at;
  // Those that are nearly due are asked about as well, rather than one after the other.
  const nearly = at - patience + settings.idleMs / 3;
  const ips = isSilent ? new Set(local.ips.keys()) : notShownSince(domain, local, nearly);
  const reason = isSilent ? "idle" : "confirm";
  beginProbe(scene, mac, { reason, port: local.port, ips, attemptsLeft: settings.attempts });
}

/** Nobody has answered. */
function conclude(
  scene: Scene,
  entry: MacEntry,
  { probe, settings }: { probe: Probe; settings: ProbeSettings },
): void {
  const { domain, outbox, at } = scene;
  const { vni, mac, local } = entry;
  domain.probes.delete(mac);
  switch (probe.reason) {
    case "check":
      domain.returning.delete(mac);
      commit(scene, { before: entry, after: checked(entry), by: "route" });
      return;
    case "aged-out":
      // A host that has never answered proves nothing by its silence; its lease says that it is to
      // come again.
      if (local?.answers === false && domain.leases.ipsOf(mac).size > 0) {
        domain.leases.kept.set(mac, at);
      } else hostLeft(scene, entry, "aged-out");
      return;
    case "idle":
      // The silence of a host that has never answered a question of ours proves nothing: it may be
      // one that does not answer strangers. The bridge's ageing decides.
      if (local?.answers === true) hostLeft(scene, entry, "silent");
      else domain.agenda.set(mac, at + settings.idleMs);
      return;
    case "verify": {
      let after = entry;
      for (const ip of probe.ips) {
        const from = local?.ips.get(ip)?.learnedFrom;
        if (from !== "rib" && from !== "dhcp") continue;
        after = withoutIp(after, ip);
        outbox.tell({ kind: "ip-unverified", vni, mac, ip });
      }
      commit(scene, { before: entry, after, by: "route" });
      domain.agenda.set(mac, at);
      return;
    }
    case "full":
    case "confirm":
      silentLetGo(scene, entry, probe);
      // When the others are due is found out then.
      domain.agenda.set(mac, at);
      return;
  }
}
