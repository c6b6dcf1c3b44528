/** Frames as hosts send them, and a socket that sends them as a host behind a port would. */
import type { DatagramSocket } from "../../src/linux/native.ts";
import {
  type BpfInstruction,
  listenOnInterface,
  openPacketSocket,
} from "../../src/linux/socket.ts";
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

function macBytes(mac: string): number[] {
  return mac.split(":").map((byte) => Number.parseInt(byte, 16));
}

/** The far end of a port, on which a test plays the host. */
export class Host implements Disposable {
  readonly #socket: DatagramSocket = openPacketSocket();

  constructor(device: string) {
    const everything: readonly BpfInstruction[] = [[0x06, 0, 0, 0xffff]];
    listenOnInterface(this.#socket, { ifindex: ifindexOf(device), filter: everything });
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
