/** What follows from a bridge port that goes or is renamed. */
import type { PortName } from "../evpn/port.ts";
import type { Scene } from "./commit.ts";
import type { Domain } from "./domain.ts";
import { hostLeft } from "./hosts.ts";
import { isSuspended } from "./migration.ts";

/** Whoever was behind the port is gone: the link is down, which is proof enough (C1.15). */
export function portDown(scene: Scene, port: PortName): void {
  const { domain } = scene;
  if (!domain.ports.delete(port)) return;
  for (const entry of [...domain.entries()]) {
    // The tap of a host that stands still may go before the host runs elsewhere.
    if (isSuspended(domain, entry.mac)) continue;
    if (entry.local?.port === port) hostLeft(scene, entry, "port-down");
  }
}

export function portRenamed(domain: Domain, { from, to }: { from: PortName; to: PortName }): void {
  if (!domain.ports.delete(from)) return;
  domain.ports.add(to);
  for (const entry of [...domain.entries()]) {
    if (entry.local?.port !== from) continue;
    domain.put({ ...entry, local: { ...entry.local, port: to } });
  }
}
