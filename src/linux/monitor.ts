/**
 * Listens to what rtnetlink tells of links, forwarding entries and neighbours as they change.
 *
 * When the kernel has more to tell than fits the buffer it drops the rest and says ENOBUFS: from
 * then on nothing we know is sure, and everything must be read again.
 */
import { LITTLE_ENDIAN, type NetlinkMalformed, readMessages } from "../wire/netlink.ts";
import { decodeLink, type LinkMessage, LinkType } from "../wire/netlink-link.ts";
import {
  decodeNeighbour,
  NEIGHBOUR_FAMILY,
  type Neighbour,
  NeighbourFlag,
  type NeighbourIgnored,
  NeighbourType,
} from "../wire/netlink-neighbour.ts";
import { check, Errno } from "./linux-error.ts";
import { type DatagramSocket, META_PER_DATAGRAM, Meta } from "./native.ts";
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
const JUMP_EQUAL = 0x15;
const JUMP_SET = 0x45;
const RETURN = 0x06;
const ALL = 0xffff_ffff;

/**
 * Drops the echo of every forwarding entry that somebody outside the kernel has put: it is us, and
 * each remote MAC would come back twice. That one is gone, or taken over by a port, still comes.
 */
const NO_ECHOES: readonly BpfInstruction[] = [
  // The low byte of nlmsg_type; then ndm_family and ndm_flags.
  [LOAD_BYTE, 0, 0, LITTLE_ENDIAN ? 4 : 5],
  [JUMP_EQUAL, 0, 5, NeighbourType.put],
  [LOAD_BYTE, 0, 0, 16],
  [JUMP_EQUAL, 0, 3, NEIGHBOUR_FAMILY.bridge],
  [LOAD_BYTE, 0, 0, 26],
  [JUMP_SET, 0, 1, NeighbourFlag.extLearned],
  [RETURN, 0, 0, 0],
  [RETURN, 0, 0, ALL],
];

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
    attachFilter(this.#socket, NO_ECHOES);
    const received = (count: number, errno: number): void => this.#received(count, errno);
    const started = this.#socket.start(this.#slab, SLOT_SIZE, this.#meta, received, MAX_BATCHES);
    check("Cannot listen to netlink", started);
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
