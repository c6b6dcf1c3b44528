/**
 * Runs in a leaf: hears which routes of hosts its BGP neighbour tells and withdraws, off the wire,
 * whoever the two are.
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
import { type Crowd, hostOf, isOf } from "../lab/hosts.ts";
import { BGP_PORT, BgpStream, BgpType, routesIn } from "./bgp.ts";
import { watchFirst } from "./first-in-line.ts";

export type EavesdropperQuestion =
  /** From now on, what is told and withdrawn of these hosts? */
  | { readonly kind: "listen"; readonly crowd: Crowd }
  /** Since then, by the leaf with this RD. */
  | { readonly kind: "heard"; readonly rd: string }
  /** Whether it comes before all others from now on: see `first-in-line.ts`. */
  | { readonly kind: "first-in-line"; readonly isFirst: boolean };

export interface EavesdropperAnswer {
  /** Routes that the leaf has told, ever, and has not withdrawn. */
  readonly standing: number;
  readonly told: number;
  readonly withdrawn: number;
  /** When the last was withdrawn, milliseconds since the epoch; 0: none was. */
  readonly lastWithdrawnAt: number;
}

/** What was heard of a leaf. */
interface Leaf {
  /** Hosts of the routes that stand, by the routes' keys. */
  readonly standing: Map<string, number>;
  told: number;
  withdrawn: number;
  lastWithdrawnAt: number;
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

/** By the IPv4 address of their RDs. */
const leaves = new Map<string, Leaf>();
let crowd: Crowd = { first: 0, count: 0 };
/** By the port at the far end or ours, whichever is not BGP's: there is one session. */
const streams = new Map<number, { readonly stream: BgpStream; next: number }>();

function segment(frame: Uint8Array): void {
  const packet = Buffer.from(frame.subarray(ETHERNET));
  const header = ((packet[0] ?? 0) & 0x0f) * 4;
  if (packet[9] !== TCP) return;
  const from = packet.readUInt16BE(header);
  const to = packet.readUInt16BE(header + 2);
  if (from !== BGP_PORT && to !== BGP_PORT) return;
  let sequence = packet.readUInt32BE(header + 4);
  const data = header + ((packet[header + 12] ?? 0) >> 4) * 4;
  let payload = packet.subarray(data, packet.readUInt16BE(2));
  const key = from === BGP_PORT ? to : from;
  let session = streams.get(key);
  // What is sent once more was heard.
  const behind = session === undefined ? 0 : (session.next - sequence) | 0;
  if (behind > 0) {
    payload = payload.subarray(behind);
    sequence = (sequence + behind) >>> 0;
  }
  if (payload.length === 0) return;
  // What begins in the midst of a message can not be read: a message begins with its marker.
  if (session === undefined || session.next !== sequence) {
    if (payload.readUInt32BE(0) !== 0xffff_ffff) return;
    session = { stream: new BgpStream(take), next: sequence };
    streams.set(key, session);
  }
  session.next = (sequence + payload.length) >>> 0;
  session.stream.push(payload);
}

function leafOf(rd: string): Leaf {
  const known = leaves.get(rd);
  if (known !== undefined) return known;
  const leaf = { standing: new Map(), told: 0, withdrawn: 0, lastWithdrawnAt: 0 };
  leaves.set(rd, leaf);
  return leaf;
}

function take(type: number, message: Buffer): void {
  if (type !== BgpType.update) return;
  const at = now();
  for (const { isWithdrawn, mac, rd, key } of routesIn(message)) {
    const leaf = leafOf(rd);
    const host = hostOf(mac);
    if (isWithdrawn) leaf.standing.delete(key);
    else leaf.standing.set(key, host);
    if (!isOf(crowd, host)) continue;
    if (!isWithdrawn) leaf.told++;
    else {
      leaf.withdrawn++;
      leaf.lastWithdrawnAt = at;
    }
  }
}

function listen(to: Crowd): void {
  crowd = to;
  for (const leaf of leaves.values()) {
    leaf.told = 0;
    leaf.withdrawn = 0;
    leaf.lastWithdrawnAt = 0;
  }
}

function heard(rd: string): EavesdropperAnswer {
  const { standing, told, withdrawn, lastWithdrawnAt } = leafOf(rd);
  const ofCrowd = [...standing.values()].filter((host) => isOf(crowd, host));
  return { standing: ofCrowd.length, told, withdrawn, lastWithdrawnAt };
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
  if (question.kind === "listen") listen(question.crowd);
  else if (question.kind === "first-in-line") watchFirst(question.isFirst);
  return heard(question.kind === "heard" ? question.rd : "");
});
socket.close();
