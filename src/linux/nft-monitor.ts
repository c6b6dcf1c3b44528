/**
 * Listens to what others do to our tables of nf_tables: a firewall that is loaded anew begins by
 * deleting everybody's.
 */
import { LITTLE_ENDIAN, readMessages } from "../wire/netlink.ts";
import { NftType } from "../wire/nftables.ts";
import { decodeSubject } from "../wire/nftables-read.ts";
import { check, Errno } from "./linux-error.ts";
import { type DatagramSocket, META_PER_DATAGRAM, Meta } from "./native.ts";
import { attachFilter, type BpfInstruction, NFTABLES_GROUP, openNetlinkSocket } from "./socket.ts";

export interface NftMonitorOptions {
  readonly table: string;
  /** Of the sockets whose changes are our own. */
  readonly ownPorts: () => ReadonlySet<number>;
  /** Something in the table was deleted by somebody else, or nobody knows. */
  readonly disturbed: () => void;
}

const RECEIVE_BUFFER = 4 << 20;
const SLOTS = 8;
const SLOT_SIZE = 8 << 10;
const MAX_BATCHES = 8;

const LOAD_BYTE = 0x30;
const JUMP_EQUAL = 0x15;
const RETURN = 0x06;
const ALL = 0xffff_ffff;
const DELETIONS = [
  NftType.deleteTable,
  NftType.deleteChain,
  NftType.deleteRule,
  NftType.deleteSet,
  NftType.deleteElement,
];

/** Others may put and count as they like: only what is deleted is heard. */
const ONLY_DELETIONS: readonly BpfInstruction[] = [
  [LOAD_BYTE, 0, 0, LITTLE_ENDIAN ? 4 : 5],
  ...DELETIONS.map((type, i): BpfInstruction => [JUMP_EQUAL, DELETIONS.length - i, 0, type & 0xff]),
  [RETURN, 0, 0, 0],
  [RETURN, 0, 0, ALL],
];

export class NftMonitor implements Disposable {
  readonly #options: NftMonitorOptions;
  readonly #socket: DatagramSocket;
  readonly #slab: Uint8Array = new Uint8Array(SLOTS * SLOT_SIZE);
  readonly #meta: Int32Array = new Int32Array(SLOTS * META_PER_DATAGRAM);

  constructor(options: NftMonitorOptions) {
    this.#options = options;
    const groups = [NFTABLES_GROUP];
    this.#socket = openNetlinkSocket("netfilter", { groups, receiveBuffer: RECEIVE_BUFFER });
    attachFilter(this.#socket, ONLY_DELETIONS);
    const received = (count: number, errno: number): void => this.#received(count, errno);
    const started = this.#socket.start(this.#slab, SLOT_SIZE, this.#meta, received, MAX_BATCHES);
    check("Cannot listen to nf_tables", started);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #received(count: number, errno: number): void {
    let isDisturbed = errno === Errno.ENOBUFS;
    for (let i = 0; i < count && !isDisturbed; i++) {
      const at = i * META_PER_DATAGRAM;
      if (this.#meta[at + Meta.origin] !== 0) continue;
      const length = Math.min(this.#meta[at + Meta.length] ?? 0, SLOT_SIZE);
      isDisturbed = this.#isForeign(this.#slab.subarray(i * SLOT_SIZE, i * SLOT_SIZE + length));
    }
    if (isDisturbed) this.#options.disturbed();
  }

  /** A device that goes takes its chain with it: that is the kernel's doing (0), and no loss. */
  #isForeign(datagram: Uint8Array): boolean {
    const { table, ownPorts } = this.#options;
    return readMessages(datagram).messages.some((message) => {
      if (!DELETIONS.some((type) => type === message.type)) return false;
      if (message.port === 0 || ownPorts().has(message.port)) return false;
      const subject = decodeSubject(message);
      return !subject.ok || subject.value.table === table;
    });
  }
}
