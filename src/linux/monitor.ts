/**
 * Listens to what rtnetlink tells of links, forwarding entries and neighbours as they change.
 *
 * When the kernel has more to tell than fits the buffer it drops the rest and says ENOBUFS: from
 * then on nothing we know is sure, and everything must be read again.
 */

import { LinkType } from "../wire/link-layout.ts";
import {
  HEADER_LENGTH,
  LITTLE_ENDIAN,
  type NetlinkMalformed,
  readMessages,
} from "../wire/netlink.ts";
import { decodeLink, type LinkMessage } from "../wire/netlink-link.ts";
import {
  decodeNeighbour,
  NEIGHBOUR_FAMILY,
  NEIGHBOUR_FIXED_LENGTH,
  NEIGHBOUR_PROTOCOL,
  type Neighbour,
  NeighbourFlag,
  type NeighbourIgnored,
  NeighbourState,
  NeighbourType,
} from "../wire/netlink-neighbour.ts";
import { check, Errno } from "./linux-error.ts";
import { type DatagramSocket, META_PER_DATAGRAM, Meta } from "./native.ts";
import { OWN_PROTOCOL, OWN_STATE } from "./ownership.ts";
import { attachFilter, type BpfInstruction, openRouteSocket, RouteGroup } from "./socket.ts";

export interface MonitorListener {
  readonly link: (link: LinkMessage) => void;
  readonly neighbour: (neighbour: Neighbour) => void;
  readonly ignored: (reason: NetlinkMalformed | NeighbourIgnored) => void;
  /** What came at once has all been told. */
  readonly settled: () => void;
  readonly overrun: () => void;
}

/** Memory is used only by a backlog; with 16 MB a busy machine still lost a quarter of a burst. */
export const MONITOR_BUFFER: number = 64 << 20;
const SLOTS = 32;
const SLOT_SIZE = 16 << 10;
const MSG_TRUNC = 0x20;
/** Batches before others get a turn of the event loop. */
const MAX_BATCHES = 8;

const LOAD_BYTE = 0x30;
const LOAD_WORD = 0x20;
/** Relative to X. */
const LOAD_BYTE_BEHIND = 0x50;
const LOAD_NUMBER = 0x00;
const LOAD_NUMBER_INTO_X = 0x01;
/** X becomes what was loaded last. */
const INTO_X = 0x07;
/** Where the attribute of the type in X is, looked for from where the accumulator says; 0: nowhere. */
const FIND_ATTRIBUTE: BpfInstruction = [LOAD_WORD, 0, 0, 0xffff_f000 + 12];
const JUMP_EQUAL = 0x15;
const JUMP_SET = 0x45;
const RETURN = 0x06;
const ALL = 0xffff_ffff;

/** More devices than these, and every entry that a bridge was given from outside is left out. */
const MOST_DEVICES = 200;
const DROP: BpfInstruction = [RETURN, 0, 0, 0];
const KEEP: BpfInstruction = [RETURN, 0, 0, ALL];

/**
 * A neighbour as we put it: what is as ours is in everything but the MAC, somebody has taken pains to
 * write over ours, and is found when the table is read again.
 */
const NEIGHBOUR_ECHO: readonly BpfInstruction[] = [
  [LOAD_BYTE, 0, 0, 26],
  [JUMP_SET, 1, 0, NeighbourFlag.extLearned],
  KEEP,
  [LOAD_BYTE, 0, 0, LITTLE_ENDIAN ? 24 : 25],
  [JUMP_EQUAL, 1, 0, NeighbourState.noarp],
  KEEP,
  [LOAD_NUMBER_INTO_X, 0, 0, NEIGHBOUR_PROTOCOL],
  [LOAD_NUMBER, 0, 0, HEADER_LENGTH + NEIGHBOUR_FIXED_LENGTH],
  FIND_ATTRIBUTE,
  [JUMP_EQUAL, 0, 1, 0],
  KEEP,
  [INTO_X, 0, 0, 0],
  // Its value, behind its length and type.
  [LOAD_BYTE_BEHIND, 0, 0, 4],
  [JUMP_EQUAL, 0, 1, OWN_PROTOCOL],
  DROP,
  KEEP,
];

/**
 * Drops the echoes of what we put, for each remote host would come back three times: a VXLAN device's
 * entry has our mark, a bridge's is `extern_learn` on the port of one of our VXLAN devices, a neighbour
 * has our protocol. That one is gone, was taken over by a port, or is another program's, still comes.
 */
export function echoFilter(vxlanDevices: readonly number[]): readonly BpfInstruction[] {
  const ours = vxlanDevices.length > MOST_DEVICES ? [] : vxlanDevices;
  const few = vxlanDevices.length <= MOST_DEVICES;
  return [
    // The low byte of nlmsg_type; then ndm_family and ndm_flags.
    [LOAD_BYTE, 0, 0, LITTLE_ENDIAN ? 4 : 5],
    [JUMP_EQUAL, 1, 0, NeighbourType.put],
    KEEP,
    [LOAD_BYTE, 0, 0, 16],
    [JUMP_EQUAL, NEIGHBOUR_ECHO.length, 0, NEIGHBOUR_FAMILY.bridge],
    ...NEIGHBOUR_ECHO,
    [LOAD_BYTE, 0, 0, 26],
    [JUMP_SET, 1, 0, NeighbourFlag.extLearned],
    KEEP,
    [JUMP_SET, 0, 4, NeighbourFlag.self],
    // The low byte of ndm_state.
    [LOAD_BYTE, 0, 0, LITTLE_ENDIAN ? 24 : 25],
    [JUMP_EQUAL, 0, 1, OWN_STATE],
    DROP,
    KEEP,
    [JUMP_SET, 3, 0, NeighbourFlag.sticky],
    // Fixed and not sticky, it has been put over ours.
    [LOAD_BYTE, 0, 0, LITTLE_ENDIAN ? 24 : 25],
    [JUMP_SET, 0, 1, NeighbourState.noarp | NeighbourState.permanent],
    KEEP,
    // ndm_ifindex, in the byte order of the network, as the filter reads.
    [LOAD_WORD, 0, 0, 20],
    ...ours.flatMap((ifindex): BpfInstruction[] => [[JUMP_EQUAL, 0, 1, swapped(ifindex)], DROP]),
    few ? KEEP : DROP,
  ];
}

function swapped(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, LITTLE_ENDIAN);
  return view.getUint32(0);
}

export class NetlinkMonitor implements Disposable {
  readonly #socket: DatagramSocket;
  readonly #listener: MonitorListener;
  readonly #slab: Uint8Array = new Uint8Array(SLOTS * SLOT_SIZE);
  readonly #meta: Int32Array = new Int32Array(SLOTS * META_PER_DATAGRAM);

  constructor(
    listener: MonitorListener,
    { receiveBuffer = MONITOR_BUFFER }: { receiveBuffer?: number } = {},
  ) {
    this.#listener = listener;
    const groups = [RouteGroup.link, RouteGroup.neighbour];
    this.#socket = openRouteSocket(groups, { receiveBuffer });
    attachFilter(this.#socket, echoFilter([]));
    const received = (count: number, errno: number): void => this.#received(count, errno);
    const started = this.#socket.start(this.#slab, SLOT_SIZE, this.#meta, received, MAX_BATCHES);
    check("Cannot listen to netlink", started);
  }

  /** Whose entries we put. */
  leaveOutEchoes(vxlanDevices: readonly number[]): void {
    attachFilter(this.#socket, echoFilter(vxlanDevices));
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #received(count: number, errno: number): void {
    let lost = errno === Errno.ENOBUFS;
    for (let i = 0; i < count; i++) {
      const at = i * META_PER_DATAGRAM;
      // Only the kernel is heard: another process may send to us, too.
      if (this.#meta[at + Meta.origin] !== 0) continue;
      if (((this.#meta[at + Meta.flags] ?? 0) & MSG_TRUNC) !== 0) lost = true;
      const length = Math.min(this.#meta[at + Meta.length] ?? 0, SLOT_SIZE);
      this.#datagram(this.#slab.subarray(i * SLOT_SIZE, i * SLOT_SIZE + length));
    }
    this.#listener.settled();
    if (!lost) return;
    this.#drain();
    this.#listener.overrun();
  }

  /**
   * Once it has dropped something, the kernel drops on, and does not say so again, until we have
   * taken all that waits. Only what is read after that is sure to be followed by what changes.
   */
  #drain(): void {
    for (;;) {
      const length = this.#socket.recv(this.#slab);
      if (length < 0 && length !== -Errno.ENOBUFS) return;
    }
  }

  #datagram(bytes: Uint8Array): void {
    const { messages, malformed } = readMessages(bytes);
    for (const message of messages) {
      switch (message.type) {
        case LinkType.put:
        case LinkType.delete: {
          const link = decodeLink(message);
          if (link.ok) this.#listener.link(link.value);
          else this.#listener.ignored(link.error);
          break;
        }
        case NeighbourType.put:
        case NeighbourType.delete: {
          const neighbour = decodeNeighbour(message);
          if (neighbour.ok) this.#listener.neighbour(neighbour.value);
          else this.#listener.ignored(neighbour.error);
          break;
        }
      }
    }
    if (malformed !== undefined) this.#listener.ignored(malformed);
  }
}
