/**
 * Requests to the routing part of the kernel, and its answers. The kernel does what is asked while we
 * wait, which is no matter for a few requests; many are for a worker thread.
 *
 * rtnetlink answers in the course of the very call that sends, so an answer that is not there after
 * it will not come: nothing here waits.
 */

import {
  align4,
  LITTLE_ENDIAN,
  NetlinkFlag,
  NetlinkType,
  readMessages,
  viewOf,
} from "../wire/netlink.ts";
import { decodeAck } from "../wire/netlink-ack.ts";
import { check, Errno, LinuxError } from "./linux-error.ts";
import type { DatagramSocket } from "./native.ts";
import { type NetlinkProtocol, openNetlinkSocket, openRouteSocket } from "./socket.ts";

/** A request that failed, by its place among those written together. */
export interface WriteFailure {
  readonly index: number;
  readonly errno: number;
  readonly message: string | undefined;
}

/**
 * Requests per `sendmsg`. More is slower (the kernel's per-CPU allocator starves in a long call:
 * Linux 6.18), and more errors than these may not fit the receive buffer.
 */
const BATCH = 128;
/** After an answer was lost, few enough that all answers fit even the smallest buffer. */
const CAREFUL_BATCH = 16;
const RECEIVE_BUFFER = 4 << 20;
/** The kernel walks a forwarding table from its start for each buffer it fills: large ones count. */
const DUMP_BUFFER = 64 << 10;

export class NetlinkConversation {
  readonly #writing: DatagramSocket;
  readonly #reply: Uint8Array = new Uint8Array(DUMP_BUFFER);
  #sequence = 0;

  constructor({ receiveBuffer = RECEIVE_BUFFER }: { receiveBuffer?: number } = {}) {
    this.#writing = openRouteSocket([], { receiveBuffer });
  }

  close(): void {
    this.#writing.close();
  }

  /** Sends all requests, in order; answers those that failed. */
  write(requests: Uint8Array): WriteFailure[] {
    const failures: WriteFailure[] = [];
    const starts = startsOf(requests);
    for (let first = 0; first < starts.length; first += BATCH) {
      const batch = { first, end: Math.min(first + BATCH, starts.length) };
      if (this.#writeBatch(requests, { starts, ...batch }, failures)) continue;
      // Which of them was done is not known. All are idempotent: once more, a few at a time.
      for (let again = first; again < batch.end; again += CAREFUL_BATCH) {
        const few = { first: again, end: Math.min(again + CAREFUL_BATCH, batch.end) };
        if (this.#writeBatch(requests, { starts, ...few }, failures)) continue;
        for (let index = few.first; index < few.end; index++) {
          failures.push({ index, errno: Errno.ENOBUFS, message: "the answer was lost" });
        }
      }
    }
    return failures;
  }

  /** False, and no failure told, if an answer was lost. */
  #writeBatch(
    requests: Uint8Array,
    { starts, first, end }: { starts: readonly number[]; first: number; end: number },
    failures: WriteFailure[],
  ): boolean {
    const view = viewOf(requests);
    const base = this.#sequence;
    this.#sequence = (this.#sequence + (end - first)) >>> 0;
    for (let i = first; i < end; i++) {
      const start = starts[i] ?? 0;
      // Errors are told always; success of the last alone says that all have been done.
      const ack = i === end - 1 ? NetlinkFlag.ack : 0;
      const flags = (view.getUint16(start + 6, LITTLE_ENDIAN) & ~NetlinkFlag.ack) | ack;
      view.setUint16(start + 6, flags, LITTLE_ENDIAN);
      view.setUint32(start + 8, base + (i - first), LITTLE_ENDIAN);
    }
    const bytes = requests.subarray(starts[first], starts[end] ?? requests.length);
    check("Cannot send netlink requests", this.#writing.send(bytes));

    const told: WriteFailure[] = [];
    for (;;) {
      const length = this.#writing.recv(this.#reply);
      if (length === -Errno.EAGAIN || length === -Errno.ENOBUFS) {
        this.#drain();
        return false;
      }
      check("Cannot receive netlink answers", length);
      for (const message of readMessages(this.#reply.subarray(0, length)).messages) {
        if (message.type !== NetlinkType.error) continue;
        const ack = decodeAck(message);
        const index = first + ((message.sequence - base) >>> 0);
        if (!ack.ok || index >= end) continue;
        const { errno, message: text } = ack.value;
        if (errno !== 0) told.push({ index, errno, message: text });
        if (index === end - 1) {
          failures.push(...told);
          return true;
        }
      }
    }
  }

  #drain(): void {
    for (;;) {
      const length = this.#writing.recv(this.#reply);
      if (length < 0 && length !== -Errno.ENOBUFS) return;
    }
  }
}

/** Where each request begins; the caller has written them itself, so their lengths are true. */
function startsOf(requests: Uint8Array): number[] {
  const view = viewOf(requests);
  const starts: number[] = [];
  for (let at = 0; at < requests.length; at += align4(view.getUint32(at, LITTLE_ENDIAN))) {
    starts.push(at);
  }
  return starts;
}

/**
 * The answer to one request that reads a table, or some rows of it by name, a buffer at a time, on a
 * socket of its own.
 */
export class NetlinkDump {
  readonly #socket: DatagramSocket;
  /** Not only rows by name: then it ends with an acknowledgement. */
  readonly #isTable: boolean;
  #done = false;

  constructor(request: Uint8Array, protocol: NetlinkProtocol = "route") {
    const flags = viewOf(request).getUint16(6, LITTLE_ENDIAN);
    this.#isTable = (flags & NetlinkFlag.dump) === NetlinkFlag.dump;
    this.#socket = openNetlinkSocket(protocol, { receiveBuffer: RECEIVE_BUFFER });
    viewOf(request).setUint32(8, 1, LITTLE_ENDIAN);
    check("Cannot ask for a table", this.#socket.send(request));
  }

  close(): void {
    this.#socket.close();
  }

  /** The next messages, in a buffer that is the caller's; `undefined` when all have come. */
  next(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#done) return undefined;
    const buffer = new Uint8Array(DUMP_BUFFER);
    let length = this.#receive(buffer);
    // Rows asked for by name come one by one, and are all there.
    while (!this.#done && !this.#isTable && length <= DUMP_BUFFER / 2) {
      length += this.#receive(buffer.subarray(length));
    }
    return buffer.slice(0, length);
  }

  #receive(buffer: Uint8Array): number {
    const received = check("Cannot read a table", this.#socket.recv(buffer));
    const length = Math.min(received, buffer.length);
    for (const message of readMessages(buffer.subarray(0, length)).messages) {
      if ((message.flags & NetlinkFlag.dumpInterrupted) !== 0) {
        throw new LinuxError("Cannot read a table", Errno.EAGAIN, "it changed meanwhile");
      }
      if (message.type === NetlinkType.error) {
        const ack = decodeAck(message);
        const { errno, message: text } = ack.ok ? ack.value : { errno: Errno.EINVAL, message: "" };
        if (errno !== 0) throw new LinuxError("Cannot read a table", errno, text);
        this.#done = true;
      }
      if (message.type === NetlinkType.done) this.#done = true;
    }
    return length;
  }
}
