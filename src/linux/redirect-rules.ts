/**
 * The rules of nf_tables by which frames that came too late follow a MAC to where it is now. They are
 * two tables of our own, called `roamd`; nothing in them acts while the set `moved` is empty.
 *
 * - `netdev`: a frame that comes out of a VXLAN device's tunnel, before the bridge sees it. If the
 *   device and the destination are in `moved`, the frame goes back out of the same device, whose
 *   forwarding entry says to which VTEP. The bridge would not do that (no frame leaves a port by which
 *   it came), and never floods what we forward.
 * - `inet`: a frame is redirected once and no more. Frames have no hop limit, so two leaves, each of
 *   which takes the other for the MAC's place, would send one to and fro for ever. So what we redirect
 *   carries a mark on the wire, in a field that means nothing there: the identification of an IPv4
 *   packet that is not to be fragmented (RFC 6864 §4.1), the low half of an IPv6 flow label. Neither
 *   is covered by the UDP checksum, which may not be computed yet. Receivers that know nothing of it
 *   need not. In the kernel the mark is a bit of the packet's mark, which lives through encapsulation
 *   and decapsulation within one network namespace.
 *
 * Needs Linux 5.15 with nf_tables, its family netdev, and the expression `fwd` (as distributions have).
 */
import { type MacAddress, macFromBytes, writeMac } from "../evpn/mac.ts";
import { LITTLE_ENDIAN, viewOf } from "../wire/netlink.ts";
import { NftFamily, type TableName, Transaction } from "../wire/nftables.ts";
import {
  accept,
  constant,
  expect,
  type Field,
  forward,
  jump,
  load,
  loadMeta,
  lookup,
  Meta,
  machineNumber,
  mask,
  type NftExpression,
  register,
  setMark,
  store,
} from "../wire/nftables-expression.ts";
import type { Place } from "./segments.ts";

const NAME = "roamd";
/** Frames out of the tunnels. */
export const FRAMES: TableName = { family: NftFamily.netdev, table: NAME };
/** Packets of the underlay. */
export const PACKETS: TableName = { family: NftFamily.inet, table: NAME };
export const MOVED = "moved";
const PORTS = "ports";
/** Asked for each frame of each VXLAN device. */
const COMMON = "frames";

/** Before whatever else is asked at a device's ingress. */
const INGRESS = { number: 0, priority: -500 };
const PREROUTING = { number: 0, priority: -300 };
const OUTPUT = { number: 3, priority: -150 };

/** As `nft` shows the key: an interface and a MAC; a port. */
const MOVED_KEY = { keyType: (20 << 6) | 9, keyLength: 12 };
const PORT_KEY = { keyType: 13, keyLength: 2 };

/** The bit of a packet's mark that says: redirected already. Others' bits are left as they are. */
const MARK = 0x2000;
const AF_INET = 2;
const AF_INET6 = 10;
const UDP = 17;

/** IPv4: identification and flags. */
const IDENTIFICATION: Field = { base: "network", offset: 4, length: 4 };
const IPV4_CHECKSUM_AT = 10;
/** 0x7200 and "do not fragment"; a large segment that is cut late counts on from there. */
const IPV4_MARK = Uint8Array.of(0x72, 0x00, 0x40, 0x00);
const IPV4_MARK_MASK = Uint8Array.of(0xff, 0x80, 0xff, 0xff);
/** IPv6: the low half of the flow label. */
const FLOW_LABEL: Field = { base: "network", offset: 2, length: 2 };
const IPV6_MARK = Uint8Array.of(0x72, 0x6d);
const DESTINATION_MAC: Field = { base: "link", offset: 0, length: 6 };
const DESTINATION_PORT: Field = { base: "transport", offset: 2, length: 2 };

const R0 = register(0);
const R1 = register(1);

/** Puts all that does not depend on devices; what stands already is put right. */
export function common(): Transaction {
  const transaction = new Transaction();
  transaction.putTable(FRAMES).putSet(FRAMES, { name: MOVED, ...MOVED_KEY, isTimed: true, id: 1 });
  transaction.putChain(FRAMES, COMMON).flushChain(FRAMES, COMMON);
  transaction.addRule(FRAMES, COMMON, [...isMarked(), ...mark("clear"), accept()]);
  transaction.addRule(FRAMES, COMMON, [
    loadMeta(Meta.iif, R0),
    load(DESTINATION_MAC, R1),
    lookup(MOVED, R0),
    ...mark("set"),
    loadMeta(Meta.iif, R0),
    forward(R0),
  ]);

  transaction
    .putTable(PACKETS)
    .putSet(PACKETS, { name: PORTS, ...PORT_KEY, isTimed: false, id: 2 });
  transaction.putChain(PACKETS, "in", PREROUTING).flushChain(PACKETS, "in");
  transaction.addRule(PACKETS, "in", [
    ...isFamily(AF_INET),
    load(IDENTIFICATION, R0),
    mask(R0, { mask: IPV4_MARK_MASK }),
    expect(R0, IPV4_MARK),
    ...isVxlan(),
    ...mark("set"),
  ]);
  transaction.addRule(PACKETS, "in", [
    ...isFamily(AF_INET6),
    load(FLOW_LABEL, R0),
    expect(R0, IPV6_MARK),
    ...isVxlan(),
    ...mark("set"),
  ]);
  transaction.putChain(PACKETS, "out", OUTPUT).flushChain(PACKETS, "out");
  transaction.addRule(PACKETS, "out", [
    ...isMarked(),
    ...isFamily(AF_INET),
    ...isVxlan(),
    constant(IPV4_MARK, R0),
    store(IDENTIFICATION, R0, { checksumAt: IPV4_CHECKSUM_AT }),
  ]);
  return transaction.addRule(PACKETS, "out", [
    ...isMarked(),
    ...isFamily(AF_INET6),
    ...isVxlan(),
    constant(IPV6_MARK, R0),
    store(FLOW_LABEL, R0, { checksumAt: undefined }),
  ]);
}

/** Deletes all that is ours, whether or not it is there. */
export function nothing(): Transaction {
  const transaction = new Transaction();
  for (const table of [FRAMES, PACKETS]) transaction.putTable(table).deleteTable(table);
  return transaction;
}

/** A device that is called otherwise is another one to the kernel (since Linux 6.16). */
export function chainOf({ vxlanIndex, segment }: Place): string {
  return `${segment.vxlan}-${vxlanIndex}`;
}

/** Has the frames of these devices looked at, and those of the chains' no more. */
export function attach(places: readonly Place[], stale: readonly string[]): Transaction {
  const transaction = new Transaction();
  for (const place of places) {
    const chain = chainOf(place);
    transaction.putChain(FRAMES, chain, { ...INGRESS, device: place.segment.vxlan });
    transaction.flushChain(FRAMES, chain).addRule(FRAMES, chain, [jump(COMMON)]);
    const port = { key: portKey(place.vxlanPort), timeoutMs: undefined };
    transaction.putElements(PACKETS, PORTS, [port]);
  }
  for (const chain of stale) {
    transaction.flushChain(FRAMES, chain).deleteChain(FRAMES, chain);
  }
  return transaction;
}

/** Whether the chain is a device's. */
export function isOfDevice(chain: string): boolean {
  return chain !== COMMON;
}

/** What stands in `moved`. */
export function movedKey(device: number, mac: MacAddress): Uint8Array {
  const key = new Uint8Array(MOVED_KEY.keyLength);
  viewOf(key).setInt32(0, device, LITTLE_ENDIAN);
  writeMac(mac, key, 4);
  return key;
}

/** `undefined` where it is no key of ours. */
export function readMovedKey(key: Uint8Array): { device: number; mac: MacAddress } | undefined {
  if (key.length !== MOVED_KEY.keyLength) return undefined;
  return { device: viewOf(key).getInt32(0, LITTLE_ENDIAN), mac: macFromBytes(key, 4) };
}

function portKey(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff);
}

function isMarked(): readonly NftExpression[] {
  const bit = machineNumber(MARK);
  return [loadMeta(Meta.mark, R0), mask(R0, { mask: bit }), expect(R0, bit)];
}

function mark(how: "set" | "clear"): readonly NftExpression[] {
  const others = machineNumber(~MARK);
  const toggled = machineNumber(how === "set" ? MARK : 0);
  return [loadMeta(Meta.mark, R0), mask(R0, { mask: others, toggled }), setMark(R0)];
}

function isFamily(family: number): readonly NftExpression[] {
  return [loadMeta(Meta.familyOfPacket, R0), expect(R0, Uint8Array.of(family))];
}

/** UDP to a port that a VXLAN device listens to. */
function isVxlan(): readonly NftExpression[] {
  return [
    loadMeta(Meta.protocol, R0),
    expect(R0, Uint8Array.of(UDP)),
    load(DESTINATION_PORT, R0),
    lookup(PORTS, R0),
  ];
}
