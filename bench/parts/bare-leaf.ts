/**
 * The floor: what the same road takes when nothing is decided on it. Runs in a leaf in the place of
 * roamd: a bare packet socket, AddPath and the watch of gobgpd, entries written by the addon, all in
 * one thread and one function call after the other. It believes everything and remembers next to
 * nothing; nobody should run it for anything else.
 *
 *   node bare-leaf.js VTEP BRIDGE VXLAN PORT...
 */
import { readFileSync } from "node:fs";
import { now } from "../../labs/runner/clock.ts";
import { poll } from "../../labs/runner/poll.ts";
import { ipv4FromBytes, parseIp } from "../../src/evpn/ip.ts";
import { macFromBytes, parseMac } from "../../src/evpn/mac.ts";
import { answerOf } from "../../src/gobgp/api.ts";
import type { ApiClient } from "../../src/gobgp/api-calls.ts";
import { codecV3 } from "../../src/gobgp/codec-v3.ts";
import { codecV4 } from "../../src/gobgp/codec-v4.ts";
import { openApi } from "../../src/gobgp/detect.ts";
import { openEndpoint } from "../../src/gobgp/endpoint.ts";
import { GobgpApiClient, TableType as TableV3 } from "../../src/gobgp/generated/v3/gobgp.ts";
import { GoBgpServiceClient, TableType as TableV4 } from "../../src/gobgp/generated/v4/gobgp.ts";
import type { Attribute, Nlri, PathCodec, SpeakerPath } from "../../src/gobgp/speaker-path.ts";
import { type DatagramSocket, META_PER_DATAGRAM } from "../../src/linux/native.ts";
import { NetlinkConversation } from "../../src/linux/netlink-conversation.ts";
import { HOST_SIGNS } from "../../src/linux/packet-filter.ts";
import {
  enlargeReceiveBuffer,
  listenOnInterface,
  openPacketSocket,
} from "../../src/linux/socket.ts";
import { MessageWriter } from "../../src/wire/netlink.ts";
import { type NeighbourRequest, writeNeighbour } from "../../src/wire/netlink-neighbour.ts";
import { ASN, VNI } from "../lab/hosts.ts";

const SLOTS = 64;
const SLOT_SIZE = 2048;
const RECEIVE_BUFFER = 4 << 20;
/** As many as gobgpd likes best. */
const PATHS_PER_MESSAGE = 500;
/** REACHABLE|NOARP, `extern_learn`: what roamd writes. */
const STATE = 0x42;
const MASTER_LEARNED = 0x14;
const SELF_LEARNED = 0x12;
const LEARNED = 0x10;

const [vtep = "", bridge = "", vxlan = "", ...ports] = process.argv.slice(2);
const never = new AbortController().signal;

interface Host {
  seq: number;
  isHere: boolean;
  ip: string;
  /** Where its entries point to. */
  vtep: string;
}

const hosts = new Map<string, Host>();
const kernel = new NetlinkConversation();
const bridgeIndex = indexOf(bridge);
const vxlanIndex = indexOf(vxlan);
const endpoint = openEndpoint("127.0.0.1:50051", undefined);
const api = await poll("gobgpd", () =>
  openApi(endpoint, { now, signal: never }).catch(() => undefined),
);
const client = [endpoint.target, endpoint.credentials, endpoint.channel] as const;
const addPaths =
  api.generation === "v4"
    ? addPathStream(new GoBgpServiceClient(...client), codecV4, TableV4.TABLE_TYPE_GLOBAL)
    : addPathStream(new GobgpApiClient(...client), codecV3, TableV3.GLOBAL);

let waiting: SpeakerPath[] = [];
let isWriting = false;

/** As any client calls it: when there is something to say. roamd has the call open by then. */
function addPathStream<Message, Table>(
  speaker: Pick<ApiClient<Message, Table>, "addPathStream">,
  codec: PathCodec<Message>,
  tableType: Table,
): (paths: readonly SpeakerPath[]) => Promise<unknown> {
  return (paths) =>
    answerOf(
      (metadata, options, done) => {
        const call = speaker.addPathStream(metadata, options, done);
        call.end({ tableType, paths: paths.map((path) => codec.encode(path, now())) });
        return call;
      },
      { now, signal: never },
    );
}

function say(paths: readonly SpeakerPath[]): void {
  waiting.push(...paths);
  if (!isWriting) void write();
}

async function write(): Promise<void> {
  isWriting = true;
  while (waiting.length > 0) {
    const paths = waiting.slice(0, PATHS_PER_MESSAGE);
    waiting = waiting.slice(PATHS_PER_MESSAGE);
    await addPaths(paths);
  }
  isWriting = false;
}

function nlri(mac: string, ip: string): Nlri {
  return {
    kind: "mac-ip",
    rd: { kind: "ipv4", admin: vtep, number: VNI },
    esi: { type: 0, value: new Uint8Array(9) },
    ethernetTag: 0,
    mac,
    ip,
    labels: [VNI],
  };
}

function path(of: Nlri, seq: number | undefined): SpeakerPath {
  const attributes: readonly Attribute[] =
    seq === undefined
      ? []
      : [
          { kind: "origin", origin: 0 },
          { kind: "next-hop", nexthop: vtep },
          {
            kind: "communities",
            communities: [
              {
                kind: "specific",
                transitive: true,
                subType: 2,
                value: { kind: "as2", admin: ASN, number: VNI },
              },
              { kind: "encapsulation", tunnelType: 8 },
              { kind: "mobility", sticky: false, seq },
            ],
          },
        ];
  return {
    evpn: true,
    nlri: of,
    attributes,
    withdraw: seq === undefined,
    best: false,
    neighbor: "",
  };
}

/** A host has said that it is here: its MAC at 22, its IP at 28 of an ARP frame. */
function seen(frame: Uint8Array): SpeakerPath[] {
  if (frame[12] !== 0x08 || frame[13] !== 0x06) return [];
  const mac = macFromBytes(frame, 22);
  const ip = ipv4FromBytes(frame, 28);
  const host = hosts.get(mac);
  if (host?.isHere === true) return [];
  const seq = host === undefined ? 0 : host.seq + 1;
  hosts.set(mac, { seq, isHere: true, ip, vtep: "" });
  return ["", ip].map((each) => path(nlri(mac, each), seq));
}

/** What follows from the paths of one message. */
let writer = new MessageWriter();
let withdrawn: SpeakerPath[] = [];

function heard(each: SpeakerPath): void {
  if (each.nlri?.kind !== "mac-ip" || each.withdraw || each.neighbor === "") return;
  withdrawn.push(...claimed(writer, each.nlri, each.attributes));
}

function followed(): void {
  const requests = writer.finish();
  if (requests.length > 0) {
    const [failed] = kernel.write(requests);
    if (failed !== undefined) throw new Error(`Cannot write an entry: error ${failed.errno}`);
  }
  if (withdrawn.length > 0) say(withdrawn);
  writer = new MessageWriter();
  withdrawn = [];
}

/** Another leaf has the host: writes its entries, answers what of ours is to be withdrawn. */
function claimed(
  writer: MessageWriter,
  { mac, ip }: Extract<Nlri, { kind: "mac-ip" }>,
  attributes: readonly Attribute[],
): SpeakerPath[] {
  const { seq, nexthop } = read(attributes);
  const before = hosts.get(mac);
  if (before?.isHere === true && before.seq >= seq) return [];
  if (before === undefined || before.isHere || before.vtep !== nexthop) {
    put(writer, { family: "bridge", ifindex: vxlanIndex, flags: SELF_LEARNED, mac, dst: nexthop });
    put(writer, { family: "bridge", ifindex: vxlanIndex, flags: MASTER_LEARNED, mac, dst: "" });
  }
  if (ip !== "" && (before === undefined || before.isHere || before.ip !== ip)) {
    put(writer, { family: "ipv4", ifindex: bridgeIndex, flags: LEARNED, mac, dst: ip });
  }
  // Its MAC and its IP may come one after the other: what is written for either is written once.
  const isSame = before !== undefined && !before.isHere && before.vtep === nexthop;
  const known = ip === "" && isSame ? before.ip : ip;
  hosts.set(mac, { seq, isHere: false, ip: known, vtep: nexthop });
  if (before === undefined || !before.isHere) return [];
  return ["", before.ip].map((each) => path(nlri(mac, each), undefined));
}

function read(attributes: readonly Attribute[]): { seq: number; nexthop: string } {
  let seq = 0;
  let nexthop = "";
  for (const attribute of attributes) {
    if (attribute.kind === "mp-reach") nexthop = attribute.nexthops[0] ?? "";
    if (attribute.kind !== "communities") continue;
    for (const each of attribute.communities) if (each.kind === "mobility") seq = each.seq;
  }
  return { seq, nexthop };
}

function put(
  writer: MessageWriter,
  {
    mac,
    dst,
    ...where
  }: Pick<NeighbourRequest, "family" | "ifindex" | "flags"> & { mac: string; dst: string },
): void {
  const address = parseMac(mac);
  const ip = parseIp(dst);
  if (!address.ok) throw new Error(address.error);
  const whom = { mac: address.value, dst: ip.ok ? ip.value : undefined };
  writeNeighbour(writer, { ...where, ...whom, action: "put", state: STATE, protocol: 0 });
}

function listen(port: string): DatagramSocket {
  const slab = new Uint8Array(SLOTS * SLOT_SIZE);
  const meta = new Int32Array(SLOTS * META_PER_DATAGRAM);
  const socket = openPacketSocket();
  enlargeReceiveBuffer(socket, RECEIVE_BUFFER);
  listenOnInterface(socket, { ifindex: indexOf(port), filter: HOST_SIGNS });
  const received = (count: number): void => {
    const paths: SpeakerPath[] = [];
    for (let i = 0; i < count; i++) {
      paths.push(...seen(slab.subarray(i * SLOT_SIZE, (i + 1) * SLOT_SIZE)));
    }
    if (paths.length > 0) say(paths);
  };
  socket.start(slab, SLOT_SIZE, meta, received, 2);
  return socket;
}

function indexOf(device: string): number {
  return Number(readFileSync(`/sys/class/net/${device}/ifindex`, "utf8"));
}

// A socket that nobody holds is closed.
const ears = ports.map(listen);
let isReady = false;
const over = api.watch(
  {
    batchSize: PATHS_PER_MESSAGE,
    onPath: heard,
    onPaths: followed,
    onPeerChange: () => {
      // gobgpd tells of its peers first.
      if (!isReady) process.stdout.write("ready\n");
      isReady = true;
    },
  },
  never,
);
await over.finally(() => {
  for (const ear of ears) ear.close();
});
