/**
 * What a socket is told at its start: options, addresses, filters (`socket(7)`, `netlink(7)`,
 * `packet(7)`), as bytes in the order of the machine.
 */
import { close } from "node:fs";
import { LITTLE_ENDIAN, viewOf } from "../wire/netlink.ts";
import { check, Errno } from "./linux-error.ts";
import { type DatagramSocket, openSocket } from "./native.ts";

const AF_NETLINK = 16;
const AF_PACKET = 17;
const SOCK_RAW = 3;
/** The parts of the kernel that are spoken to. */
const PROTOCOL = { route: 0, netfilter: 12 } as const;
export type NetlinkProtocol = keyof typeof PROTOCOL;

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_ATTACH_FILTER = 26;
const SO_RCVBUFFORCE = 33;

const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;

const SOL_PACKET = 263;
const PACKET_STATISTICS = 6;
const PACKET_AUXDATA = 8;
const PACKET_IGNORE_OUTGOING = 23;
const ETH_P_ALL = 3;

/** Groups of rtnetlink: who is told of what. */
export const RouteGroup = { link: 1, neighbour: 3 } as const;
/** The group of netfilter that is told of what changes in nf_tables. */
export const NFTABLES_GROUP = 7;

function int(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}

/** One instruction of classic BPF: `code`, two jumps, operand. */
export type BpfInstruction = readonly [
  code: number,
  ifTrue: number,
  ifFalse: number,
  operand: number,
];

/** A program as the kernel takes it. */
export function programBytes(program: readonly BpfInstruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = viewOf(bytes);
  for (const [i, [code, ifTrue, ifFalse, operand]] of program.entries()) {
    view.setUint16(i * 8, code, LITTLE_ENDIAN);
    view.setUint8(i * 8 + 2, ifTrue);
    view.setUint8(i * 8 + 3, ifFalse);
    view.setUint32(i * 8 + 4, operand, LITTLE_ENDIAN);
  }
  return bytes;
}

export function attachFilter(socket: DatagramSocket, program: readonly BpfInstruction[]): void {
  const attached = socket.setsockopt(SOL_SOCKET, SO_ATTACH_FILTER, programBytes(program));
  check("Cannot attach a socket filter", attached);
}

/** A receive buffer of `bytes`, or as near to it as we are allowed to come. */
export function enlargeReceiveBuffer(socket: DatagramSocket, bytes: number): void {
  const forced = socket.setsockopt(SOL_SOCKET, SO_RCVBUFFORCE, int(bytes));
  // In a user namespace of its own root may not go over net.core.rmem_max.
  const result =
    forced === -Errno.EPERM ? socket.setsockopt(SOL_SOCKET, SO_RCVBUF, int(bytes)) : forced;
  check("Cannot set a socket's receive buffer", result);
}

/** A socket to the routing part of the kernel, member of `groups`. */
export function openRouteSocket(
  groups: readonly number[],
  { receiveBuffer }: { receiveBuffer: number },
): DatagramSocket {
  return openNetlinkSocket("route", { groups, receiveBuffer });
}

/** A socket to a part of the kernel, member of `groups`. */
export function openNetlinkSocket(
  protocol: NetlinkProtocol,
  { groups = [], receiveBuffer }: { groups?: readonly number[]; receiveBuffer: number },
): DatagramSocket {
  const socket = openSocket(AF_NETLINK, SOCK_RAW, PROTOCOL[protocol]);
  enlargeReceiveBuffer(socket, receiveBuffer);
  for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK]) {
    check("Cannot set a netlink option", socket.setsockopt(SOL_NETLINK, option, int(1)));
  }
  const address = new Uint8Array(12);
  viewOf(address).setUint16(0, AF_NETLINK, LITTLE_ENDIAN);
  check("Cannot bind a netlink socket", socket.bind(address));
  for (const group of groups) {
    const joined = socket.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, int(group));
    check("Cannot join a netlink group", joined);
  }
  return socket;
}

/**
 * Has another thread close it. The kernel waits until no processor looks at a packet socket any more
 * (`packet_release`): 8 to 30 ms, in which nobody's move is to wait (Linux 6.18).
 */
export function closePacketSocket(socket: DatagramSocket): void {
  const descriptor = socket.detach();
  if (descriptor >= 0) close(descriptor, () => {});
}

/** Frames that a packet socket had no room for since this was asked last (`tp_drops`, `packet(7)`). */
export function framesLost(socket: DatagramSocket): number {
  const statistics = new Uint8Array(8);
  const length = socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, statistics);
  return length < 8 ? 0 : viewOf(statistics).getUint32(4, LITTLE_ENDIAN);
}

/** A packet socket that hears nothing yet; fails with EPERM without CAP_NET_RAW. */
export function openPacketSocket(): DatagramSocket {
  // With a protocol here, frames of every interface would arrive before filter and bind.
  return openSocket(AF_PACKET, SOCK_RAW, 0);
}

/**
 * Lets a packet socket hear what comes in through one interface. All protocols and a filter, rather
 * than the protocols we want: the bridge takes a port's frames away before the latter are asked.
 */
export function listenOnInterface(
  socket: DatagramSocket,
  { ifindex, filter }: { ifindex: number; filter: readonly BpfInstruction[] },
): void {
  attachFilter(socket, filter);
  const options = [PACKET_IGNORE_OUTGOING, PACKET_AUXDATA];
  for (const option of options) {
    check("Cannot set a packet option", socket.setsockopt(SOL_PACKET, option, int(1)));
  }
  const address = new Uint8Array(20);
  const view = viewOf(address);
  view.setUint16(0, AF_PACKET, LITTLE_ENDIAN);
  view.setUint16(2, ETH_P_ALL); // In network byte order, as it stands in a frame.
  view.setInt32(4, ifindex, LITTLE_ENDIAN);
  check(`Cannot bind a packet socket to interface ${ifindex}`, socket.bind(address));
}
