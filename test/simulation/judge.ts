/**
 * What must be true of a fabric at rest. Of FRR's leaves less is asked, and it is said what and why:
 * where they break a rule by their own design, ours are not to blame.
 */
import type { Fabric, Host } from "./fabric.ts";
import type { FabricLeaf } from "./fabric-leaf.ts";

export function judge({ leaves, hosts }: Fabric): string[] {
  for (const leaf of leaves) leaf.check();
  return [
    ...hosts.flatMap((host) => leaves.flatMap((leaf) => judgePlace(host, leaf, leaves))),
    ...leaves.flatMap(({ faults }) => faults),
  ];
}

/** Every leaf sends frames to the host to where it is, and answers for its IPs with its MAC. */
function judgePlace(host: Host, leaf: FabricLeaf, leaves: readonly FabricLeaf[]): string[] {
  // A duplicate is held where it was, by design, and nobody can say where it belongs.
  if (leaves.some((each) => each.isDuplicate(host.mac))) return [];
  const faults: string[] = [];
  const place = leaf.bridge.get(host.mac);
  const seen = place === undefined ? "nowhere" : "vtep" in place ? place.vtep : place.port;
  const isHere = leaf === host.leaf;
  const right = isHere ? host.port : host.leaf.vtep;
  // FRR takes the withdrawal of a MAC/IP route whose IP it knows of another MAC by now for that of the
  // MAC itself (zebra_evpn_rem_macip_del), loses the row, and floods: frames arrive, by a long way.
  const isLost = leaf.kind === "frr" && seen === "nowhere";
  if (seen !== right && !isLost) faults.push(`${leaf.vtep}: ${host.mac} at ${seen}, not ${right}`);
  for (const held of host.ips) {
    if (leaves.some((each) => each.isDuplicate(held))) continue;
    const answer = leaf.neighbour(held);
    const owner = isHere ? undefined : host.mac;
    // FRR forgets the IP when a route that gives it to another MAC comes late and goes again: then
    // requests are flooded and answered by the host itself.
    const isUnknown = leaf.kind === "frr" && answer === undefined;
    if (answer !== owner && !isUnknown)
      faults.push(`${leaf.vtep}: ${held} is ${answer}, not ${owner}`);
  }
  return faults;
}

/**
 * A restart changes nothing that is right. Not asked of FRR, which forgets its numbers, its rows and
 * the IPs of its hosts.
 */
export function judgeRestart({ leaves }: Fabric, at: number): string[] {
  const faults: string[] = [];
  for (const leaf of leaves) {
    if (leaf.kind === "frr") continue;
    const before = picture(leaf);
    leaf.boot(at);
    const after = picture(leaf);
    if (before !== after) faults.push(`${leaf.vtep} restarts:\n${before}\n${after}`);
  }
  return faults;
}

function picture(leaf: FabricLeaf): string {
  const routes = [...leaf.advertised].map(([key, route]) => `${key}=${route.mobility?.seq ?? "-"}`);
  const fdb = [...leaf.bridge].map(([mac, at]) => `${mac}=${"vtep" in at ? at.vtep : at.port}`);
  return [...routes, ...fdb, ...leaf.neighbours()].sort().join(" ");
}
