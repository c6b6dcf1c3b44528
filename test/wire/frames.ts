/** Frames as they are really sent, and a way to make others like them. */
import { ipToBytes, parseIp } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";

/** Reads hex, in which anything but hex digits is there for the reader. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/[^0-9a-f]/g, ""), "hex"));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** The guest that all these frames are from. */
export const GUEST: MacAddress = "52:54:00:12:34:56" as MacAddress;

const PADDING: string = "00".repeat(18);

export const QEMU_RARP: Uint8Array = hex(
  `ffffffffffff 525400123456 8035
   0001 0800 06 04 0003  525400123456 00000000  525400123456 00000000 ${PADDING}`,
);
export const KEEPALIVED_GARP: Uint8Array = hex(
  `ffffffffffff 525400123456 0806
   0001 0800 06 04 0001  525400123456 c000020a  ffffffffffff c000020a`,
);
/** MetalLB sends a request like keepalived's, and then this. */
export const METALLB_REPLY: Uint8Array = hex(
  `ffffffffffff 525400123456 0806
   0001 0800 06 04 0002  525400123456 c000020a  ffffffffffff c000020a`,
);
/** Linux with `arp_notify`, or told by virtio that it has moved. */
export const LINUX_ARP_NOTIFY: Uint8Array = hex(
  `ffffffffffff 525400123456 0806
   0001 0800 06 04 0001  525400123456 c000020a  000000000000 c000020a`,
);
/** Windows asks three times whether the address is free, then announces it. */
export const WINDOWS_PROBE: Uint8Array = hex(
  `ffffffffffff 525400123456 0806
   0001 0800 06 04 0001  525400123456 00000000  000000000000 c000020a ${PADDING}`,
);
export const ARP_REQUEST: Uint8Array = hex(
  `ffffffffffff 525400123456 0806
   0001 0800 06 04 0001  525400123456 c000020a  000000000000 c0000201`,
);
export const ARP_REPLY: Uint8Array = hex(
  `020000000001 525400123456 0806
   0001 0800 06 04 0002  525400123456 c000020a  020000000001 c0000201 ${PADDING}`,
);
/** Linux with a nonce (RFC 7527), for 2001:db8::a. */
export const LINUX_DAD: Uint8Array = hex(
  `3333ff00000a 525400123456 86dd
   60000000 0020 3a ff 00000000000000000000000000000000 ff0200000000000000000001ff00000a
   87 00 f353 00000000 20010db800000000000000000000000a 0e01a1b2c3d4e5f6`,
);
export const UNSOLICITED_NA: Uint8Array = hex(
  `333300000001 525400123456 86dd
   60000000 0020 3a ff 20010db800000000000000000000000a ff020000000000000000000000000001
   88 00 745d 20000000 20010db800000000000000000000000a 0201525400123456`,
);
export const NS: Uint8Array = hex(
  `3333ff000001 525400123456 86dd
   60000000 0020 3a ff 20010db800000000000000000000000a ff0200000000000000000001ff000001
   87 00 9764 00000000 20010db8000000000000000000000001 0101525400123456`,
);
export const NS_BEHIND_HOP_BY_HOP: Uint8Array = hex(
  `3333ff000001 525400123456 86dd
   60000000 0028 00 ff 20010db800000000000000000000000a ff0200000000000000000001ff000001
   3a00010400000000
   87 00 9764 00000000 20010db8000000000000000000000001 0101525400123456`,
);
/** The answer to a question, without the option, as RFC 4861 §4.4 allows. */
export const SOLICITED_NA: Uint8Array = hex(
  `020000000001 525400123456 86dd
   60000000 0018 3a ff fe80000000000000505400fffe123456 20010db8000000000000000000000001
   88 00 39f2 60000000 20010db800000000000000000000000a`,
);
export const RS: Uint8Array = hex(
  `333300000002 525400123456 86dd
   60000000 0010 3a ff fe80000000000000505400fffe123456 ff020000000000000000000000000002
   85 00 71b5 00000000 0101525400123456`,
);
export const RA: Uint8Array = hex(
  `333300000001 525400123456 86dd
   60000000 0020 3a ff fe80000000000000505400fffe123456 ff020000000000000000000000000001
   86 00 1ec1 40000708 00000000 00000000 0101525400123456 05010000000005dc`,
);

/** The frame with other bytes from `offset` on. */
export function patch(frame: Uint8Array, offset: number, bytes: string): Uint8Array {
  const patched = frame.slice();
  patched.set(hex(bytes), offset);
  return patched;
}

/** The frame with a VLAN tag in front of its EtherType. */
export function tagged(frame: Uint8Array, tag: string): Uint8Array {
  return hex(`${toHex(frame.subarray(0, 12))} ${tag} ${toHex(frame.subarray(12))}`);
}

export interface NdParts {
  readonly source?: string;
  readonly destination?: string;
  /** Type and code, and what follows the checksum. */
  readonly type: string;
  readonly body: string;
}

/** An ND frame of the guest's whose lengths and checksum are right, whatever it says. */
export function nd({
  source = "2001:db8::a",
  destination = "ff02::1",
  type,
  body,
}: NdParts): Uint8Array {
  const message = hex(`${type} 0000 ${body}`);
  const addresses = `${bytesOf(source)}${bytesOf(destination)}`;
  const length = message.length.toString(16).padStart(4, "0");
  const checksum = onesComplement(hex(`${addresses} 0000${length} 0000003a ${toHex(message)}`));
  return hex(
    `333300000001 525400123456 86dd 60000000 ${length} 3a ff ${addresses}
     ${type} ${checksum} ${body}`,
  );
}

function bytesOf(ip: string): string {
  const parsed = parseIp(ip);
  if (!parsed.ok) throw new Error(parsed.error);
  return toHex(ipToBytes(parsed.value));
}

/** RFC 1071, as it says: the sum of all words modulo 65535, inverted. */
function onesComplement(bytes: Uint8Array): string {
  const padded = [...bytes, 0];
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum = (sum + (padded[i] ?? 0) * 256 + (padded[i + 1] ?? 0)) % 0xffff;
  }
  return (0xffff - sum).toString(16).padStart(4, "0");
}
