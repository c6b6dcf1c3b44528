/**
 * What must be true of a fabric at rest. Of FRR's leaves less is asked, and it is said what and why:
 * where they break a rule by their own design, ours are not to blame.
 */
import type { IpAddress } from "../../src/evpn/ip.ts";
import { familyOf } from "../../src/mobility/probes.ts";
import type { Fabric, Host } from "./fabric.ts";
import type { FabricLeaf } from "./fabric-leaf.ts";

export function judge({ leaves, hosts, asksSoon }: Fabric): string[] {
  for (const leaf of leaves) leaf.check();
  const contested = contestedIps(leaves);
  return [
    ...hosts.flatMap((host) =>
      leaves.flatMap((leaf) => [
        ...judgePlace(host, leaf, leaves),
        ...judgeIps(host, leaf, { leaves, contested }),
      ]),
    ),
    ...(asksSoon ? hosts.flatMap((host) => judgeLetGo(host, leaves)) : []),
    ...leaves.flatMap(({ faults }) => faults),
  ];
}

/**
 * At any moment: nothing is sent on in a circle, whatever anybody has not heard yet. That needs numbers
 * that do not fall, and so the state directory.
 */
export function judgeRedirects({ leaves, hosts }: Fabric, at: number): string[] {
  return hosts.flatMap(({ mac }) =>
    leaves.flatMap((start) => {
      const way = [start.vtep];
      for (let leaf: FabricLeaf | undefined = start; leaf !== undefined; ) {
        const to: string | undefined = leaf.sendsOn(mac, at);
        leaf = leaves.find(({ vtep }) => vtep === to);
        if (leaf === undefined) break;
        way.push(leaf.vtep);
        if (leaf === start) return [`${mac} is sent round in a circle: ${way.join(", ")}`];
        if (way.length > leaves.length) break;
      }
      return [];
    }),
  );
}

/**
 * What a host has let go without a word is no longer given to it, once it was asked; if it answers to
 * another of the family, or has answered to this one. Else it may be one that does not answer strangers.
 */
function judgeLetGo({ mac, ips, leaf }: Host, leaves: readonly FabricLeaf[]): string[] {
  const bindings = leaf.bindings(mac);
  const answering = bindings.filter(({ ip }) => ips.includes(ip)).map(({ ip }) => familyOf(ip));
  return bindings.flatMap(({ ip, answers }) => {
    if (ips.includes(ip) || leaves.some((each) => each.isDuplicate(ip))) return [];
    const isKnown = answers || answering.includes(familyOf(ip));
    return isKnown ? [`${leaf.vtep}: ${mac} has let ${ip} go`] : [];
  });
}

/** Every leaf sends frames to the host to where it is. */
function judgePlace(host: Host, leaf: FabricLeaf, leaves: readonly FabricLeaf[]): string[] {
  // A duplicate is held where it was, by design, and nobody can say where it belongs.
  if (leaves.some((each) => each.isDuplicate(host.mac))) return [];
  const place = leaf.bridge.get(host.mac);
  const seen = place === undefined ? "nowhere" : "vtep" in place ? place.vtep : place.port;
  const right = leaf === host.leaf ? host.port : host.leaf.vtep;
  // FRR takes the withdrawal of a MAC/IP route whose IP it knows of another MAC by now for that of the
  // MAC itself (zebra_evpn_rem_macip_del), loses the row, and floods: frames arrive, by a long way.
  const isLost = leaf.kind === "frr" && seen === "nowhere";
  return seen === right || isLost ? [] : [`${leaf.vtep}: ${host.mac} at ${seen}, not ${right}`];
}

/** Every leaf but its own answers for the host's IPs with its MAC. */
function judgeIps(
  host: Host,
  leaf: FabricLeaf,
  { leaves, contested }: { leaves: readonly FabricLeaf[]; contested: ReadonlySet<IpAddress> },
): string[] {
  if (leaves.some((each) => each.isDuplicate(host.mac))) return [];
  const owner = leaf === host.leaf ? undefined : host.mac;
  return host.ips.flatMap((held) => {
    if (contested.has(held) || leaves.some((each) => each.isDuplicate(held))) return [];
    const answer = leaf.neighbour(held);
    // FRR forgets the IP when a route that gives it to another MAC comes late and goes again: then
    // requests are flooded and answered by the host itself.
    const isUnknown = leaf.kind === "frr" && answer === undefined;
    return answer === owner || isUnknown
      ? []
      : [`${leaf.vtep}: ${held} is ${answer}, not ${owner}`];
  });
}

/**
 * IPs that stand with two MACs, one of them at a leaf with FRR. It has forgotten in the same way that
 * another leaf gives the IP to another MAC, and has not bid more than that when the IP came to it. Both
 * claims stand until the leaf that has lost the IP asks its host for it.
 */
function contestedIps(leaves: readonly FabricLeaf[]): ReadonlySet<IpAddress> {
  const holders = new Map<IpAddress, Set<string>>();
  const ofFrr = new Set<IpAddress>();
  for (const leaf of leaves) {
    for (const { ip, mac } of leaf.advertised.values()) {
      if (ip === undefined) continue;
      holders.set(ip, (holders.get(ip) ?? new Set()).add(mac));
      if (leaf.kind === "frr") ofFrr.add(ip);
    }
  }
  return new Set([...ofFrr].filter((ip) => (holders.get(ip)?.size ?? 0) > 1));
}

/**
 * A restart changes nothing that is right. Not asked of FRR, which forgets its numbers, its rows and
 * the IPs of its hosts.
 */
export function judgeRestart({ leaves }: Fabric, at: number): string[] {
  const faults: string[] = [];
  const contested = contestedIps(leaves);
  for (const leaf of leaves) {
    if (leaf.kind === "frr") continue;
    const before = picture(leaf, contested);
    leaf.boot(at);
    const after = picture(leaf, contested);
    if (before !== after) faults.push(`${leaf.vtep} restarts:\n${before}\n${after}`);
  }
  return faults;
}

function picture(leaf: FabricLeaf, contested: ReadonlySet<IpAddress>): string {
  const routes = [...leaf.advertised].map(([key, route]) => `${key}=${route.mobility?.seq ?? "-"}`);
  const fdb = [...leaf.bridge].map(([mac, at]) => `${mac}=${"vtep" in at ? at.vtep : at.port}`);
  return [...routes, ...fdb, ...leaf.neighbours()]
    .filter((line) => ![...contested].some((ip) => line.includes(`|${ip}=`)))
    .sort()
    .join(" ");
}
