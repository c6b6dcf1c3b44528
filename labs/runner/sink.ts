/**
 * Runs in the node `vm`: sees every numbered datagram for the machine, at each of its legs and at the
 * machine itself, however fast they come. Asked by `Stream`. Its arguments are the machine's legs.
 */
import { readFileSync } from "node:fs";
import { type DatagramSocket, META_PER_DATAGRAM, Meta } from "../../src/linux/native.ts";
import {
  type BpfInstruction,
  enlargeReceiveBuffer,
  listenOnInterface,
  openPacketSocket,
} from "../../src/linux/socket.ts";
import { answerAll } from "./json-lines.ts";
import { PORT } from "./machine.ts";
import { NUMBERS_MAX, type SinkAnswer, type SinkQuestion } from "./stream.ts";

const NIC = "vm0";
/** Of Ethernet, IPv4 without options, and UDP. */
const NUMBER_AT = 42;
const SLOT = 64;
const SLOTS = 256;
const BUFFER = 32 << 20;
const MAX_BATCHES = 8;

/** IPv4, UDP, to the machine's port: no more of it than the number. */
const NUMBERED: readonly BpfInstruction[] = [
  [0x28, 0, 0, 12],
  [0x15, 0, 5, 0x0800],
  [0x30, 0, 0, 23],
  [0x15, 0, 3, 17],
  [0x28, 0, 0, 36],
  [0x15, 0, 1, PORT],
  [0x06, 0, 0, SLOT],
  [0x06, 0, 0, 0],
];

/** How often each number has come there. */
class Place {
  readonly counts: Uint8Array = new Uint8Array(NUMBERS_MAX);
  readonly #socket: DatagramSocket = openPacketSocket();

  constructor(name: string) {
    const slab = new Uint8Array(SLOT * SLOTS);
    const view = new DataView(slab.buffer);
    const meta = new Int32Array(SLOTS * META_PER_DATAGRAM);
    enlargeReceiveBuffer(this.#socket, BUFFER);
    const ifindex = Number(readFileSync(`/sys/class/net/${name}/ifindex`, "utf8"));
    listenOnInterface(this.#socket, { ifindex, filter: NUMBERED });
    const started = this.#socket.start(
      slab,
      SLOT,
      meta,
      (count) => {
        for (let i = 0; i < count; i++) {
          if ((meta[i * META_PER_DATAGRAM + Meta.length] ?? 0) < NUMBER_AT + 4) continue;
          const number = view.getUint32(i * SLOT + NUMBER_AT);
          if (number < NUMBERS_MAX) this.counts[number] = (this.counts[number] ?? 0) + 1;
        }
      },
      MAX_BATCHES,
    );
    if (started < 0) throw new Error(`Cannot listen on ${name}: error ${-started}`);
  }
}

const NOTHING: SinkAnswer = { received: 0, duplicates: 0, inTwoPlaces: 0, gaps: [] };
const machine = new Place(NIC);
const legs = process.argv.slice(2).map((leg) => new Place(leg));

await answerAll<SinkQuestion, SinkAnswer>((question) => {
  if (question.kind === "forget") for (const { counts } of [machine, ...legs]) counts.fill(0);
  const { sent } = question;
  if (question.kind === "flows") return { ...NOTHING, received: machine.counts.find(Boolean) ?? 0 };
  const answer = { received: 0, duplicates: 0, inTwoPlaces: 0, gaps: [] as [number, number][] };
  for (let number = 0; number < sent; number++) {
    const times = machine.counts[number] ?? 0;
    answer.duplicates += Math.max(0, times - 1);
    if (legs.filter(({ counts }) => (counts[number] ?? 0) > 0).length > 1) answer.inTwoPlaces++;
    if (times > 0) {
      answer.received++;
      continue;
    }
    const last = answer.gaps.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else answer.gaps.push([number, number]);
  }
  return answer;
});
