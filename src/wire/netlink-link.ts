/** Link messages of rtnetlink: interfaces, and what they are as ports of a bridge (`if_link.h`). */
import { type IpAddress, ipv4FromBytes, ipv6FromBytes } from "../evpn/ip.ts";
import { type MacAddress, macFromBytes } from "../evpn/mac.ts";
import { err, ok, type Result } from "../evpn/result.ts";
import {
  AF_BRIDGE,
  Attribute,
  BridgePort,
  FIXED_LENGTH,
  IFF_UP,
  Info,
  LinkType,
  Vxlan,
} from "./link-layout.ts";
import {
  LITTLE_ENDIAN,
  type MessageWriter,
  NetlinkFlag,
  type NetlinkMalformed,
  type NetlinkMessage,
  readAttributes,
  viewOf,
} from "./netlink.ts";
import { textAt } from "./netlink-ack.ts";
import { type PortVlans, readPortVlans } from "./netlink-vlan.ts";

/** `RTEXT_FILTER_*`. VLANs as ranges; statistics are a third of the bytes of a dump. */
const BRVLAN_COMPRESSED = 4;
const SKIP_STATS = 8;

const VLAN_ID = 1;
const Bridge = { ageingTime: 4, vlanFiltering: 7 } as const;
/** The kernel tells times to programs in hundredths of a second (`USER_HZ`). */
const TICK_MS = 10;

/** RFC 2863 `ifOperStatus`, by the numbers of `IF_OPER_*`. */
const OPERSTATES = [
  "unknown",
  "not-present",
  "down",
  "lower-layer-down",
  "testing",
  "dormant",
  "up",
] as const;
export type Operstate = (typeof OPERSTATES)[number];

export interface VxlanSettings {
  readonly vni: number;
  readonly local: IpAddress | undefined;
  /** A multicast group, or the one peer. */
  readonly remote: IpAddress | undefined;
  readonly learning: boolean;
  readonly port: number;
  /** `external`: one device for many VNIs, which the bridge or a route chooses. */
  readonly collectMetadata: boolean;
}

export interface BridgePortSettings {
  readonly learning: boolean;
  readonly neighSuppress: boolean;
  readonly isolated: boolean;
}

export interface LinkMessage {
  /** `port`: sent by a bridge, of a port; when `gone`, it has left the bridge but is still there. */
  readonly about: "device" | "port";
  readonly gone: boolean;
  readonly ifindex: number;
  readonly name: string;
  /** The administrator wants it up. */
  readonly enabled: boolean;
  readonly operstate: Operstate;
  readonly mac: MacAddress | undefined;
  readonly master: number | undefined;
  /** The device it stands on; `undefined` too if that is in another network namespace. */
  readonly lower: number | undefined;
  /** `vxlan`, `bridge`, `veth`…; `undefined` for hardware. */
  readonly kind: string | undefined;
  readonly vxlan: VxlanSettings | undefined;
  readonly bridgePort: BridgePortSettings | undefined;
  /** Of a bridge. */
  readonly vlanFiltering: boolean;
  /** Of a bridge: how long it remembers a host that is silent. */
  readonly ageingMs: number | undefined;
  /** Of the interface of one VLAN: which. */
  readonly vlan: number | undefined;
  /** Of a port; a device message does not say, nor a kernel that knows no VLANs. */
  readonly portVlans: PortVlans | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** Where an attribute's value stands. */
type At = { readonly view: DataView; readonly start: number; readonly length: number };

//  0        2      4         8       12
//  | family | type | ifindex | flags | change | attributes
export function decodeLink(message: NetlinkMessage): Result<LinkMessage, NetlinkMalformed> {
  const { payload } = message;
  if (payload.length < FIXED_LENGTH) return err("netlink-truncated");
  const view = viewOf(payload);
  const link: Mutable<LinkMessage> = {
    about: payload[0] === AF_BRIDGE ? "port" : "device",
    gone: message.type === LinkType.delete,
    ifindex: view.getInt32(4, LITTLE_ENDIAN),
    name: "",
    enabled: (view.getUint32(8, LITTLE_ENDIAN) & IFF_UP) !== 0,
    operstate: "unknown",
    mac: undefined,
    master: undefined,
    lower: undefined,
    kind: undefined,
    vxlan: undefined,
    bridgePort: undefined,
    vlanFiltering: false,
    ageingMs: undefined,
    vlan: undefined,
    portVlans: undefined,
  };
  let fits = true;
  let elsewhere = false;
  const range = { offset: FIXED_LENGTH, end: payload.length };
  const whole = readAttributes(view, range, (type, start, length) => {
    if (type === Attribute.linkNamespace) elsewhere = true;
    fits = readAttribute(link, type, { view, start, length }) && fits;
  });
  if (elsewhere) link.lower = undefined;
  return whole && fits ? ok(link) : err("netlink-bad-attribute");
}

function readAttribute(into: Mutable<LinkMessage>, type: number, at: At): boolean {
  switch (type) {
    case Attribute.address:
      // Tunnels have addresses of other lengths, which are not MACs.
      if (at.length === 6) into.mac = macFromBytes(bytesOf(at.view), at.start);
      return true;
    case Attribute.name:
      into.name = textAt(bytesOf(at.view), at.start, at.length);
      return true;
    case Attribute.link:
      into.lower = u32(at);
      return at.length === 4;
    case Attribute.master:
      into.master = u32(at);
      return at.length === 4;
    case Attribute.operstate:
      into.operstate = OPERSTATES[u8(at)] ?? "unknown";
      return at.length === 1;
    case Attribute.bridgePort:
      return readBridgePort(into, at);
    case Attribute.info:
      return readInfo(into, at);
    case Attribute.familySpecific:
      // Of a device it is something else.
      if (into.about === "port") into.portVlans = readPortVlans(at.view, at);
      return into.about === "device" || into.portVlans !== undefined;
    default:
      return true;
  }
}

/** The kind decides how the data is read, and nothing promises that it comes first. */
function readInfo(into: Mutable<LinkMessage>, at: At): boolean {
  let data: At | undefined;
  let slaveKind = "";
  let slaveData: At | undefined;
  const whole = eachOf(at, (type, inner) => {
    if (type === Info.kind) into.kind = textAt(bytesOf(at.view), inner.start, inner.length);
    else if (type === Info.data) data = inner;
    else if (type === Info.slaveKind) {
      slaveKind = textAt(bytesOf(at.view), inner.start, inner.length);
    } else if (type === Info.slaveData) slaveData = inner;
  });
  if (!whole) return false;
  if (slaveKind === "bridge" && slaveData !== undefined && !readBridgePort(into, slaveData)) {
    return false;
  }
  if (data === undefined) return true;
  if (into.kind === "vxlan") return readVxlan(into, data);
  if (into.kind === "vlan") {
    return eachOf(data, (type, { view, start, length }) => {
      if (type === VLAN_ID && length === 2) into.vlan = view.getUint16(start, LITTLE_ENDIAN);
    });
  }
  if (into.kind !== "bridge") return true;
  return eachOf(data, (type, inner) => {
    if (type === Bridge.vlanFiltering) into.vlanFiltering = u8(inner) !== 0;
    else if (type === Bridge.ageingTime) into.ageingMs = u32(inner) * TICK_MS;
  });
}

function readVxlan(into: Mutable<LinkMessage>, at: At): boolean {
  const vxlan: Mutable<VxlanSettings> = {
    vni: 0,
    local: undefined,
    remote: undefined,
    learning: false,
    port: 0,
    collectMetadata: false,
  };
  let fits = true;
  const whole = eachOf(at, (type, inner) => {
    if (type === Vxlan.id) vxlan.vni = u32(inner);
    else if (type === Vxlan.learning) vxlan.learning = u8(inner) !== 0;
    else if (type === Vxlan.collectMetadata) vxlan.collectMetadata = u8(inner) !== 0;
    // The one number here that is in network byte order.
    else if (type === Vxlan.port && inner.length === 2) vxlan.port = at.view.getUint16(inner.start);
    else if (type === Vxlan.local || type === Vxlan.local6) {
      vxlan.local = ip(inner);
      fits &&= vxlan.local !== undefined;
    } else if (type === Vxlan.group || type === Vxlan.group6) {
      vxlan.remote = ip(inner);
      fits &&= vxlan.remote !== undefined;
    }
  });
  into.vxlan = vxlan;
  return whole && fits;
}

function readBridgePort(into: Mutable<LinkMessage>, at: At): boolean {
  const port: Mutable<BridgePortSettings> = {
    learning: true,
    neighSuppress: false,
    isolated: false,
  };
  const whole = eachOf(at, (type, inner) => {
    if (type === BridgePort.learning) port.learning = u8(inner) !== 0;
    else if (type === BridgePort.neighSuppress) port.neighSuppress = u8(inner) !== 0;
    else if (type === BridgePort.isolated) port.isolated = u8(inner) !== 0;
  });
  into.bridgePort = port;
  return whole;
}

function eachOf({ view, start, length }: At, visit: (type: number, at: At) => void): boolean {
  return readAttributes(view, { offset: start, end: start + length }, (type, from, size) =>
    visit(type, { view, start: from, length: size }),
  );
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function u8({ view, start, length }: At): number {
  return length >= 1 ? view.getUint8(start) : 0;
}

function u32({ view, start, length }: At): number {
  return length === 4 ? view.getUint32(start, LITTLE_ENDIAN) : 0;
}

function ip({ view, start, length }: At): IpAddress | undefined {
  if (length === 4) return ipv4FromBytes(bytesOf(view), start);
  return length === 16 ? ipv6FromBytes(bytesOf(view), start) : undefined;
}

/** Asks for all links; or for all bridge ports, with their VLANs. */
export function writeLinkDump(writer: MessageWriter, about: LinkMessage["about"]): void {
  const isPorts = about === "port";
  writer
    .begin(LinkType.get, NetlinkFlag.request | NetlinkFlag.dump)
    .fixed(FIXED_LENGTH, (view, offset) => view.setUint8(offset, isPorts ? AF_BRIDGE : 0))
    .u32(Attribute.extMask, isPorts ? BRVLAN_COMPRESSED | SKIP_STATS : SKIP_STATS)
    .end();
}
