/**
 * Netlink framing: messages in a datagram, attributes in a message (RFC 3549 §2.3.2,
 * `linux/netlink.h`). Numbers are in the byte order of the machine.
 *
 * The kernel is trusted with its meaning, never with its lengths: whatever does not fit is left out
 * and named.
 */

import { type IpAddress, ipToBytes } from "../evpn/ip.ts";
import { type MacAddress, writeMac } from "../evpn/mac.ts";

/** The byte order of this machine, which netlink and BPF programs are written in. */
export const LITTLE_ENDIAN: boolean = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export type NetlinkMalformed = "netlink-truncated" | "netlink-bad-length" | "netlink-bad-attribute";

export const NetlinkType = { error: 2, done: 3, overrun: 4 } as const;

export const NetlinkFlag = {
  request: 0x1,
  multi: 0x2,
  ack: 0x4,
  dumpInterrupted: 0x10,
  // Of requests that make something new.
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
  // Of requests that read.
  dump: 0x300,
  // Of acknowledgements.
  capped: 0x100,
  ackTlvs: 0x200,
} as const;

export const HEADER_LENGTH = 16;
const ATTRIBUTE_HEADER_LENGTH = 4;
/** The two upper bits of an attribute's type: nested, and in network byte order. */
const ATTRIBUTE_TYPE_MASK = 0x3fff;
const NESTED = 0x8000;

export class NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** The socket that has asked for it, or made the change that is told; 0 is the kernel. */
  readonly port: number;
  /** The whole datagram, and where in it the payload is: of many messages, one view for all. */
  readonly datagram: Uint8Array;
  readonly view: DataView;
  readonly start: number;
  readonly end: number;

  constructor(
    datagram: Uint8Array,
    view: DataView,
    { start, end }: { start: number; end: number },
  ) {
    this.type = view.getUint16(start + 4, LITTLE_ENDIAN);
    this.flags = view.getUint16(start + 6, LITTLE_ENDIAN);
    this.sequence = view.getUint32(start + 8, LITTLE_ENDIAN);
    this.port = view.getUint32(start + 12, LITTLE_ENDIAN);
    this.datagram = datagram;
    this.view = view;
    this.start = start + HEADER_LENGTH;
    this.end = end;
  }

  get payload(): Uint8Array {
    return this.datagram.subarray(this.start, this.end);
  }
}

export interface Messages {
  readonly messages: readonly NetlinkMessage[];
  /** Why the rest of the datagram could not be read, if there was one. */
  readonly malformed: NetlinkMalformed | undefined;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function align4(length: number): number {
  return (length + 3) & ~3;
}

/** The messages of a datagram, up to the first that does not fit. */
//  0        4      6       8          12
//  | length | type | flags | sequence | port | payload, then padded to a multiple of 4
export function readMessages(datagram: Uint8Array): Messages {
  const view = viewOf(datagram);
  const messages: NetlinkMessage[] = [];
  let offset = 0;
  while (offset < datagram.length) {
    if (datagram.length - offset < HEADER_LENGTH)
      return { messages, malformed: "netlink-truncated" };
    const length = view.getUint32(offset, LITTLE_ENDIAN);
    if (length < HEADER_LENGTH) return { messages, malformed: "netlink-bad-length" };
    if (length > datagram.length - offset) return { messages, malformed: "netlink-truncated" };
    messages.push(new NetlinkMessage(datagram, view, { start: offset, end: offset + length }));
    offset += align4(length);
  }
  return { messages, malformed: undefined };
}

/** Goes through attributes, one after the other: `next`, and this is the first of them. */
export class Attributes {
  readonly view: DataView;
  type = 0;
  /** Where its value begins. */
  start = 0;
  /** Of its value, in bytes. */
  length = 0;
  /** Whether no length has lied so far. */
  isWhole = true;
  #at: number;
  readonly #end: number;

  constructor(view: DataView, { offset, end }: { offset: number; end: number }) {
    this.view = view;
    this.#at = offset;
    this.#end = end;
  }

  /** False at the end, or where a length lies. */
  next(): boolean {
    const left = this.#end - this.#at;
    if (left <= 0) return false;
    const length =
      left < ATTRIBUTE_HEADER_LENGTH ? 0 : this.view.getUint16(this.#at, LITTLE_ENDIAN);
    if (length < ATTRIBUTE_HEADER_LENGTH || length > left) {
      this.isWhole = false;
      return false;
    }
    this.type = this.view.getUint16(this.#at + 2, LITTLE_ENDIAN) & ATTRIBUTE_TYPE_MASK;
    this.start = this.#at + ATTRIBUTE_HEADER_LENGTH;
    this.length = length - ATTRIBUTE_HEADER_LENGTH;
    this.#at += align4(length);
    return true;
  }
}

/**
 * Calls `visit` with the type of each attribute in `bytes` from `offset` to `end`, and with where
 * its value begins and how long it is. False if a length lies; what came before has been visited.
 */
export function readAttributes(
  bytes: DataView,
  range: { offset: number; end: number },
  visit: (type: number, start: number, length: number) => void,
): boolean {
  const each = new Attributes(bytes, range);
  while (each.next()) visit(each.type, each.start, each.length);
  return each.isWhole;
}

/** Writes messages one behind the other, ready to be sent in one or several datagrams. */
export class MessageWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256);
  #view: DataView = viewOf(this.#bytes);
  #length = 0;
  #start = 0;

  /** Begins a message; all that is written until `end` is its payload. */
  begin(type: number, flags: number): this {
    this.#start = this.#length;
    this.#reserve(HEADER_LENGTH);
    this.#view.setUint16(this.#start + 4, type, LITTLE_ENDIAN);
    this.#view.setUint16(this.#start + 6, flags, LITTLE_ENDIAN);
    return this;
  }

  end(): void {
    this.#view.setUint32(this.#start, this.#length - this.#start, LITTLE_ENDIAN);
    this.#reserve(align4(this.#length) - this.#length);
  }

  /** A fixed part of `length` bytes, all zero but for what `fill` writes at the offset it is told. */
  fixed(length: number, fill: (view: DataView, offset: number) => void): this {
    const offset = this.#reserve(length);
    fill(this.#view, offset);
    return this;
  }

  u8(type: number, value: number): this {
    const at = this.#attribute(type, 1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(type: number, value: number): this {
    const at = this.#attribute(type, 2);
    this.#view.setUint16(at, value, LITTLE_ENDIAN);
    return this;
  }

  u32(type: number, value: number): this {
    const at = this.#attribute(type, 4);
    this.#view.setUint32(at, value, LITTLE_ENDIAN);
    return this;
  }

  /** In network byte order, as netfilter has all its numbers. */
  u32Network(type: number, value: number): this {
    const at = this.#attribute(type, 4);
    this.#view.setUint32(at, value);
    return this;
  }

  u64Network(type: number, value: number): this {
    const at = this.#attribute(type, 8);
    this.#view.setBigUint64(at, BigInt(value));
    return this;
  }

  mac(type: number, mac: MacAddress): this {
    const at = this.#attribute(type, 6);
    writeMac(mac, this.#bytes, at);
    return this;
  }

  ip(type: number, ip: IpAddress): this {
    return this.bytes(type, ipToBytes(ip));
  }

  text(type: number, text: string): this {
    return this.bytes(type, new TextEncoder().encode(`${text}\0`));
  }

  bytes(type: number, value: Uint8Array): this {
    const at = this.#attribute(type, value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** An attribute made of attributes; the kernel refuses one that is not marked as such. */
  nested(type: number, write: () => void): this {
    const start = this.#attribute(type | NESTED, 0) - ATTRIBUTE_HEADER_LENGTH;
    write();
    this.#view.setUint16(start, this.#length - start, LITTLE_ENDIAN);
    return this;
  }

  /** Everything written so far, in a buffer that is nobody else's. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** Makes room, which may replace the buffer, and answers where the value is to stand. */
  #attribute(type: number, length: number): number {
    const start = this.#reserve(ATTRIBUTE_HEADER_LENGTH + align4(length));
    this.#view.setUint16(start, ATTRIBUTE_HEADER_LENGTH + length, LITTLE_ENDIAN);
    this.#view.setUint16(start + 2, type, LITTLE_ENDIAN);
    return start + ATTRIBUTE_HEADER_LENGTH;
  }

  #reserve(length: number): number {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = viewOf(larger);
    }
    return start;
  }
}
