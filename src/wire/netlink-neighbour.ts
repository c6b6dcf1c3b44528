/**
 * Neighbour messages of rtnetlink, which are two things: a bridge's or a VXLAN device's forwarding
 * entry (family `bridge`), and an IP neighbour (`linux/neighbour.h`).
 */
import type { IpAddress } from "../evpn/ip.ts";
import { ipv4FromBytes, ipv6FromBytes, isIpv6 } from "../evpn/ip.ts";
import { type MacAddress, macFromBytes } from "../evpn/mac.ts";
import { err, ok, type Result } from "../evpn/result.ts";
import {
  Attributes,
  LITTLE_ENDIAN,
  type MessageWriter,
  NetlinkFlag,
  type NetlinkMalformed,
  type NetlinkMessage,
} from "./netlink.ts";

export const NeighbourType = { put: 28, delete: 29, get: 30 } as const;

/** Reachability (`NUD_*`): for a forwarding entry, how it may change. */
export const NeighbourState = {
  /** Asked for, and not answered yet. */
  incomplete: 0x01,
  reachable: 0x02,
  stale: 0x04,
  /** Asked for in vain; also every neighbour in its last moment. */
  failed: 0x20,
  /** Never probed, never aged: "static" of a forwarding entry. */
  noarp: 0x40,
  permanent: 0x80,
} as const;

/** `NTF_*`. */
export const NeighbourFlag = {
  /** Learn it as if a frame had come in. */
  use: 0x01,
  /** The entry of the device itself: of a VXLAN device, to which VTEP. */
  self: 0x02,
  /** The entry of the bridge the device is a port of. */
  master: 0x04,
  /** Learned by somebody outside the kernel: neither aged nor probed. */
  extLearned: 0x10,
  sticky: 0x40,
  /** Of an IPv6 neighbour: what is said for it says so. */
  router: 0x80,
} as const;

/** `NTF_EXT_*`: the flags that did not fit. */
export const NeighbourExtFlag = { locked: 0x02 } as const;

const Attribute = {
  dst: 1,
  lladdr: 2,
  vlan: 5,
  vni: 7,
  ifindex: 8,
  master: 9,
  sourceVni: 11,
  protocol: 12,
  nexthopGroup: 13,
  extFlags: 15,
} as const;

export const NEIGHBOUR_FAMILY = { ipv4: 2, bridge: 7, ipv6: 10 } as const;
export type NeighbourFamily = keyof typeof NEIGHBOUR_FAMILY;

export interface Neighbour {
  readonly gone: boolean;
  readonly family: NeighbourFamily;
  readonly ifindex: number;
  readonly state: number;
  readonly flags: number;
  readonly extFlags: number;
  readonly mac: MacAddress | undefined;
  /** The VTEP of a VXLAN device's entry, the IP of a neighbour. */
  readonly dst: IpAddress | undefined;
  /** 0: none. */
  readonly vlan: number;
  /** The VNI frames are sent with, where it is not the device's own. */
  readonly vni: number | undefined;
  readonly sourceVni: number | undefined;
  /** The interface a VXLAN device sends through, where the entry says so. */
  readonly underlay: number | undefined;
  readonly nexthopGroup: number | undefined;
  /** The bridge, for an entry of a bridge. */
  readonly master: number | undefined;
  /** Who put it there, by the numbers routes have; 0: not told. */
  readonly protocol: number;
}

export type NeighbourIgnored = NetlinkMalformed | "neighbour-unknown-family";

/** Of what stands before the attributes. */
export const NEIGHBOUR_FIXED_LENGTH = 12;
/** The type of the attribute that says who has put it. */
export const NEIGHBOUR_PROTOCOL: number = Attribute.protocol;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

//  0        1     4         8       10      11
//  | family | pad | ifindex | state | flags | type | attributes
export function decodeNeighbour(message: NetlinkMessage): Result<Neighbour, NeighbourIgnored> {
  const { datagram, view, start: from, end } = message;
  if (end - from < NEIGHBOUR_FIXED_LENGTH) return err("netlink-truncated");
  const family = familyOf(datagram[from]);
  if (family === undefined) return err("neighbour-unknown-family");

  const neighbour: Mutable<Neighbour> = {
    gone: message.type === NeighbourType.delete,
    family,
    ifindex: view.getInt32(from + 4, LITTLE_ENDIAN),
    state: view.getUint16(from + 8, LITTLE_ENDIAN),
    flags: view.getUint8(from + 10),
    extFlags: 0,
    mac: undefined,
    dst: undefined,
    vlan: 0,
    vni: undefined,
    sourceVni: undefined,
    underlay: undefined,
    nexthopGroup: undefined,
    master: undefined,
    protocol: 0,
  };
  let fits = true;
  const attributes = new Attributes(view, { offset: from + NEIGHBOUR_FIXED_LENGTH, end });
  while (attributes.next()) fits = readAttribute(neighbour, datagram, attributes) && fits;
  return attributes.isWhole && fits ? ok(neighbour) : err("netlink-bad-attribute");
}

function familyOf(number: number | undefined): NeighbourFamily | undefined {
  if (number === NEIGHBOUR_FAMILY.bridge) return "bridge";
  if (number === NEIGHBOUR_FAMILY.ipv4) return "ipv4";
  return number === NEIGHBOUR_FAMILY.ipv6 ? "ipv6" : undefined;
}

function u32({ view, start, length }: Attributes): number {
  return length === 4 ? view.getUint32(start, LITTLE_ENDIAN) : 0;
}

/** False if the value is not as long as its type says. */
function readAttribute(into: Mutable<Neighbour>, datagram: Uint8Array, at: Attributes): boolean {
  const { view, type, start, length } = at;
  switch (type) {
    case Attribute.dst:
      if (length === 4) into.dst = ipv4FromBytes(datagram, start);
      else if (length === 16) into.dst = ipv6FromBytes(datagram, start);
      else return false;
      return true;
    case Attribute.lladdr:
      // An IP neighbour of a tunnel has an address of another kind: not ours to read.
      if (length === 6) into.mac = macFromBytes(datagram, start);
      return length === 6 || into.family !== "bridge";
    case Attribute.vlan:
      if (length !== 2) return false;
      into.vlan = view.getUint16(start, LITTLE_ENDIAN);
      return true;
    case Attribute.protocol:
      if (length !== 1) return false;
      into.protocol = view.getUint8(start);
      return true;
    case Attribute.vni:
      into.vni = u32(at);
      return length === 4;
    case Attribute.sourceVni:
      into.sourceVni = u32(at);
      return length === 4;
    case Attribute.ifindex:
      into.underlay = u32(at);
      return length === 4;
    case Attribute.master:
      into.master = u32(at);
      return length === 4;
    case Attribute.nexthopGroup:
      into.nexthopGroup = u32(at);
      return length === 4;
    case Attribute.extFlags:
      into.extFlags = u32(at);
      return length === 4;
    default:
      return true;
  }
}

export interface NeighbourRequest {
  /** `put` creates or replaces; `append` adds one more destination, which only flooding has. */
  readonly action: "put" | "append" | "delete";
  readonly family: NeighbourFamily;
  readonly ifindex: number;
  readonly state: number;
  readonly flags: number;
  readonly mac: MacAddress | undefined;
  readonly dst: IpAddress | undefined;
  /** 0: not told. */
  readonly protocol: number;
  /** Of a bridge's entry: its VLAN; 0: all that the port is in, and none. */
  readonly vlan?: number;
  /** Of a VXLAN device for many VNIs: which of them the entry is of; 0: not told. */
  readonly sourceVni?: number;
}

const ACTION = {
  put: [NeighbourType.put, NetlinkFlag.request | NetlinkFlag.create | NetlinkFlag.replace],
  append: [NeighbourType.put, NetlinkFlag.request | NetlinkFlag.create | NetlinkFlag.append],
  delete: [NeighbourType.delete, NetlinkFlag.request],
} as const;

export function writeNeighbour(writer: MessageWriter, request: NeighbourRequest): void {
  const [type, flags] = ACTION[request.action];
  writer.begin(type, flags).fixed(NEIGHBOUR_FIXED_LENGTH, (view, offset) => {
    view.setUint8(offset, NEIGHBOUR_FAMILY[request.family]);
    view.setInt32(offset + 4, request.ifindex, LITTLE_ENDIAN);
    view.setUint16(offset + 8, request.state, LITTLE_ENDIAN);
    view.setUint8(offset + 10, request.flags);
  });
  if (request.mac !== undefined) writer.mac(Attribute.lladdr, request.mac);
  if (request.dst !== undefined) writer.ip(Attribute.dst, request.dst);
  const { protocol, vlan = 0, sourceVni = 0 } = request;
  if (vlan !== 0) writer.u16(Attribute.vlan, vlan);
  if (sourceVni !== 0) writer.u32(Attribute.sourceVni, sourceVni);
  if (protocol !== 0) writer.u8(Attribute.protocol, protocol);
  writer.end();
}

/** Asks for all entries of a family. */
export function writeNeighbourDump(writer: MessageWriter, family: NeighbourFamily): void {
  writer
    .begin(NeighbourType.get, NetlinkFlag.request | NetlinkFlag.dump)
    .fixed(NEIGHBOUR_FIXED_LENGTH, (view, offset) => {
      view.setUint8(offset, NEIGHBOUR_FAMILY[family]);
    })
    .end();
}

/** The family that an IP belongs to. */
export function ipFamily(ip: IpAddress): "ipv4" | "ipv6" {
  return isIpv6(ip) ? "ipv6" : "ipv4";
}
