/** Packets of a VXLAN tunnel, as another VTEP would send and receive them on the wire. */
import { macBytes } from "./frames.ts";

const VXLAN_PORT = 4789;

export interface Tunnelled {
  readonly from: string;
  readonly to: string;
  readonly vni?: number;
  readonly inner: Uint8Array;
  /** IPv4: identification and flags. IPv6: traffic class and flow label. */
  readonly label?: number;
  /** Whose interface it goes to. */
  readonly mac: string;
}

export interface Received {
  readonly from: string;
  readonly to: string;
  readonly vni: number;
  readonly label: number;
  /** Of IPv4's header: right if it is 0xffff with the header it stands in. */
  readonly headerSum: number;
  readonly inner: Uint8Array;
}

/** The frame that carries an inner frame from VTEP to VTEP, over IPv4 or IPv6. */
export function tunnelled({ from, to, vni = 10, inner, label = 0, mac }: Tunnelled): Uint8Array {
  const isV6 = to.includes(":");
  const udp = new Uint8Array(16 + inner.length);
  const view = new DataView(udp.buffer);
  view.setUint16(0, 50_000);
  view.setUint16(2, VXLAN_PORT);
  view.setUint16(4, udp.length);
  udp[8] = 0x08;
  view.setUint32(12, vni << 8);
  udp.set(inner, 16);
  const header = isV6 ? ipv6Header(from, to, { label, udp }) : ipv4Header(from, to, { label, udp });
  const ethertype = isV6 ? [0x86, 0xdd] : [0x08, 0x00];
  return Uint8Array.of(...macBytes(mac), 2, 0, 0, 0, 0, 0xee, ...ethertype, ...header, ...udp);
}

/** What a frame carries, if it is a VXLAN packet. */
export function received(frame: Uint8Array): Received | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const isV6 = view.getUint16(12) === 0x86dd;
  if (!isV6 && view.getUint16(12) !== 0x0800) return undefined;
  const transport = 14 + (isV6 ? 40 : 20);
  if (frame[isV6 ? 20 : 23] !== 17 || view.getUint16(transport + 2) !== VXLAN_PORT)
    return undefined;
  const address = (at: number): string => (isV6 ? hex(frame, at) : dotted(frame, at));
  return {
    from: address(isV6 ? 22 : 26),
    to: address(isV6 ? 38 : 30),
    vni: view.getUint32(transport + 12) >>> 8,
    label: view.getUint32(isV6 ? 14 : 18),
    headerSum: isV6 ? 0xffff : onesSum(frame.subarray(14, 34)),
    inner: frame.slice(transport + 16),
  };
}

function ipv4Header(
  from: string,
  to: string,
  { label, udp }: { label: number; udp: Uint8Array },
): Uint8Array {
  const header = new Uint8Array(20);
  const view = new DataView(header.buffer);
  header[0] = 0x45;
  view.setUint16(2, 20 + udp.length);
  view.setUint32(4, label);
  header.set([64, 17], 8);
  header.set([...from.split(".").map(Number), ...to.split(".").map(Number)], 12);
  view.setUint16(10, ~onesSum(header) & 0xffff);
  return header;
}

function ipv6Header(
  from: string,
  to: string,
  { label, udp }: { label: number; udp: Uint8Array },
): Uint8Array {
  const header = new Uint8Array(40);
  const view = new DataView(header.buffer);
  view.setUint32(0, 0x6000_0000 | label);
  view.setUint16(4, udp.length);
  header.set([17, 64], 6);
  header.set([...groups(from), ...groups(to)], 8);
  const pseudo = Uint8Array.of(...header.subarray(8), 0, 0, ...header.subarray(4, 6), 0, 0, 0, 17);
  const padded = udp.length % 2 === 0 ? udp : Uint8Array.of(...udp, 0);
  const sum = ~onesSum(Uint8Array.of(...pseudo, ...padded)) & 0xffff;
  new DataView(udp.buffer).setUint16(6, sum);
  return header;
}

/** Written out in full: eight groups. */
function groups(address: string): number[] {
  return address.split(":").flatMap((group) => {
    const number = Number.parseInt(group, 16);
    return [number >> 8, number & 0xff];
  });
}

function hex(frame: Uint8Array, at: number): string {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  return Array.from({ length: 8 }, (_, i) => view.getUint16(at + 2 * i).toString(16)).join(":");
}

function dotted(frame: Uint8Array, at: number): string {
  return frame.subarray(at, at + 4).join(".");
}

function onesSum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += view.getUint16(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}
