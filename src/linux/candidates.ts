/**
 * What a VXLAN device that is a port of a bridge is for: one VNI or, `external`, many; and which VLAN of
 * the bridge each of them is, if the bridge filters VLANs (`vlan_filtering`).
 *
 * The VLAN of a device for one VNI is what the bridge takes its frames for, the port's untagged PVID,
 * as FRR has it. A device for many has a map of its own (`bridge vlan add .. tunnel_info id VNI`).
 */
import type { PortPattern } from "../evpn/pattern.ts";
import { toVni, type Vni } from "../evpn/vni.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import type { PortVlans } from "../wire/netlink-vlan.ts";
import type { Link, Links } from "./links.ts";
import type { DeviceNotice } from "./notice.ts";

/** What an operator has said of a MAC-VRF; what is `undefined` is found out. */
export interface SegmentWish {
  readonly vni: Vni;
  readonly vxlan: string | undefined;
  readonly bridge: string | undefined;
  /** Of a bridge that filters VLANs. */
  readonly vlan: number | undefined;
  /** Ports behind which no hosts are looked for. */
  readonly excludePorts: readonly PortPattern[];
}

/** A MAC-VRF that may be made of this device. */
export interface Candidate {
  readonly vni: Vni;
  /** 0: the bridge does not filter VLANs. */
  readonly vlan: number;
  readonly vtep: VtepAddress;
  readonly vxlan: Link;
  readonly bridge: Link;
  readonly excluded: readonly PortPattern[];
}

interface Membership {
  readonly vni: Vni;
  readonly vlan: number;
}

/** `wishes`: all the MAC-VRFs there shall be; `undefined`: whatever is found. */
export function candidatesOf(
  vxlan: Link,
  links: Links,
  wishes: readonly SegmentWish[] | undefined,
): readonly (Candidate | DeviceNotice)[] {
  const bridge = links.get(vxlan.master ?? 0);
  if (vxlan.vxlan === undefined || bridge?.kind !== "bridge") return [];
  const found = membershipsOf(vxlan, bridge);
  if ("kind" in found) {
    const isAsked = "vni" in found ? wishOf(wishes, found.vni) !== undefined : false;
    return wishes === undefined || isAsked ? [found] : [];
  }
  const wanted = found.flatMap((one) => {
    const wish = wishOf(wishes, one.vni);
    if (wishes !== undefined && !(wish !== undefined && fits(wish, { ...one, vxlan, bridge })))
      return [];
    return { ...one, excluded: wish?.excludePorts ?? [] };
  });
  const [first] = wanted;
  if (first === undefined) return [];
  const flaw = flawOf(vxlan, bridge, first.vni);
  if (flaw !== undefined) return [flaw];
  const { local: vtep } = vxlan.vxlan;
  if (vtep === undefined) {
    return [{ kind: "device-without-local-address", device: vxlan.name, vni: first.vni }];
  }
  return wanted.map((one) => ({ ...one, vtep, vxlan, bridge }));
}

function wishOf(wishes: readonly SegmentWish[] | undefined, vni: Vni): SegmentWish | undefined {
  return wishes?.find((candidate) => candidate.vni === vni);
}

/** Nothing, too, as long as the bridge has not told of its new port. */
function membershipsOf(vxlan: Link, bridge: Link): readonly Membership[] | DeviceNotice {
  const { name: device, portVlans } = vxlan;
  if (vxlan.vxlan?.collectMetadata === true) {
    if (bridge.vlanFiltering && portVlans === undefined) return [];
    const many = bridge.vlanFiltering ? mapped(portVlans) : [];
    return many.length > 0 ? many : { kind: "external-device-without-vnis", device };
  }
  const vni = toVni(vxlan.vxlan?.vni ?? 0);
  if (!vni.ok) return [];
  if (!bridge.vlanFiltering) return [{ vni: vni.value, vlan: 0 }];
  if (portVlans === undefined) return [];
  const own = portVlans.vlans.find(({ pvid, untagged }) => pvid && untagged);
  if (own === undefined) return { kind: "vxlan-port-without-vlan", device, vni: vni.value };
  return [{ vni: vni.value, vlan: own.first }];
}

function mapped(portVlans: PortVlans | undefined): readonly Membership[] {
  const memberships: Membership[] = [];
  for (const { first, last, vni } of portVlans?.tunnels ?? []) {
    for (let vlan = first; vlan <= last; vlan++) {
      const its = toVni(vni + vlan - first);
      if (its.ok) memberships.push({ vni: its.value, vlan });
    }
  }
  return memberships;
}

function fits(
  wish: SegmentWish,
  { vlan, vxlan, bridge }: { vlan: number; vxlan: Link; bridge: Link },
): boolean {
  return (
    (wish.vxlan === undefined || wish.vxlan === vxlan.name) &&
    (wish.bridge === undefined || wish.bridge === bridge.name) &&
    (wish.vlan === undefined || wish.vlan === vlan)
  );
}

/** Why the device is no good; `vni` is what it is asked for. */
function flawOf({ name: device, enabled, vxlan }: Link, bridge: Link, vni: Vni) {
  if (vxlan?.learning === true) return { kind: "device-learns", device, vni } as const;
  if (vxlan?.local === undefined) {
    return { kind: "device-without-local-address", device, vni } as const;
  }
  if (!enabled) return { kind: "device-down", device, vni } as const;
  return bridge.enabled ? undefined : ({ kind: "device-down", device: bridge.name, vni } as const);
}
