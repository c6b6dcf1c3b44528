/**
 * A leaf's forwarding table, of the bench's hosts, as the kernel's own messages tell it. Read without
 * the decoders under test, and as cheaply as can be: it runs beside what is measured.
 */
import { hostOf, hostOfIp, numberAt } from "../lab/hosts.ts";

const RTM_NEWNEIGH = 28;
const RTM_DELNEIGH = 29;
const AF_INET = 2;
const AF_BRIDGE = 7;
const NTF_SELF = 2;
const NDA_DST = 1;
const NDA_LLADDR = 2;

/** Where the leaf sends frames for a host: the bridge's port, and behind the VXLAN device the VTEP. */
export interface Entry {
  /** 0: none. */
  port: number;
  /** As a number; 0: none. */
  vtep: number;
}

export interface TableOptions {
  readonly vxlan: number;
  readonly bridge: number;
  /** Called after the entry of a host has changed, or its IP. */
  readonly changed: (host: number) => void;
}

export class FdbTable {
  readonly entries: Map<number, Entry> = new Map();
  /** Hosts whose IP stands in the bridge's neighbour table, with the right MAC. */
  readonly neighbours: Set<number> = new Set();
  /** Messages about the bench's hosts so far. */
  messages = 0;
  readonly #options: TableOptions;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  /** Messages of rtnetlink, one behind the other. */
  take(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + 28 <= bytes.length; ) {
      const length = view.getUint32(at, true);
      if (length < 16) return;
      const type = view.getUint16(at + 4, true);
      if (type === RTM_NEWNEIGH || type === RTM_DELNEIGH) {
        this.#neighbour(view, bytes, { at, end: at + length, gone: type === RTM_DELNEIGH });
      }
      at += (length + 3) & ~3;
    }
  }

  #neighbour(
    view: DataView,
    bytes: Uint8Array,
    { at, end, gone }: { at: number; end: number; gone: boolean },
  ): void {
    const family = bytes[at + 16];
    const ifindex = view.getInt32(at + 20, true);
    let host = -1;
    let dst = 0;
    for (let a = at + 28; a + 4 <= end; ) {
      const length = view.getUint16(a, true);
      if (length < 4) break;
      const type = view.getUint16(a + 2, true);
      if (type === NDA_LLADDR && length === 10) host = hostOf(numberAt(bytes, a + 4));
      else if (type === NDA_DST && length === 8) dst = view.getUint32(a + 4);
      a += (length + 3) & ~3;
    }
    if (family === AF_INET && ifindex === this.#options.bridge) {
      // One that is going has no MAC any more.
      this.#ip(hostOfIp(dst), gone || host !== hostOfIp(dst));
    } else if (family === AF_BRIDGE) {
      const isTunnel = ((bytes[at + 26] ?? 0) & NTF_SELF) !== 0;
      if (isTunnel && ifindex === this.#options.vxlan) this.#set(host, "vtep", gone ? 0 : dst);
      else if (!isTunnel) this.#set(host, "port", gone ? 0 : ifindex);
    }
  }

  #ip(host: number, gone: boolean): void {
    if (host < 0) return;
    this.messages++;
    if (gone) this.neighbours.delete(host);
    else this.neighbours.add(host);
    this.#options.changed(host);
  }

  #set(host: number, what: "port" | "vtep", value: number): void {
    if (host < 0) return;
    this.messages++;
    let entry = this.entries.get(host);
    if (entry === undefined) {
      entry = { port: 0, vtep: 0 };
      this.entries.set(host, entry);
    }
    entry[what] = value;
    this.#options.changed(host);
  }
}
