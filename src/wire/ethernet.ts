/**
 * Ethernet frames (IEEE 802.3), untagged, with one VLAN tag (802.1Q) or with two (802.1ad, QinQ).
 */
import { type MacAddress, macFromBytes, writeMac } from "../evpn/mac.ts";
import { err, ok, type Result } from "../evpn/result.ts";

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_RARP = 0x8035;
export const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_SERVICE_VLAN = 0x88a8;

export interface EthernetFrame {
  readonly destination: MacAddress;
  readonly source: MacAddress;
  /** The VLAN ids of the tags, outermost first. */
  readonly vlans: readonly number[];
  /** The type behind the tags. */
  readonly etherType: number;
  /** A view of the frame, not a copy; with what the sender padded it with. */
  readonly payload: Uint8Array;
}

export type EthernetRefusal = "frame-truncated" | "frame-oversized";

const HEADER_LENGTH = 14;
const TAG_LENGTH = 4;
const TAGS_MAX = 2;
/** 1500 bytes of payload, header and frame check sequence. None of what we read is ever longer. */
const FRAME_MAX = 1518;

const UNTAGGED: readonly number[] = [];

//  0            6         12        14             18
//  | destination | source | type    | payload ...
//  | destination | source | 0x8100  | tag control  | type | payload ...
export function decodeEthernet(frame: Uint8Array): Result<EthernetFrame, EthernetRefusal> {
  if (frame.length < HEADER_LENGTH) return err("frame-truncated");
  let typeAt = 12;
  let etherType = uint16At(frame, typeAt);
  let vlans = UNTAGGED;
  while (isTag(etherType) && vlans.length < TAGS_MAX) {
    if (frame.length < typeAt + TAG_LENGTH + 2) return err("frame-truncated");
    vlans = [...vlans, uint16At(frame, typeAt + 2) & 0x0fff];
    typeAt += TAG_LENGTH;
    etherType = uint16At(frame, typeAt);
  }
  if (frame.length > FRAME_MAX + vlans.length * TAG_LENGTH) return err("frame-oversized");
  return ok({
    destination: macFromBytes(frame, 0),
    source: macFromBytes(frame, 6),
    vlans,
    etherType,
    payload: frame.subarray(typeAt + 2),
  });
}

/** An untagged frame. Padding to the 60 bytes of the wire is left to the device. */
export function encodeEthernet(frame: Omit<EthernetFrame, "vlans">): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + frame.payload.length);
  writeMac(frame.destination, bytes, 0);
  writeMac(frame.source, bytes, 6);
  writeUint16(frame.etherType, bytes, 12);
  bytes.set(frame.payload, HEADER_LENGTH);
  return bytes;
}

/** The frame with a tag of this VLAN (802.1Q), priority 0. */
export function tagged(frame: Uint8Array, vlan: number): Uint8Array {
  const bytes = new Uint8Array(frame.length + TAG_LENGTH);
  bytes.set(frame.subarray(0, 12));
  writeUint16(ETHERTYPE_VLAN, bytes, 12);
  writeUint16(vlan, bytes, 14);
  bytes.set(frame.subarray(12), 12 + TAG_LENGTH);
  return bytes;
}

function isTag(etherType: number): boolean {
  return etherType === ETHERTYPE_VLAN || etherType === ETHERTYPE_SERVICE_VLAN;
}

/** The number in network byte order at `offset`; the caller has checked that it is there. */
export function uint16At(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}

export function writeUint16(value: number, into: Uint8Array, offset: number): void {
  into[offset] = value >>> 8;
  into[offset + 1] = value & 0xff;
}
