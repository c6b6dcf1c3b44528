/**
 * Inputs that nobody thought of: real frames and netlink messages, mutated, by the million. What says
 * something new about the decoders (a refusal, a kind of message, a shape of answer not had before)
 * is mutated further. Everything follows from the seed, so that a crash can be had again.
 */
import { refuseHostIp } from "../../src/evpn/ip.ts";
import { macFromBytes, refuseHostMac } from "../../src/evpn/mac.ts";
import { carriesUdp, leasesIn } from "../../src/wire/dhcp.ts";
import { LITTLE_ENDIAN, readMessages } from "../../src/wire/netlink.ts";
import { decodeAck } from "../../src/wire/netlink-ack.ts";
import { decodeLink } from "../../src/wire/netlink-link.ts";
import { decodeNeighbour } from "../../src/wire/netlink-neighbour.ts";
import { sight } from "../../src/wire/sighting.ts";
import { toHex } from "./frames.ts";
import { FRAME_SEEDS, NETLINK_SEEDS } from "./fuzz-seeds.ts";

/** As many inputs follow from one seed. */
export const INPUTS_PER_SEED = 20_000;
const CORPUS_MAX = 512;
const MUTATIONS_MAX = 5;
const INPUT_MAX = 4096;
/** Values at which lengths, counts and offsets go wrong. */
const EDGES = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 127, 128, 254, 255];

/** What an input showed; the answers that look alike share one word. */
type Target = (input: Uint8Array) => string;

export class FuzzFailure extends Error {}

/** Answers how the decoders answered, each way once; throws `FuzzFailure` with the input in hex. */
export function fuzz(seed: number): ReadonlySet<string> {
  const shapes = new Set<string>();
  const random = randomOf(seed);
  const targets: readonly { seeds: readonly Uint8Array[]; target: Target }[] = [
    { seeds: FRAME_SEEDS, target: frame },
    { seeds: NETLINK_SEEDS, target: netlink },
  ];
  for (const { seeds, target } of targets) {
    const corpus = [...seeds];
    for (let count = 0; count < INPUTS_PER_SEED / targets.length; count++) {
      const input = mutated(corpus, random);
      const shape = answerOf(target, { input, seed });
      if (shapes.has(shape)) continue;
      shapes.add(shape);
      if (corpus.length < CORPUS_MAX) corpus.push(input);
    }
  }
  return shapes;
}

function answerOf(target: Target, { input, seed }: { input: Uint8Array; seed: number }): string {
  try {
    return target(input);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FuzzFailure(`Seed ${seed} fails: ${why}; the input was ${toHex(input)}`, {
      cause: error,
    });
  }
}

/** A frame as it may come from a bridge port. */
function frame(input: Uint8Array): string {
  const seen = sight(input);
  if (seen.ok) {
    const { mac, ip } = seen.value;
    demand(mac === macFromBytes(input, 6), "the host is not the frame's source");
    demand(refuseHostMac(mac) === undefined, `${mac} is no host's`);
    demand(ip === undefined || refuseHostIp(ip) === undefined, `${ip} is no host's`);
  }
  const leases = leasesIn(input);
  if (leases.ok) {
    demand(carriesUdp(input) || input.length < 24 || isTagged(input), "a lease not in UDP");
    for (const { mac, ip } of leases.value) {
      demand(refuseHostMac(mac) === undefined, `${mac} is no host's`);
      demand(refuseHostIp(ip) === undefined, `${ip} is no host's`);
    }
  }
  const shown = seen.ok ? `${seen.value.signal} ${seen.value.ip === undefined}` : seen.error;
  return `${shown}, ${leases.ok ? `leases ${Math.min(leases.value.length, 4)}` : leases.error}`;
}

function isTagged(input: Uint8Array): boolean {
  return [0x8100, 0x88a8].includes(((input[12] ?? 0) << 8) | (input[13] ?? 0));
}

/** A datagram as it may come from the kernel. Each message is read as all three kinds. */
function netlink(input: Uint8Array): string {
  const { messages, malformed } = readMessages(input);
  const words = [`${malformed} ${Math.min(messages.length, 4)}`];
  for (const message of messages.slice(0, 4)) {
    demand(message.payload.length <= input.length, "a message longer than its datagram");
    const link = decodeLink(message);
    const neighbour = decodeNeighbour(message);
    const ack = decodeAck(message);
    words.push(
      link.ok ? shapeOf(link.value) : link.error,
      neighbour.ok ? shapeOf(neighbour.value) : neighbour.error,
      ack.ok ? `ack ${ack.value.message === undefined}` : ack.error,
    );
  }
  return words.join(", ");
}

/** Which of its fields an answer has. */
function shapeOf(value: object): string {
  return Object.values(value)
    .map((each) => (each === undefined ? "-" : typeof each === "object" ? "o" : "x"))
    .join("");
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

type Random = (below: number) => number;

function mutated(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  const pick = (): Uint8Array => corpus[random(corpus.length)] ?? new Uint8Array(0);
  let bytes = Uint8Array.from(pick());
  for (let left = 1 + random(MUTATIONS_MAX); left > 0; left--) bytes = mutate(bytes, pick, random);
  bytes = bytes.subarray(0, INPUT_MAX);
  // Most of a message is only read when its sums are right.
  if (random(4) !== 0) mend(bytes);
  return bytes;
}

function mutate(
  bytes: Uint8Array<ArrayBuffer>,
  pick: () => Uint8Array,
  random: Random,
): Uint8Array<ArrayBuffer> {
  const at = random(bytes.length + 1);
  switch (random(9)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return Uint8Array.of(...bytes, ...pick().subarray(0, 1 + random(64)));
    case 2: {
      const until = Math.min(bytes.length, at + 1 + random(16));
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(until));
    }
    case 3: {
      const other = pick();
      const from = random(other.length + 1);
      const part = other.subarray(from, from + random(32));
      return Uint8Array.of(...bytes.subarray(0, at), ...part, ...bytes.subarray(at));
    }
    case 4: {
      // From another input, at the same place: what fits there, of another kind.
      bytes.set(pick().subarray(at, Math.min(bytes.length, at + 1 + random(16))), at);
      return bytes;
    }
    case 5:
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
      return bytes;
    case 6:
      if (at < bytes.length) bytes[at] = EDGES[random(EDGES.length)] ?? 0;
      return bytes;
    case 7:
      if (at + 1 < bytes.length) bytes.set([random(2) * 255, random(256)], at);
      return bytes;
    default:
      if (at < bytes.length) bytes[at] = random(256);
      return bytes;
  }
}

/** Puts right the checksum of IPv4's header, ICMPv6's, and the length of a lone netlink message. */
function mend(bytes: Uint8Array): void {
  const etherType = ((bytes[12] ?? 0) << 8) | (bytes[13] ?? 0);
  const header = 4 * ((bytes[14] ?? 0) & 0x0f);
  if (etherType === 0x0800 && bytes.length >= 14 + header && header >= 20) {
    put(bytes, 24, 0);
    put(bytes, 24, ~sum(bytes, { from: 14, to: 14 + header, start: 0 }) & 0xffff);
  } else if (etherType === 0x86dd && bytes.length >= 58) {
    const end = Math.min(bytes.length, 54 + word(bytes, 18));
    const start = bytes[20] === 0 ? 54 + 8 * ((bytes[55] ?? 0) + 1) : 54;
    if (start + 4 > end) return;
    const pseudo = sum(bytes, { from: 22, to: 54, start: end - start + 58 });
    put(bytes, start + 2, 0);
    put(bytes, start + 2, ~sum(bytes, { from: start, to: end, start: pseudo }) & 0xffff);
  } else if (bytes.length >= 16 && bytes[3] === 0) {
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, bytes.length, LITTLE_ENDIAN);
  }
}

function sum(
  bytes: Uint8Array,
  { from, to, start }: { from: number; to: number; start: number },
): number {
  let total = start;
  for (let at = from; at < to; at += 2)
    total += ((bytes[at] ?? 0) << 8) + (at + 1 < to ? (bytes[at + 1] ?? 0) : 0);
  while (total > 0xffff) total = (total >>> 16) + (total & 0xffff);
  return total;
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function put(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value & 0xff;
}

/** Mulberry32: small, fast, and the same everywhere. */
function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
