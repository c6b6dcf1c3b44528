/**
 * Whose a row in the kernel is, read off the row itself, so that a process that has just started
 * knows its own.
 *
 * Ours are marked: a VXLAN device's entry is `extern_learn` with the state REACHABLE and NOARP
 * together, which nobody else writes (FRR writes one of them) and which, by NOARP, lives through the
 * device going down and up; a neighbour is `extern_learn` with our protocol number. The bridge keeps
 * no mark beyond `extern_learn`, so a bridge's entry is ours if it points to our VXLAN device, and is
 * pinned if it is `sticky` besides. Seen on Linux 6.18.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import {
  type Neighbour,
  NeighbourExtFlag,
  NeighbourFlag,
  NeighbourState,
} from "../wire/netlink-neighbour.ts";
import { type BridgeVlan, bridgeVlan, type Tunnel, tunnel } from "./forwarding.ts";

export const OWN_STATE: number = NeighbourState.reachable | NeighbourState.noarp;
/** In the numbers of `rt_protos`, where zebra is 11, bird 12 and babel 42; nobody has this one. */
export const OWN_PROTOCOL = 114;
export const ZERO_MAC: MacAddress = "00:00:00:00:00:00" as MacAddress;

/** The kernel's own rows are those it has learned; it may lose them, and learns them again. */
export type Owner = "us" | "other" | "kernel";

export type KernelRow =
  /** The bridge has learned a host on a port. */
  | {
      readonly kind: "learned";
      readonly bridge: BridgeVlan;
      readonly port: number;
      readonly mac: MacAddress;
    }
  /** Somebody has put a host on a port, or the address is the port's own. */
  | {
      readonly kind: "fixed";
      readonly bridge: BridgeVlan;
      readonly port: number;
      readonly mac: MacAddress;
      readonly sticky: boolean;
    }
  /** Put by somebody outside the kernel; on a VXLAN device's port, by us. */
  | {
      readonly kind: "outside";
      readonly bridge: BridgeVlan;
      readonly port: number;
      readonly mac: MacAddress;
      readonly sticky: boolean;
    }
  | {
      readonly kind: "tunnel";
      readonly device: number;
      readonly tunnel: Tunnel;
      readonly mac: MacAddress;
      readonly vtep: VtepAddress;
      readonly owner: Owner;
    }
  | {
      readonly kind: "flood";
      readonly device: number;
      readonly tunnel: Tunnel;
      readonly vtep: VtepAddress;
      readonly owner: Owner;
    }
  | {
      readonly kind: "neighbour";
      readonly device: number;
      readonly ip: IpAddress;
      readonly mac: MacAddress | undefined;
      readonly router: boolean;
      readonly owner: Owner;
    };

/** What a neighbour message is about; `undefined` where it is none of our business. */
export function kernelRow(neighbour: Neighbour): KernelRow | undefined {
  const { family, ifindex, dst, mac, master } = neighbour;
  if (family !== "bridge") {
    if (dst === undefined || (!neighbour.gone && isNobody(neighbour.state))) return undefined;
    return {
      kind: "neighbour",
      device: ifindex,
      ip: dst,
      mac,
      router: (neighbour.flags & NeighbourFlag.router) !== 0,
      owner: ownerOf(neighbour, neighbour.protocol === OWN_PROTOCOL),
    };
  }
  if (mac === undefined) return undefined;
  if (master !== undefined) {
    return bridgeRow(neighbour, bridgeVlan(master, neighbour.vlan), mac);
  }
  if (dst === undefined) return undefined;
  const owner = ownerOf(neighbour, neighbour.state === OWN_STATE);
  const at = tunnel(ifindex, neighbour.sourceVni);
  if (mac === ZERO_MAC) return { kind: "flood", device: ifindex, tunnel: at, vtep: dst, owner };
  return { kind: "tunnel", device: ifindex, tunnel: at, mac, vtep: dst, owner };
}

function bridgeRow(
  neighbour: Neighbour,
  bridge: BridgeVlan,
  mac: MacAddress,
): KernelRow | undefined {
  const { state, flags, extFlags, ifindex: port } = neighbour;
  const sticky = (flags & NeighbourFlag.sticky) !== 0;
  // Static alone is never ours: an operator has put it over ours, and the kernel has kept our mark.
  const isStatic = isFixed(state) && !sticky;
  if (isOutside(neighbour) && !isStatic) return { kind: "outside", bridge, port, mac, sticky };
  // A port that wants its hosts to authenticate: not authorised yet.
  if ((extFlags & NeighbourExtFlag.locked) !== 0) return undefined;
  return isFixed(state)
    ? { kind: "fixed", bridge, port, mac, sticky }
    : { kind: "learned", bridge, port, mac };
}

function ownerOf(neighbour: Neighbour, hasOurMark: boolean): Owner {
  if (isOutside(neighbour)) return hasOurMark ? "us" : "other";
  return isFixed(neighbour.state) ? "other" : "kernel";
}

function isOutside({ flags }: Neighbour): boolean {
  return (flags & NeighbourFlag.extLearned) !== 0;
}

/** The kernel asks for a neighbour, or takes leave of one: that it is gone, it says by itself. */
function isNobody(state: number): boolean {
  return (state & (NeighbourState.incomplete | NeighbourState.failed)) !== 0;
}

function isFixed(state: number): boolean {
  return (state & (NeighbourState.noarp | NeighbourState.permanent)) !== 0;
}

/** By what a row of somebody else is known to stand in the way of one of ours. */
export function placeKey(row: KernelRow): string {
  switch (row.kind) {
    case "learned":
    case "fixed":
    case "outside":
      return macKey(row.bridge, row.mac);
    case "tunnel":
      return macKey(row.tunnel, row.mac);
    case "flood":
      return ipKey(row.tunnel, row.vtep);
    case "neighbour":
      return ipKey(row.device, row.ip);
  }
}

export function macKey(of: BridgeVlan | Tunnel, mac: MacAddress): string {
  return `${of}|${mac}`;
}

/** Of a VXLAN device the flood list, of a bridge the neighbours: no device has both. */
export function ipKey(of: Tunnel | number, ip: IpAddress): string {
  return `${of}|${ip}`;
}
