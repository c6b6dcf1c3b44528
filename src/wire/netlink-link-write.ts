/** Requests of rtnetlink that make, change and delete links (`linux/if_link.h`, `linux/if_bridge.h`). */
import { type IpAddress, isIpv6 } from "../evpn/ip.ts";
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
  readAttributes,
  viewOf,
} from "./netlink.ts";
import { textAt } from "./netlink-ack.ts";

const AF_INET6 = 10;
const Inet6 = { addressGeneration: 8 } as const;
/** `IN6_ADDR_GEN_MODE_NONE`. */
const NO_ADDRESS = 1;

export type LinkRequest =
  /** What is not said is the kernel's default. The device is down. */
  | {
      readonly action: "make";
      readonly name: string;
      readonly alias: string;
      readonly kind: "bridge" | "vxlan";
      readonly vxlan?: VxlanRequest;
    }
  /** What is not said stays as it is. */
  | {
      readonly action: "change";
      readonly ifindex: number;
      readonly vxlan?: VxlanRequest;
      readonly master?: number;
      readonly mtu?: number;
      readonly alias?: string;
      readonly up?: true;
      /** It gets no IPv6 link-local address when it comes up. */
      readonly addressless?: true;
    }
  /** What a port is to its bridge. */
  | {
      readonly action: "change-port";
      readonly ifindex: number;
      readonly learning: boolean;
      readonly neighSuppress: boolean;
    }
  | { readonly action: "delete"; readonly ifindex: number };

export interface VxlanRequest {
  readonly vni: number;
  readonly local: IpAddress;
  /** UDP. Can not be changed. */
  readonly port?: number;
  readonly learning: boolean;
}

export function writeLinkRequest(writer: MessageWriter, request: LinkRequest): void {
  switch (request.action) {
    case "make":
      begin(writer, LinkType.put, { flags: NetlinkFlag.create | NetlinkFlag.exclusive });
      writer.text(Attribute.name, request.name).text(Attribute.alias, request.alias);
      writeInfo(writer, request.kind, request.vxlan);
      break;
    case "change": {
      const { ifindex, vxlan, master, mtu, alias, up, addressless } = request;
      begin(writer, LinkType.put, { ifindex, up: up === true });
      if (master !== undefined) writer.u32(Attribute.master, master);
      if (mtu !== undefined) writer.u32(Attribute.mtu, mtu);
      if (alias !== undefined) writer.text(Attribute.alias, alias);
      if (vxlan !== undefined) writeInfo(writer, "vxlan", vxlan);
      if (addressless === true) {
        writer.nested(Attribute.familySpecific, () =>
          writer.nested(AF_INET6, () => writer.u8(Inet6.addressGeneration, NO_ADDRESS)),
        );
      }
      break;
    }
    case "change-port":
      begin(writer, LinkType.set, { family: AF_BRIDGE, ifindex: request.ifindex });
      writer.nested(Attribute.bridgePort, () =>
        writer
          .u8(BridgePort.learning, Number(request.learning))
          .u8(BridgePort.neighSuppress, Number(request.neighSuppress)),
      );
      break;
    case "delete":
      begin(writer, LinkType.delete, { ifindex: request.ifindex });
      break;
  }
  writer.end();
}

function begin(
  writer: MessageWriter,
  type: number,
  {
    flags = 0,
    family = 0,
    ifindex = 0,
    up = false,
  }: { flags?: number; family?: number; ifindex?: number; up?: boolean },
): void {
  writer.begin(type, NetlinkFlag.request | flags).fixed(FIXED_LENGTH, (view, offset) => {
    view.setUint8(offset, family);
    view.setInt32(offset + 4, ifindex, LITTLE_ENDIAN);
    view.setUint32(offset + 8, up ? IFF_UP : 0, LITTLE_ENDIAN);
    view.setUint32(offset + 12, up ? IFF_UP : 0, LITTLE_ENDIAN);
  });
}

function writeInfo(writer: MessageWriter, kind: string, vxlan: VxlanRequest | undefined): void {
  writer.nested(Attribute.info, () => {
    writer.text(Info.kind, kind);
    if (vxlan === undefined) return;
    writer.nested(Info.data, () => {
      writer.u32(Vxlan.id, vxlan.vni).u8(Vxlan.learning, Number(vxlan.learning));
      writer.ip(isIpv6(vxlan.local) ? Vxlan.local6 : Vxlan.local, vxlan.local);
      // The one number here that is in network byte order.
      const { port } = vxlan;
      if (port !== undefined) writer.bytes(Vxlan.port, Uint8Array.of(port >> 8, port & 0xff));
    });
  });
}

/** What a message says of a link besides what `decodeLink` reads. */
export interface LinkLabel {
  /** What somebody has written on it; `""`: nothing. */
  readonly alias: string;
  readonly mtu: number;
}

export function decodeLinkLabel(payload: Uint8Array): LinkLabel {
  const view = viewOf(payload);
  let alias = "";
  let mtu = 0;
  const range = { offset: Math.min(FIXED_LENGTH, payload.length), end: payload.length };
  readAttributes(view, range, (type, start, length) => {
    if (type === Attribute.alias) alias = textAt(payload, start, length);
    if (type === Attribute.mtu && length === 4) mtu = view.getUint32(start, LITTLE_ENDIAN);
  });
  return { alias, mtu };
}
