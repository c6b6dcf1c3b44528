/**
 * Which MAC-VRFs there are, read off the links: every VNI of a VXLAN device that is a port of a bridge,
 * does not learn and has a local address is one; its VNI, address, and bridge or VLAN say the rest.
 * The other ports of the bridge, or those in the VLAN, are those that hosts may be behind.
 */
import type { MacAddress } from "../evpn/mac.ts";
import type { Segment } from "../evpn/mac-vrf.ts";
import { matchesPort } from "../evpn/pattern.ts";
import { type PortName, portName } from "../evpn/port.ts";
import type { Vni } from "../evpn/vni.ts";
import { type Candidate, candidatesOf, type SegmentWish } from "./candidates.ts";
import { type BridgeVlan, bridgeVlan, type Tunnel, tunnel } from "./forwarding.ts";
import type { Link, Links } from "./links.ts";
import type { DeviceNotice } from "./notice.ts";

export interface Port {
  readonly ifindex: number;
  readonly name: PortName;
  readonly state: "up" | "down";
  /** With which the MAC-VRF's frames go out: 0: without a tag. */
  readonly tag: number;
  /** What comes in without a tag is the MAC-VRF's. */
  readonly isNative: boolean;
}

/** By what, and with which tag, a frame goes out. */
export type Way = Pick<Port, "ifindex" | "tag">;

/** A MAC-VRF, and what Linux needs to know to find it. */
export interface Place {
  readonly segment: Segment;
  readonly vxlanIndex: number;
  /** The UDP port of its tunnels. */
  readonly vxlanPort: number;
  readonly bridgeIndex: number;
  /** The VLAN of the bridge; 0: the bridge knows none. */
  readonly vlan: number;
  /** The VXLAN device is for many VNIs. */
  readonly isShared: boolean;
  /** By which the MAC-VRF's forwarding entries are known, in the bridge and of the VXLAN device. */
  readonly bridge: BridgeVlan;
  readonly tunnel: Tunnel;
  /**
   * The interface whose neighbours the bridge answers ARP and ND from: itself, or its interface in the
   * VLAN (`br_do_proxy_suppress_arp`). `undefined`: there is none.
   */
  readonly neighbourIndex: number | undefined;
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

/**
 * `wishes` are all there shall be; `undefined`: whatever is found. `isZebras`: FRR programs the VXLAN
 * device, and two can not.
 */
export function discover(
  links: Links,
  wishes: readonly SegmentWish[] | undefined,
  isZebras: (vxlan: number, bridge: number) => boolean = () => false,
): Picture {
  const places = new Map<Vni, Place>();
  const notices: DeviceNotice[] = [];
  const taken = new Set<BridgeVlan>();
  const around = surroundings(links);
  for (const link of [...links.values()].sort((a, b) => a.ifindex - b.ifindex)) {
    for (const candidate of candidatesOf(link, links, wishes)) {
      if ("kind" in candidate) {
        notices.push(candidate);
        continue;
      }
      const { vni, bridge, vxlan } = candidate;
      if (isZebras(vxlan.ifindex, bridge.ifindex)) {
        notices.push({ kind: "device-of-frr", device: vxlan.name, vni });
        continue;
      }
      const place = placeOf(candidate, around);
      if (places.has(vni)) {
        notices.push({ kind: "vni-on-two-devices", device: link.name, vni });
      } else if (taken.has(place.bridge)) {
        const kind = "bridge-with-two-vxlan-devices";
        notices.push({ kind, device: link.name, bridge: bridge.name });
      } else {
        taken.add(place.bridge);
        places.set(vni, place);
      }
    }
  }
  for (const { vni, vxlan } of wishes ?? []) {
    const isKnown =
      places.has(vni) || notices.some((notice) => "vni" in notice && notice.vni === vni);
    if (!isKnown) notices.push({ kind: "device-missing", vni, device: vxlan });
  }
  return { places, notices };
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
  const { vni, vlan, vtep, vxlan, bridge, excluded } = candidate;
  const inBridge = members.get(bridge.ifindex) ?? [];
  const onBridge = uppers.get(bridge.ifindex) ?? [];
  const ports = new Map<number, Port>();
  for (const link of inBridge) {
    const name = portName(link.name);
    if (link.vxlan !== undefined || excluded.some((p) => matchesPort(p, name))) continue;
    const port = portOf(link, vlan);
    if (port !== undefined) ports.set(link.ifindex, port);
  }
  // A gateway's interface on the bridge has an address of the leaf's, too.
  const own = [bridge, ...inBridge, ...onBridge];
  const ownMacs = new Set(own.flatMap(({ mac }) => mac ?? []));
  const inVlan = vlan === 0 ? bridge : onBridge.find((link) => link.vlan === vlan);
  const isShared = vxlan.vxlan?.collectMetadata === true;
  return {
    segment: {
      vni,
      vtep,
      bridge: bridge.name,
      vxlan: vxlan.name,
      ...(vlan === 0 ? {} : { vlan }),
      ownMacs: [...ownMacs].sort(),
      ...(vxlan.bridgePort?.neighSuppress === true ? { suppresses: true } : {}),
      ...(isShared ? { isShared } : {}),
    },
    vxlanIndex: vxlan.ifindex,
    vxlanPort: vxlan.vxlan?.port ?? 0,
    bridgeIndex: bridge.ifindex,
    vlan,
    isShared,
    bridge: bridgeVlan(bridge.ifindex, vlan),
    tunnel: tunnel(vxlan.ifindex, isShared ? vni : undefined),
    neighbourIndex: inVlan?.ifindex,
    bridgeMac: inVlan?.mac ?? bridge.mac,
    bridgeAgeingMs: bridge.ageingMs,
    ports,
    ownMacs,
  };
}

/** `undefined`: the port is not in the VLAN. */
function portOf(link: Link, vlan: number): Port | undefined {
  const port = { ifindex: link.ifindex, name: portName(link.name), state: portState(link) };
  if (vlan === 0) return { ...port, tag: 0, isNative: true };
  const range = link.portVlans?.vlans.find(({ first, last }) => first <= vlan && vlan <= last);
  return range && { ...port, tag: range.untagged ? 0 : vlan, isNative: range.pvid };
}

/** Some drivers never tell more than `unknown` of a link that works. */
function portState({ enabled, operstate }: Link): "up" | "down" {
  return enabled && (operstate === "up" || operstate === "unknown") ? "up" : "down";
}
