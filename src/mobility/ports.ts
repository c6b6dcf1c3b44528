/** What follows from a bridge port that comes, goes, or is renamed. */
import type { PortName } from "../evpn/port.ts";
import type { Scene } from "./commit.ts";
import type { Domain } from "./domain.ts";
import { hostLeft, hostSeen, type SeenPolicy } from "./hosts.ts";
import { isSuspended } from "./migration.ts";
import type { Sighting } from "./observation.ts";

/**
 * The kernel tells that a link works a little after it does (linkwatch), so that the first frame of a
 * host may be told before its port. For so long it is kept; the bridge will not tell of it again.
 */
const EARLY_MS = 2000;
/** Of one domain, so that a port that never comes costs nothing. */
const EARLY_MAX = 256;

/** A host was seen on a port that is not up, as far as we have been told. */
export function seenEarly({ domain, at }: Scene, sighting: Sighting): void {
  domain.early.push({ sighting, at });
  if (domain.early.length > EARLY_MAX) domain.early.shift();
}

export function portUp(scene: Scene, port: PortName, policy: Omit<SeenPolicy, "evidence">): void {
  const { domain, at } = scene;
  domain.ports.add(port);
  const early = domain.early.filter(({ sighting }) => sighting.port === port);
  if (early.length === 0) return;
  domain.early = domain.early.filter(({ sighting }) => sighting.port !== port);
  for (const { sighting, at: seenAt } of early) {
    if (at - seenAt <= EARLY_MS) hostSeen(scene, sighting, { ...policy, evidence: "new" });
  }
}

/** Whoever was behind the port is gone: the link is down, which is proof enough (C1.15). */
export function portDown(scene: Scene, port: PortName): void {
  const { domain } = scene;
  if (!domain.ports.delete(port)) return;
  domain.membership.forget(port);
  for (const entry of [...domain.entries()]) {
    // The tap of a host that stands still may go before the host runs elsewhere.
    if (isSuspended(domain, entry.mac)) continue;
    if (entry.local?.port === port) hostLeft(scene, entry, "port-down");
  }
}

export function portRenamed(domain: Domain, { from, to }: { from: PortName; to: PortName }): void {
  if (!domain.ports.delete(from)) return;
  domain.ports.add(to);
  domain.membership.forget(from);
  for (const entry of [...domain.entries()]) {
    if (entry.local?.port !== from) continue;
    domain.put({ ...entry, local: { ...entry.local, port: to } });
  }
}
