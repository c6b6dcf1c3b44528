/** What follows from a MAC-VRF that appears, changes, or goes. */
import type { MacVrf } from "../evpn/mac-vrf.ts";
import { floodKey, type RowAt } from "../evpn/rows.ts";
import { refreshNeighbour, type Scene } from "./commit.ts";
import { ownImetRow, rowsOf } from "./desired.ts";
import type { Domain } from "./domain.ts";
import { hostLeft } from "./hosts.ts";
import { rebased } from "./reclaim.ts";
import { endAllRedirects } from "./redirects.ts";
import { type Rib, reimport } from "./rib.ts";

/**
 * Replaces the domain's MAC-VRF. `undefined`: the VXLAN device is gone, so nothing is behind us any
 * more; what the others claim is kept, for the device may come back.
 */
export function refreshVrf(scene: Scene, after: MacVrf | undefined, rib: Rib): void {
  const { domain, outbox } = scene;
  const before = domain.vrf;
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  if (after === undefined) {
    for (const entry of [...domain.entries()]) hostLeft(scene, entry, "port-down");
  }
  if (after?.segment.vtep !== before?.segment.vtep) endAllRedirects(scene);
  const old = rowsOfAll(domain);
  domain.vrf = after;
  if (after !== undefined) {
    for (const entry of domain.entries()) domain.put(rebased(entry, after.segment.vtep));
  }
  outbox.replace(old, rowsOfAll(domain));
  for (const ip of [...domain.known.ips()]) refreshNeighbour(scene, ip);
  if (after !== undefined) reimport(scene, rib);
}

/** All rows of the domain but the neighbours. */
function rowsOfAll(domain: Domain): RowAt[] {
  const { vrf, vni } = domain;
  if (vrf === undefined) return [];
  const tunnels = new Set([...domain.floods.values()].map(({ tunnel }) => tunnel));
  const rows: RowAt[] = [ownImetRow(vrf)];
  for (const vtep of tunnels) {
    const row = { vni, vtep };
    rows.push({ table: "flood", key: floodKey(row), row });
  }
  const advertising = { vrf, frozenIps: domain.frozenIps };
  for (const entry of domain.entries()) rows.push(...rowsOf(entry, advertising));
  return rows;
}
