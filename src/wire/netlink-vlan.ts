/**
 * Which VLANs a port of a bridge is in, and which VNI each is on a VXLAN device for many of them
 * (`IFLA_AF_SPEC` of the bridge family, `linux/if_bridge.h`). Neighbouring ones come as ranges.
 */
import { LITTLE_ENDIAN, readAttributes } from "./netlink.ts";

export interface VlanRange {
  readonly first: number;
  readonly last: number;
  /** What comes in without a tag is in it. */
  readonly pvid: boolean;
  /** What goes out has no tag. */
  readonly untagged: boolean;
}

/** VLAN `first` is `vni`, the next one the next VNI, and so on. */
export interface TunnelRange {
  readonly first: number;
  readonly last: number;
  readonly vni: number;
}

export interface PortVlans {
  readonly vlans: readonly VlanRange[];
  readonly tunnels: readonly TunnelRange[];
}

const Attribute = { vlan: 2, tunnel: 3 } as const;
const Tunnel = { vni: 1, vlan: 2, flags: 3 } as const;
const Flag = { pvid: 2, untagged: 4, rangeBegin: 8, rangeEnd: 16 } as const;

/** `undefined` if a length lies. */
export function readPortVlans(
  view: DataView,
  { start, length }: { start: number; length: number },
): PortVlans | undefined {
  const vlans: VlanRange[] = [];
  const tunnels: TunnelRange[] = [];
  let vlanBegin: number | undefined;
  let tunnelBegin: TunnelRange | undefined;
  let fits = true;
  const whole = readAttributes(view, { offset: start, end: start + length }, (type, at, size) => {
    if (type === Attribute.vlan) {
      fits &&= size === 4;
      if (size !== 4) return;
      const flags = view.getUint16(at, LITTLE_ENDIAN);
      const vlan = view.getUint16(at + 2, LITTLE_ENDIAN);
      if ((flags & Flag.rangeBegin) !== 0) {
        vlanBegin = vlan;
        return;
      }
      const first = (flags & Flag.rangeEnd) === 0 ? vlan : (vlanBegin ?? vlan);
      const [pvid, untagged] = [(flags & Flag.pvid) !== 0, (flags & Flag.untagged) !== 0];
      vlans.push({ first, last: vlan, pvid, untagged });
    } else if (type === Attribute.tunnel) {
      const tunnel = readTunnel(view, { offset: at, end: at + size });
      fits &&= tunnel !== undefined;
      if (tunnel === undefined) return;
      const { flags, ...one } = tunnel;
      if ((flags & Flag.rangeBegin) !== 0) tunnelBegin = one;
      else if ((flags & Flag.rangeEnd) === 0 || tunnelBegin === undefined) tunnels.push(one);
      else tunnels.push({ ...tunnelBegin, last: one.last });
    }
  });
  return whole && fits ? { vlans, tunnels } : undefined;
}

function readTunnel(
  view: DataView,
  range: { offset: number; end: number },
): (TunnelRange & { readonly flags: number }) | undefined {
  let [vni, vlan, flags] = [0, 0, 0];
  const whole = readAttributes(view, range, (type, at, size) => {
    if (type === Tunnel.vni && size === 4) vni = view.getUint32(at, LITTLE_ENDIAN);
    else if (type === Tunnel.vlan && size === 2) vlan = view.getUint16(at, LITTLE_ENDIAN);
    else if (type === Tunnel.flags && size === 2) flags = view.getUint16(at, LITTLE_ENDIAN);
  });
  return whole ? { first: vlan, last: vlan, vni, flags } : undefined;
}
