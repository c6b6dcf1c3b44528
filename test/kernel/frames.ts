/** Frames as hosts send them, and a socket that sends them as a host behind a port would. */
import { createSocket } from "node:dgram";
import { type IpAddress, ipToBytes } from "../../src/evpn/ip.ts";
import { type MacAddress, macFromBytes } from "../../src/evpn/mac.ts";
import type { DatagramSocket } from "../../src/linux/native.ts";
import {
  type BpfInstruction,
  listenOnInterface,
  openPacketSocket,
} from "../../src/linux/socket.ts";
import { encodeArp } from "../../src/wire/arp.ts";
import { encodeEthernet } from "../../src/wire/ethernet.ts";
import { encodeNd } from "../../src/wire/nd.ts";
import { ifindexOf } from "./namespace.ts";

/** A gratuitous ARP request: `mac` says to all that it holds `ip`. */
export function gratuitousArp(mac: string, ip: string): Uint8Array {
  const address = ip.split(".").map(Number);
  return Uint8Array.from([
    ...Array.from({ length: 6 }, () => 0xff),
    ...macBytes(mac),
    ...[0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x01],
    ...macBytes(mac),
    ...address,
    ...[0, 0, 0, 0, 0, 0],
    ...address,
    ...Array.from({ length: 18 }, () => 0),
  ]);
}

/** A request by `mac` for the MAC of `target`: to all, or to one. Sender 0.0.0.0 makes it a probe. */
export function arpRequest(
  mac: MacAddress,
  { sender, target, to = TO_ALL }: { sender: string; target: IpAddress; to?: MacAddress },
): Uint8Array {
  const payload = encodeArp({
    operation: "request",
    senderMac: mac,
    senderIp: sender as IpAddress,
    targetMac: "00:00:00:00:00:00" as MacAddress,
    targetIp: target,
  });
  return encodeEthernet({ destination: to, source: mac, etherType: 0x0806, payload });
}

/** The like for IPv6: to the solicited nodes, or to one. Source `::` makes it a probe. */
export function solicitation(
  mac: MacAddress,
  { source, target, to }: { source: string; target: IpAddress; to?: MacAddress },
): Uint8Array {
  const last = macFromBytes(ipToBytes(target), 10).split(":").slice(3);
  const payload = encodeNd({
    kind: "neighbour-solicitation",
    source: source as IpAddress,
    destination:
      to === undefined ? (`ff02::1:ff${last[0]}:${last[1]}${last[2]}` as IpAddress) : target,
    target,
    linkAddress: source === "::" ? undefined : mac,
  });
  const destination = to ?? (`33:33:ff:${last.join(":")}` as MacAddress);
  return encodeEthernet({ destination, source: mac, etherType: 0x86dd, payload });
}

/** An unsolicited neighbour advertisement: `mac` says to all that it holds `ip`. */
export function unsolicited(mac: MacAddress, ip: string): Uint8Array {
  const payload = encodeNd({
    kind: "neighbour-advertisement",
    source: ip as IpAddress,
    destination: "ff02::1" as IpAddress,
    target: ip as IpAddress,
    linkAddress: mac,
    router: false,
    solicited: false,
    override: true,
  });
  const destination = "33:33:00:00:00:01" as MacAddress;
  return encodeEthernet({ destination, source: mac, etherType: 0x86dd, payload });
}

const TO_ALL = "ff:ff:ff:ff:ff:ff" as MacAddress;

/** An IPv4 frame of a protocol nobody speaks, from `mac` to all. */
export function dataFrame(mac: string): Uint8Array {
  const frame = new Uint8Array(60);
  frame.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...macBytes(mac), 0x88, 0xb5]);
  return frame;
}

/** An ICMPv6 message of a type, with nothing else right about it. */
export function ipv6Frame(mac: string, icmpType: number): Uint8Array {
  const frame = new Uint8Array(78);
  frame.set([0x33, 0x33, 0, 0, 0, 1, ...macBytes(mac), 0x86, 0xdd, 0x60]);
  frame[20] = 58;
  frame[54] = icmpType;
  return frame;
}

export function macBytes(mac: string): number[] {
  return mac.split(":").map((byte) => Number.parseInt(byte, 16));
}

/** A frame as the leaf 10.0.0.2 would send it to us, 10.0.0.1, in VNI 10. */
export async function sendThroughTunnel(frame: Uint8Array): Promise<void> {
  const header = Uint8Array.of(0x08, 0, 0, 0, 0, 0, 10, 0);
  const socket = createSocket("udp4");
  await new Promise<void>((done) => socket.bind(0, "10.0.0.2", done));
  await new Promise((done) => socket.send([header, frame], 4789, "10.0.0.1", done));
  socket.close();
}

const SOL_PACKET = 263;
const PACKET_IGNORE_OUTGOING = 23;
const EVERYTHING: readonly BpfInstruction[] = [[0x06, 0, 0, 0xffff]];
/** The kernel's note on a frame says 4 (PACKET_OUTGOING), read at SKF_AD_OFF + SKF_AD_PKTTYPE. */
const OUTGOING: readonly BpfInstruction[] = [
  [0x20, 0, 0, 0xfffff004],
  [0x15, 0, 1, 4],
  [0x06, 0, 0, 0xffff],
  [0x06, 0, 0, 0],
];

/** The far end of a port, on which a test plays the host. */
export class Host implements Disposable {
  readonly #socket: DatagramSocket = openPacketSocket();

  /** `outgoing`: hears what goes out by the device instead. */
  constructor(device: string, { outgoing = false }: { outgoing?: boolean } = {}) {
    const filter = outgoing ? OUTGOING : EVERYTHING;
    listenOnInterface(this.#socket, { ifindex: ifindexOf(device), filter });
    const ignore = Uint8Array.of(outgoing ? 0 : 1, 0, 0, 0);
    this.#socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, ignore);
  }

  send(frame: Uint8Array): number {
    return this.#socket.send(frame);
  }

  /** The next frame that has come in, if one has. */
  receive(): Uint8Array | undefined {
    const frame = new Uint8Array(2048);
    const length = this.#socket.recv(frame);
    return length < 0 ? undefined : frame.subarray(0, length);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
