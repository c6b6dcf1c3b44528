/**
 * Which MAC-VRFs there are, read off the links: every VXLAN device that is a port of a bridge, does
 * not learn and has one VNI and a local address is one; its VNI, address and bridge say the rest.
 * The other ports of the bridge are those that hosts may be behind.
 */
import type { MacAddress } from "../evpn/mac.ts";
import type { Segment } from "../evpn/mac-vrf.ts";
import { matchesPort, type PortPattern } from "../evpn/pattern.ts";
import { type PortName, portName } from "../evpn/port.ts";
import { toVni, type Vni } from "../evpn/vni.ts";
import type { Link, Links } from "./links.ts";
import type { DeviceNotice } from "./notice.ts";

/** What an operator has said of a MAC-VRF; what is `undefined` is found out. */
export interface SegmentWish {
  readonly vni: Vni;
  readonly vxlan: string | undefined;
  readonly bridge: string | undefined;
  /** Ports behind which no hosts are looked for. */
  readonly excludePorts: readonly PortPattern[];
}

export interface Port {
  readonly ifindex: number;
  readonly name: PortName;
  readonly state: "up" | "down";
}

/** A MAC-VRF, and what Linux needs to know to find it. */
export interface Place {
  readonly segment: Segment;
  readonly vxlanIndex: number;
  /** The UDP port of its tunnels. */
  readonly vxlanPort: number;
  readonly bridgeIndex: number;
  readonly bridgeMac: MacAddress | undefined;
  /** How long the bridge remembers a host that is silent; `undefined`: it has not said. */
  readonly bridgeAgeingMs: number | undefined;
  /** By ifindex. */
  readonly ports: ReadonlyMap<number, Port>;
  /** The segment's, to be asked for every frame. */
  readonly ownMacs: ReadonlySet<MacAddress>;
}

export interface Picture {
  readonly places: ReadonlyMap<Vni, Place>;
  /** Why a device is no MAC-VRF though it looks like one, or not wholly. */
  readonly notices: readonly DeviceNotice[];
}

export const EMPTY_PICTURE: Picture = { places: new Map(), notices: [] };

/** `wishes` are all there shall be; `undefined`: whatever is found. */
export function discover(links: Links, wishes: readonly SegmentWish[] | undefined): Picture {
  const places = new Map<Vni, Place>();
  const notices: DeviceNotice[] = [];
  const bridgesTaken = new Set<number>();
  const around = surroundings(links);
  for (const link of [...links.values()].sort((a, b) => a.ifindex - b.ifindex)) {
    const candidate = judge(link, links, wishes);
    if (candidate === undefined) continue;
    if ("kind" in candidate) {
      notices.push(candidate);
      continue;
    }
    const { vni, bridge } = candidate;
    if (places.has(vni)) {
      notices.push({ kind: "vni-on-two-devices", device: link.name, vni });
    } else if (bridgesTaken.has(bridge.ifindex)) {
      notices.push({
        kind: "bridge-with-two-vxlan-devices",
        device: link.name,
        bridge: bridge.name,
      });
    } else {
      bridgesTaken.add(bridge.ifindex);
      if (bridge.vlanFiltering) {
        notices.push({ kind: "bridge-filters-vlans", device: bridge.name, vni });
      }
      places.set(vni, placeOf(candidate, around));
    }
  }
  for (const { vni, vxlan } of wishes ?? []) {
    const isKnown =
      places.has(vni) || notices.some((notice) => "vni" in notice && notice.vni === vni);
    if (!isKnown) notices.push({ kind: "device-missing", vni, device: vxlan });
  }
  return { places, notices };
}

interface Candidate {
  readonly vni: Vni;
  readonly vtep: Segment["vtep"];
  readonly vxlan: Link;
  readonly port: number;
  readonly bridge: Link;
  readonly excluded: readonly PortPattern[];
}

/** Whether a link is the VXLAN device of a MAC-VRF; `undefined` if nobody would think so. */
function judge(
  link: Link,
  links: Links,
  wishes: readonly SegmentWish[] | undefined,
): Candidate | DeviceNotice | undefined {
  if (link.vxlan === undefined) return undefined;
  const bridge = links.get(link.master ?? 0);
  if (bridge?.kind !== "bridge") return undefined;
  const device = link.name;
  if (link.vxlan.collectMetadata) {
    return wishes === undefined ? { kind: "external-device-not-supported", device } : undefined;
  }
  const vni = toVni(link.vxlan.vni);
  if (!vni.ok) return undefined;
  const wish = wishes?.find((candidate) => candidate.vni === vni.value);
  if (wishes !== undefined && !(wish !== undefined && fits(wish, link, bridge))) return undefined;

  const of = { device, vni: vni.value };
  if (link.vxlan.learning) return { kind: "device-learns", ...of };
  if (link.vxlan.local === undefined) return { kind: "device-without-local-address", ...of };
  if (!link.enabled) return { kind: "device-down", ...of };
  if (!bridge.enabled) return { kind: "device-down", device: bridge.name, vni: vni.value };
  const excluded = wish?.excludePorts ?? [];
  const { local: vtep, port } = link.vxlan;
  return { vni: vni.value, vtep, vxlan: link, port, bridge, excluded };
}

function fits(wish: SegmentWish, vxlan: Link, bridge: Link): boolean {
  return (
    (wish.vxlan === undefined || wish.vxlan === vxlan.name) &&
    (wish.bridge === undefined || wish.bridge === bridge.name)
  );
}

/** By the ifindex of a bridge: its ports, and what stands on it (a VLAN, a macvlan). */
interface Surroundings {
  readonly members: ReadonlyMap<number, readonly Link[]>;
  readonly uppers: ReadonlyMap<number, readonly Link[]>;
}

function surroundings(links: Links): Surroundings {
  const members = new Map<number, Link[]>();
  const uppers = new Map<number, Link[]>();
  const add = (to: Map<number, Link[]>, key: number | undefined, link: Link): void => {
    if (key === undefined) return;
    const known = to.get(key);
    if (known === undefined) to.set(key, [link]);
    else known.push(link);
  };
  for (const link of links.values()) {
    add(members, link.master, link);
    add(uppers, link.lower, link);
  }
  return { members, uppers };
}

function placeOf(candidate: Candidate, { members, uppers }: Surroundings): Place {
  const { vni, vtep, vxlan, port, bridge, excluded } = candidate;
  const inBridge = members.get(bridge.ifindex) ?? [];
  const ports = new Map<number, Port>();
  for (const link of inBridge) {
    const name = portName(link.name);
    if (link.vxlan !== undefined || excluded.some((p) => matchesPort(p, name))) continue;
    ports.set(link.ifindex, { ifindex: link.ifindex, name, state: portState(link) });
  }
  // A gateway's interface on the bridge has an address of the leaf's, too.
  const own = [bridge, ...inBridge, ...(uppers.get(bridge.ifindex) ?? [])];
  const ownMacs = new Set(own.flatMap(({ mac }) => mac ?? []));
  return {
    segment: {
      vni,
      vtep,
      bridge: bridge.name,
      vxlan: vxlan.name,
      ownMacs: [...ownMacs].sort(),
      ...(vxlan.bridgePort?.neighSuppress === true ? { suppresses: true } : {}),
    },
    vxlanIndex: vxlan.ifindex,
    vxlanPort: port,
    bridgeIndex: bridge.ifindex,
    bridgeMac: bridge.mac,
    bridgeAgeingMs: bridge.ageingMs,
    ports,
    ownMacs,
  };
}

/** Some drivers never tell more than `unknown` of a link that works. */
function portState({ enabled, operstate }: Link): "up" | "down" {
  return enabled && (operstate === "up" || operstate === "unknown") ? "up" : "down";
}
