/**
 * Transactions of nf_tables, and what the kernel says of each.
 *
 * As with rtnetlink, all answers are there when the call that sends is over. A transaction is made as
 * a whole or not at all; what is wrong is said of the request it is wrong with, and of the frame round
 * them if it is with none in particular.
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
import { check, Errno } from "./linux-error.ts";
import type { DatagramSocket } from "./native.ts";
import type { WriteFailure } from "./netlink-conversation.ts";
import { openNetlinkSocket } from "./socket.ts";

const RECEIVE_BUFFER = 1 << 20;
const REPLY_BUFFER = 16 << 10;

export interface Committed {
  /** The first thing that is wrong; then nothing was changed. */
  readonly failure: WriteFailure | undefined;
  /** Of our socket: changes that others are told of carry it. */
  readonly port: number;
}

export class NftConversation {
  readonly #socket: DatagramSocket = openNetlinkSocket("netfilter", {
    receiveBuffer: RECEIVE_BUFFER,
  });
  readonly #reply: Uint8Array = new Uint8Array(REPLY_BUFFER);
  #port = 0;

  close(): void {
    this.#socket.close();
  }

  commit(transaction: Uint8Array): Committed {
    const requests = number(transaction);
    check("Cannot send to nf_tables", this.#socket.send(transaction));
    let failure: WriteFailure | undefined;
    let isAnswered = false;
    for (;;) {
      const length = this.#socket.recv(this.#reply);
      if (length === -Errno.EAGAIN) break;
      if (length === -Errno.ENOBUFS) continue;
      check("Cannot receive from nf_tables", length);
      for (const message of readMessages(this.#reply.subarray(0, length)).messages) {
        const ack = message.type === NetlinkType.error ? decodeAck(message) : undefined;
        if (ack?.ok !== true) continue;
        isAnswered = true;
        this.#port = message.port;
        const { errno, message: text } = ack.value;
        if (errno !== 0) failure ??= { index: message.sequence, errno, message: text };
      }
    }
    if (!isAnswered) failure = { index: requests, errno: Errno.ENOBUFS, message: "no answer" };
    return { failure, port: this.#port };
  }
}

/** Numbers the requests, and asks for an answer to the last; how many there are with their frame. */
function number(transaction: Uint8Array): number {
  const view = viewOf(transaction);
  let last = 0;
  let count = 0;
  for (let at = 0; at < transaction.length; count++) {
    view.setUint32(at + 8, count, LITTLE_ENDIAN);
    const next = at + align4(view.getUint32(at, LITTLE_ENDIAN));
    // The frame's end is no request.
    if (next < transaction.length) last = at;
    at = next;
  }
  view.setUint16(
    last + 6,
    view.getUint16(last + 6, LITTLE_ENDIAN) | NetlinkFlag.ack,
    LITTLE_ENDIAN,
  );
  return count;
}
