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
  readonly bridgeIndex: number;
  /** By ifindex. */
  readonly ports: ReadonlyMap<number, Port>;
}

export interface Picture {
  readonly places: ReadonlyMap<Vni, Place>;
  /** Why a device is no MAC-VRF though it looks like one. */
  readonly notices: readonly DeviceNotice[];
}

export const EMPTY_PICTURE: Picture = { places: new Map(), notices: [] };

/** `wishes` are all there shall be; `undefined`: whatever is found. */
export function discover(links: Links, wishes: readonly SegmentWish[] | undefined): Picture {
  const places = new Map<Vni, Place>();
  const notices: DeviceNotice[] = [];
  const bridgesTaken = new Set<number>();
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
      places.set(vni, placeOf(candidate, links));
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
  return { vni: vni.value, vtep: link.vxlan.local, vxlan: link, bridge, excluded };
}

function fits(wish: SegmentWish, vxlan: Link, bridge: Link): boolean {
  return (
    (wish.vxlan === undefined || wish.vxlan === vxlan.name) &&
    (wish.bridge === undefined || wish.bridge === bridge.name)
  );
}

function placeOf({ vni, vtep, vxlan, bridge, excluded }: Candidate, links: Links): Place {
  const ports = new Map<number, Port>();
  const own = new Set<MacAddress>();
  for (const link of links.values()) {
    const isMember = link.master === bridge.ifindex;
    // What stands on the bridge (a gateway's VLAN or macvlan interface) has the leaf's address too.
    const isOwn = isMember || link.ifindex === bridge.ifindex || link.lower === bridge.ifindex;
    if (isOwn && link.mac !== undefined) own.add(link.mac);
    const name = portName(link.name);
    if (!isMember || link.vxlan !== undefined || excluded.some((p) => matchesPort(p, name)))
      continue;
    ports.set(link.ifindex, { ifindex: link.ifindex, name, state: portState(link) });
  }
  return {
    segment: {
      vni,
      vtep,
      bridge: bridge.name,
      vxlan: vxlan.name,
      ownMacs: [...own].sort(),
    },
    vxlanIndex: vxlan.ifindex,
    bridgeIndex: bridge.ifindex,
    ports,
  };
}

/** Some drivers never tell more than `unknown` of a link that works. */
function portState({ enabled, operstate }: Link): "up" | "down" {
  return enabled && (operstate === "up" || operstate === "unknown") ? "up" : "down";
}

/** What is different, in an order in which nothing is told of a place that is not there. */
export type PictureChange =
  | { readonly kind: "port-lost"; readonly vni: Vni; readonly port: Port }
  | { readonly kind: "place-lost"; readonly place: Place }
  /** `isNew`: not just told anew. */
  | { readonly kind: "place-found"; readonly place: Place; readonly isNew: boolean }
  | { readonly kind: "port-found"; readonly vni: Vni; readonly port: Port }
  | { readonly kind: "port-changed"; readonly vni: Vni; readonly before: Port; readonly port: Port }
  | { readonly kind: "noticed"; readonly notice: DeviceNotice };

export function compare(before: Picture, after: Picture): readonly PictureChange[] {
  const lost: PictureChange[] = [];
  const found: PictureChange[] = [];
  for (const [vni, place] of before.places) {
    const now = after.places.get(vni);
    const stays = now !== undefined && isSame(place, now);
    for (const port of place.ports.values()) {
      if (!stays || !now.ports.has(port.ifindex)) lost.push({ kind: "port-lost", vni, port });
    }
    if (!stays) lost.push({ kind: "place-lost", place });
  }
  for (const [vni, place] of after.places) {
    const known = before.places.get(vni);
    const was = known !== undefined && isSame(known, place) ? known : undefined;
    if (JSON.stringify(was?.segment) !== JSON.stringify(place.segment)) {
      found.push({ kind: "place-found", place, isNew: was === undefined });
    }
    for (const port of place.ports.values()) {
      const portWas = was?.ports.get(port.ifindex);
      if (portWas === undefined) found.push({ kind: "port-found", vni, port });
      else if (portWas.name !== port.name || portWas.state !== port.state) {
        found.push({ kind: "port-changed", vni, before: portWas, port });
      }
    }
  }
  const known = new Set(before.notices.map((notice) => JSON.stringify(notice)));
  for (const notice of after.notices) {
    if (!known.has(JSON.stringify(notice))) found.push({ kind: "noticed", notice });
  }
  return [...lost, ...found];
}

/** The same devices, whatever they are called: what we have written to them is still there. */
function isSame(a: Place, b: Place): boolean {
  return (
    a.vxlanIndex === b.vxlanIndex &&
    a.bridgeIndex === b.bridgeIndex &&
    a.segment.vtep === b.segment.vtep
  );
}
