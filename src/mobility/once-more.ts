/**
 * A host is seen where it is, with an IP that is known to be its own: so it is with nearly every frame
 * that is heard, and nothing follows from it but that the host is still there. That is found out here
 * by a few looks into maps, before anything is worked out or made for it: a port can bring hundreds of
 * thousands of such frames in a second. Where in doubt, `hosts.ts` decides.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { Scene } from "./commit.ts";
import type { Domain } from "./domain.ts";
import { type LocalClaim, seenStill } from "./mac-entry.ts";
import type { Sighting } from "./observation.ts";
import type { Evidence } from "./start-gate.ts";

/** Takes in a sighting that is no news; answers whether it was none. */
export function seenOnceMore(
  { domain, at }: Pick<Scene, "domain" | "at">,
  sighting: Sighting,
  evidence: Evidence,
): boolean {
  const { mac, ip, port, router } = sighting;
  const entry = domain.entry(mac);
  const local = entry?.local;
  if (entry === undefined || local?.port !== port) return false;
  // A table was read once more, which is no sign of life: a bridge remembers the dead for minutes.
  if (evidence === "old") return true;
  if (entry.frozen !== undefined) return false;
  const isSaid = router === undefined || router === entry.router;
  if (!isSaid || isTelling(sighting) || isAttended(domain, mac)) return false;
  if (!domain.ports.has(port) || domain.segment?.ownMacs.includes(mac) !== false) return false;
  if (ip !== undefined && !isUndisputed(domain, local, ip)) return false;
  if (local.ips.size > 0 && domain.agenda.at(mac) === undefined) return false;
  domain.putStill(seenStill(entry, local, at));
  if (ip !== undefined) domain.confirmedAt.set(ip, at);
  return true;
}

/** Something may follow from the signal itself, though all it says is known. */
function isTelling({ signal }: Sighting): boolean {
  switch (signal) {
    case "answer":
    case "arp-probe":
    case "dad":
    case "dhcp":
    case "word":
      return true;
    default:
      return false;
  }
}

/** Somebody waits for a word of the host. */
function isAttended({ probes, twoPorts, returning }: Domain, mac: MacAddress): boolean {
  return probes.has(mac) || twoPorts.asked.has(mac) || returning.has(mac);
}

/** The host itself has shown the IP before, and nobody else is about to have it. */
function isUndisputed(domain: Domain, { ips }: LocalClaim, ip: IpAddress): boolean {
  const learnedFrom = ips.get(ip)?.learnedFrom;
  const isShown = learnedFrom !== undefined && learnedFrom !== "rib" && learnedFrom !== "dhcp";
  const { guard, migrations } = domain;
  return isShown && migrations.size === 0 && !guard.challenges.has(ip);
}
