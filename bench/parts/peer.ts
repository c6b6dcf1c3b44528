/**
 * Runs in the node `peer`: the one BGP neighbour of a leaf, that tells of as many hosts at other
 * leaves as one likes, as fast as the leaf takes them.
 *
 *   node peer.js ADDRESS
 */
import { createServer, type Socket } from "node:net";
import { now } from "../../labs/runner/clock.ts";
import { answerAll } from "../../labs/runner/json-lines.ts";
import { type Crowd, macNumber } from "../lab/hosts.ts";
import {
  announcements,
  BGP_PORT,
  BgpStream,
  BgpType,
  endOfRib,
  keepalive,
  open,
  withdrawals,
} from "./bgp.ts";

/** Hosts to tell of. */
export interface Announce {
  readonly kind: "announce";
  readonly crowd: Crowd;
  readonly vtep: string;
  readonly seq: number;
  readonly withIp: boolean;
}

export type PeerQuestion =
  /** Until the leaf has called. */
  | { readonly kind: "meet"; readonly timeoutMs: number }
  /** Until the leaf has gone. */
  | { readonly kind: "part"; readonly timeoutMs: number }
  | Announce
  /** Makes the messages beforehand: the next announcement sends them, whatever it is of. */
  | { readonly kind: "prepare"; readonly announce: Announce }
  | {
      readonly kind: "withdraw";
      readonly crowd: Crowd;
      readonly vtep: string;
      readonly withIp: boolean;
    }
  /** Until the leaf has told of this host, since the last question. */
  | { readonly kind: "told-of"; readonly host: number; readonly timeoutMs: number };

export interface PeerAnswer {
  /** When the first byte of it was sent, or the first of it came; milliseconds since the epoch. */
  readonly at: number;
}

const address = process.argv[2] ?? "";
let leaf: Socket | undefined;
let met: (() => void) | undefined;
let parted: (() => void) | undefined;
let prepared: Uint8Array | undefined;
let listened: { readonly mac: number; readonly heard: (at: number) => void } | undefined;

const server = createServer((socket) => {
  socket.setNoDelay(true);
  // It calls again when it has lost us.
  socket.on("error", () => undefined);
  socket.on("close", () => {
    if (leaf !== socket) return;
    leaf = undefined;
    parted?.();
  });
  const stream = new BgpStream((type, message) => {
    if (type === BgpType.open) socket.write(Buffer.concat([open(address), keepalive()]));
    else if (type === BgpType.keepalive && leaf !== socket) {
      leaf = socket;
      socket.write(endOfRib());
      met?.();
    } else if (type === BgpType.update) heard(message);
  });
  socket.on("data", (bytes) => stream.push(bytes));
});
server.listen(BGP_PORT, address);

/** Whether it is an announcement of the host nobody asks: its MAC stands in it. */
function heard(message: Buffer): void {
  const at = now();
  if (listened === undefined) return;
  const mac = Buffer.alloc(6);
  mac.writeUIntBE(listened.mac, 0, 6);
  if (message.includes(mac)) listened.heard(at);
}

function within(
  { timeoutMs, what }: { readonly timeoutMs: number; readonly what: string },
  start: (done: (at: number) => void) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error(`Waited ${timeoutMs} ms in vain for ${what}`));
    const timer = setTimeout(late, timeoutMs);
    start((at) => {
      clearTimeout(timer);
      resolve(at);
    });
  });
}

function hostsOf({ first, count }: Crowd): readonly number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

function messagesOf({ crowd, ...how }: Announce): Uint8Array {
  return Buffer.concat(announcements({ ...how, hosts: hostsOf(crowd) }));
}

async function send(messages: Uint8Array): Promise<PeerAnswer> {
  const to = leaf;
  if (to === undefined) throw new Error("Cannot send to the leaf: it has not called");
  const at = now();
  await new Promise<void>((resolve) => to.write(messages, () => resolve()));
  return { at };
}

await answerAll<PeerQuestion, PeerAnswer>(async (question) => {
  switch (question.kind) {
    case "meet":
      if (leaf !== undefined) return { at: now() };
      return {
        at: await within({ ...question, what: "the leaf to call" }, (done) => {
          met = () => done(now());
        }),
      };
    case "part":
      if (leaf === undefined) return { at: now() };
      return {
        at: await within({ ...question, what: "the leaf to go" }, (done) => {
          parted = () => done(now());
        }),
      };
    case "prepare":
      prepared = messagesOf(question.announce);
      return { at: now() };
    case "announce": {
      const messages = prepared ?? messagesOf(question);
      prepared = undefined;
      return await send(messages);
    }
    case "withdraw":
      return await send(
        Buffer.concat(withdrawals({ ...question, hosts: hostsOf(question.crowd) })),
      );
    case "told-of": {
      const mac = macNumber(question.host);
      return {
        at: await within(
          { ...question, what: `the leaf to tell of host ${question.host}` },
          (done) => {
            listened = { mac, heard: done };
          },
        ),
      };
    }
  }
});
server.close();
leaf?.destroy();
