/**
 * Runs in a leaf and watches its kernel: when do the hosts of a crowd stand where they should? It
 * hears every change that the kernel tells, whoever has made it, and knows nothing of roamd or FRR.
 *
 *   node witness.js BRIDGE VXLAN [sparse]     sparse: entries of the VXLAN device are not listened to
 */
import { readFileSync } from "node:fs";
import { now } from "../../labs/runner/clock.ts";
import { answerAll } from "../../labs/runner/json-lines.ts";
import { poll } from "../../labs/runner/poll.ts";
import { Errno } from "../../src/linux/linux-error.ts";
import { Lots } from "../../src/linux/lots.ts";
import { META_PER_DATAGRAM } from "../../src/linux/native.ts";
import { NetlinkConversation, NetlinkDump } from "../../src/linux/netlink-conversation.ts";
import { attachFilter, openRouteSocket, RouteGroup } from "../../src/linux/socket.ts";
import { MessageWriter } from "../../src/wire/netlink.ts";
import { writeNeighbour, writeNeighbourDump } from "../../src/wire/netlink-neighbour.ts";
import { type Crowd, ipOf, isOf, macOf } from "../lab/hosts.ts";
import { type Entry, FdbTable } from "./fdb-table.ts";
import { watchFirst } from "./first-in-line.ts";
import type { Whereto, WitnessAnswer, WitnessQuestion } from "./witness-protocol.ts";

const SLOTS = 64;
const SLOT_SIZE = 8 << 10;
const RECEIVE_BUFFER = 128 << 20;
const CLEARED_AT_ONCE = 2000;
/**
 * To be woken for each of thousands of messages takes a processor from those who are measured. Of one host
 * that moves there are fewer, and each is heard at once.
 */
const LOT = { often: 8, lotMs: 1 };
const NTF_SELF = 2;
const NTF_MASTER = 4;

const [bridgeName = "", vxlanName = "", mode = ""] = process.argv.slice(2);
const bridge = indexOf(bridgeName);
const vxlan = indexOf(vxlanName);

interface Expected {
  readonly crowd: Crowd;
  readonly port: number;
  /** 0: behind a port. */
  readonly vtep: number;
  readonly withIps: boolean;
  readonly right: Set<number>;
  firstAt: number;
  lastAt: number;
  done: (() => void) | undefined;
}

const table = new FdbTable({ vxlan, bridge, changed: judge });
let expected: Expected = expectation({ first: 0, count: 0 }, { kind: "port", port: bridgeName });
let overruns = 0;
let touchedBefore = 0;

function judge(host: number): void {
  if (!isOf(expected.crowd, host)) return;
  if (!isRight(table, host)) {
    expected.right.delete(host);
    return;
  }
  if (expected.right.has(host)) return;
  expected.right.add(host);
  const at = now();
  if (expected.firstAt === 0) expected.firstAt = at;
  expected.lastAt = at;
  if (expected.right.size === expected.crowd.count) expected.done?.();
}

/** In sparse mode nobody tells of the VXLAN device's entries; `inspect` looks at them. */
function isRight(of: FdbTable, host: number, isWhole = mode !== "sparse"): boolean {
  const { port, vtep, withIps } = expected;
  const entry = of.entries.get(host);
  if (entry?.port !== port) return false;
  if (isWhole && vtep !== 0 && entry.vtep !== vtep) return false;
  return !withIps || of.neighbours.has(host);
}

function expectation(crowd: Crowd, place: Whereto, withIps = false): Expected {
  const isPort = place.kind === "port";
  return {
    crowd,
    port: isPort ? indexOf(place.port) : vxlan,
    vtep: isPort ? 0 : Buffer.from(place.vtep.split(".").map(Number)).readUInt32BE(),
    withIps,
    right: new Set(),
    firstAt: 0,
    lastAt: 0,
    done: undefined,
  };
}

async function answer(question: WitnessQuestion): Promise<WitnessAnswer> {
  switch (question.kind) {
    case "first-in-line":
      watchFirst(question.isFirst);
      return told();
    case "expect": {
      const { crowd, place, withIps } = question;
      expected = expectation(crowd, place, withIps);
      for (let i = 0; i < crowd.count; i++) judge(crowd.first + i);
      return told();
    }
    case "arrived":
      if (expected.right.size < expected.crowd.count) await arrived(question.timeoutMs);
      return told();
    case "inspect":
      return inspect();
    case "gone":
      await poll("the hosts to be gone", () => inspect().right === 0, question);
      return told();
    case "clear":
      await clear();
      // What we are told of it comes later.
      await poll("the last entry to go", () => isEmpty());
      return inspect();
    case "touched": {
      const touched = table.messages - touchedBefore;
      touchedBefore = table.messages;
      return { ...told(), touched };
    }
  }
}

function arrived(timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    expected.done = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

function told(): WitnessAnswer {
  const { firstAt, lastAt, right } = expected;
  const neighbours = table.neighbours.size;
  return { firstAt, lastAt, right: right.size, leftover: 0, neighbours, touched: 0, overruns };
}

function inspect(): WitnessAnswer {
  const fresh = new FdbTable({ vxlan, bridge, changed: () => {} });
  read(fresh);
  let right = 0;
  let leftover = 0;
  for (const [host, { vtep }] of fresh.entries) {
    if (!isOf(expected.crowd, host) || !isRight(fresh, host, true)) continue;
    right++;
    if (vtep !== expected.vtep) leftover++;
  }
  return { ...told(), right, leftover, neighbours: fresh.neighbours.size };
}

function read(into: FdbTable): void {
  for (const family of ["bridge", "ipv4"] as const) {
    const request = new MessageWriter();
    writeNeighbourDump(request, family);
    const dump = new NetlinkDump(request.finish());
    for (;;) {
      const part = dump.next();
      if (part === undefined) break;
      into.take(part);
    }
    dump.close();
  }
}

/** A part at a time, so that we hear of it as we do it: all at once is more than there is room for. */
async function clear(): Promise<void> {
  const kernel = new NetlinkConversation();
  let writer = new MessageWriter();
  let waiting = 0;
  const write = async (): Promise<void> => {
    if (waiting > 0) kernel.write(writer.finish());
    writer = new MessageWriter();
    waiting = 0;
    await new Promise(setImmediate);
  };
  const fresh = new FdbTable({ vxlan, bridge, changed: () => {} });
  read(fresh);
  const request = { action: "delete", state: 0, protocol: 0, dst: undefined } as const;
  for (const [host, { port, vtep }] of fresh.entries) {
    const mac = macOf(host);
    const entry = { ...request, family: "bridge", mac } as const;
    if (vtep !== 0) writeNeighbour(writer, { ...entry, ifindex: vxlan, flags: NTF_SELF });
    if (port !== 0) writeNeighbour(writer, { ...entry, ifindex: port, flags: NTF_MASTER });
    if (++waiting === CLEARED_AT_ONCE) await write();
  }
  for (const host of fresh.neighbours) {
    const entry = { ...request, family: "ipv4", flags: 0, mac: undefined } as const;
    writeNeighbour(writer, { ...entry, ifindex: bridge, dst: ipOf(host) });
    if (++waiting === CLEARED_AT_ONCE) await write();
  }
  await write();
  kernel.close();
}

function isEmpty(): boolean {
  const isThere = ({ port }: Entry): boolean => port === vxlan;
  return table.neighbours.size === 0 && ![...table.entries.values()].some(isThere);
}

function indexOf(device: string): number {
  return Number(readFileSync(`/sys/class/net/${device}/ifindex`, "utf8"));
}

const socket = openRouteSocket([RouteGroup.neighbour], { receiveBuffer: RECEIVE_BUFFER });
if (mode === "sparse") {
  // Family `bridge` (7) with NTF_SELF (2) in its flags is dropped: `struct ndmsg` stands at 16.
  attachFilter(socket, [
    [0x30, 0, 0, 16],
    [0x15, 0, 3, 7],
    [0x30, 0, 0, 26],
    [0x45, 0, 1, 2],
    [0x06, 0, 0, 0],
    [0x06, 0, 0, 0xffff_ffff],
  ]);
}
const slab = new Uint8Array(SLOTS * SLOT_SIZE);
const meta = new Int32Array(SLOTS * META_PER_DATAGRAM);
const lots = new Lots(socket, LOT);
socket.start(
  slab,
  SLOT_SIZE,
  meta,
  (count, errno) => {
    lots.wasRead(performance.now());
    if (errno === Errno.ENOBUFS) overruns++;
    for (let i = 0; i < count; i++) {
      const length = meta[i * META_PER_DATAGRAM] ?? 0;
      table.take(slab.subarray(i * SLOT_SIZE, i * SLOT_SIZE + length));
    }
  },
  8,
);
read(table);
await answerAll(answer);
socket.close();
