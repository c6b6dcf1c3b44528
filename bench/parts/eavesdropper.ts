/**
 * Runs in a leaf: hears which routes its BGP neighbour withdraws, off the wire, whoever the two are.
 *
 *   node eavesdropper.js PORT
 */
import { readFileSync } from "node:fs";
import { now } from "../../labs/runner/clock.ts";
import { answerAll } from "../../labs/runner/json-lines.ts";
import { META_PER_DATAGRAM } from "../../src/linux/native.ts";
import {
  enlargeReceiveBuffer,
  listenOnInterface,
  openPacketSocket,
} from "../../src/linux/socket.ts";
import { BGP_PORT, BgpStream, BgpType, withdrawnIn } from "./bgp.ts";
import { watchFirst } from "./first-in-line.ts";

export interface Withdrawn {
  /** Of which host; left out: how many hosts there are of which a route was withdrawn. */
  readonly mac?: number;
  /** The leaf whose routes are withdrawn. */
  readonly rd: string;
}

export type EavesdropperQuestion =
  | ({ readonly kind: "withdrawn" } & Withdrawn)
  /** Whether it comes before all others from now on: see `first-in-line.ts`. */
  | { readonly kind: "first-in-line"; readonly isFirst: boolean };

export interface EavesdropperAnswer {
  /** How many since the last question about one host, and when the last was, ms since the epoch. */
  readonly count: number;
  readonly lastAt: number;
}

const SLOTS = 64;
/** The kernel gives what it sends as one, before it is cut into segments. */
const SLOT_SIZE = (64 << 10) + 64;
const ETHERNET = 14;
const TCP = 6;
/** IPv4 alone gets through. */
const IPV4_ONLY = [
  [0x28, 0, 0, 12],
  [0x15, 0, 1, 0x0800],
  [0x06, 0, 0, 0x4_0000],
  [0x06, 0, 0, 0],
] as const;

let withdrawn: { readonly mac: number; readonly rd: string; readonly at: number }[] = [];
/** By the port at the far end or ours, whichever is not BGP's: there is one session. */
const streams = new Map<number, { readonly stream: BgpStream; next: number }>();

function segment(frame: Uint8Array): void {
  const packet = Buffer.from(frame.subarray(ETHERNET));
  const header = ((packet[0] ?? 0) & 0x0f) * 4;
  if (packet[9] !== TCP) return;
  const from = packet.readUInt16BE(header);
  const to = packet.readUInt16BE(header + 2);
  if (from !== BGP_PORT && to !== BGP_PORT) return;
  const sequence = packet.readUInt32BE(header + 4);
  const data = header + ((packet[header + 12] ?? 0) >> 4) * 4;
  const payload = packet.subarray(data, packet.readUInt16BE(2));
  if (payload.length === 0) return;
  const key = from === BGP_PORT ? to : from;
  let session = streams.get(key);
  // What begins in the midst of a message can not be read: a message begins with its marker.
  if (session === undefined || session.next !== sequence) {
    if (payload.readUInt32BE(0) !== 0xffff_ffff) return;
    session = { stream: new BgpStream(take), next: sequence };
    streams.set(key, session);
  }
  session.next = (sequence + payload.length) >>> 0;
  session.stream.push(payload);
}

function take(type: number, message: Buffer): void {
  if (type !== BgpType.update) return;
  const at = now();
  for (const each of withdrawnIn(message)) withdrawn.push({ ...each, at });
}

const socket = openPacketSocket();
enlargeReceiveBuffer(socket, 16 << 20);
const port = process.argv[2] ?? "";
const ifindex = Number(readFileSync(`/sys/class/net/${port}/ifindex`, "utf8"));
listenOnInterface(socket, { ifindex, filter: IPV4_ONLY });
const slab = new Uint8Array(SLOTS * SLOT_SIZE);
const meta = new Int32Array(SLOTS * META_PER_DATAGRAM);
socket.start(
  slab,
  SLOT_SIZE,
  meta,
  (count) => {
    for (let i = 0; i < count; i++) {
      const length = Math.min(meta[i * META_PER_DATAGRAM] ?? 0, SLOT_SIZE);
      segment(slab.subarray(i * SLOT_SIZE, i * SLOT_SIZE + length));
    }
  },
  2,
);

await answerAll<EavesdropperQuestion, EavesdropperAnswer>((question) => {
  if (question.kind === "first-in-line") {
    watchFirst(question.isFirst);
    return { count: 0, lastAt: 0 };
  }
  const { mac, rd } = question;
  const ofLeaf = withdrawn.filter((each) => each.rd === rd);
  if (mac === undefined) {
    const hosts = new Set(ofLeaf.map((each) => each.mac));
    return { count: hosts.size, lastAt: ofLeaf.at(-1)?.at ?? 0 };
  }
  withdrawn = [];
  const heard = ofLeaf.filter((each) => each.mac === mac);
  return { count: heard.length, lastAt: heard.at(-1)?.at ?? 0 };
});
socket.close();
