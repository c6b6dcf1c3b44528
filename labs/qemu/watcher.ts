/**
 * Runs in a leaf: tells of every frame of one station that comes in by a port, as lines of JSON. Its
 * own reader, because tcpdump can not be had where root is only root of a user namespace.
 */
import { readFileSync } from "node:fs";
import { openSocket } from "../../src/linux/native.ts";
import { now } from "../runner/clock.ts";
import type { FrameKind, SeenFrame } from "./frames.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
const ETH_P_ALL = 3;
const SLOT_BYTES = 128;
const SLOTS = 64;

const [port = "", mac = ""] = process.argv.slice(2);
const socket = openSocket(AF_PACKET, SOCK_RAW, 0);
const slab = new Uint8Array(SLOT_BYTES * SLOTS);

socket.start(slab, SLOT_BYTES, new Int32Array(8 * SLOTS), hear, 1);
const address = new Uint8Array(20);
const view = new DataView(address.buffer);
view.setUint16(0, AF_PACKET, true);
view.setUint16(2, ETH_P_ALL, false);
view.setInt32(4, Number(readFileSync(`/sys/class/net/${port}/ifindex`, "utf8")), true);
const bound = socket.bind(address);
if (bound < 0) throw new Error(`Cannot watch ${port}: error ${-bound}`);
process.stdout.write("\n");

function hear(count: number): void {
  const at = now();
  for (let index = 0; index < count; index++) {
    const frame = Buffer.from(slab.subarray(index * SLOT_BYTES, (index + 1) * SLOT_BYTES));
    if (macAt(frame, 6) !== mac) continue;
    const seen: SeenFrame = { at, ...meaningOf(frame) };
    process.stdout.write(`${JSON.stringify(seen)}\n`);
  }
}

function meaningOf(frame: Buffer): { readonly kind: FrameKind; readonly text: string } {
  const type = frame.readUInt16BE(12);
  switch (type) {
    case 0x8035:
      return { kind: "rarp", text: `RARP of ${macAt(frame, 22)}` };
    case 0x0806: {
      const sender = ipv4At(frame, 28);
      const isRequest = frame.readUInt16BE(20) === 1;
      const text = isRequest ? `who has ${ipv4At(frame, 38)}? tell ${sender}` : `${sender} is here`;
      return { kind: "arp", text };
    }
    // ICMPv6, neighbour advertisement; one that answers goes to who has asked.
    case 0x86dd:
      if (frame[20] === 58 && frame[54] === 136 && frame[0] === 0x33) {
        return { kind: "unsolicited-advertisement", text: "neighbour advertisement to all" };
      }
  }
  return { kind: "data", text: `frame of type 0x${type.toString(16)}` };
}

function macAt(frame: Buffer, offset: number): string {
  return (frame.toString("hex", offset, offset + 6).match(/../g) ?? []).join(":");
}

function ipv4At(frame: Buffer, offset: number): string {
  return [...frame.subarray(offset, offset + 4)].join(".");
}
