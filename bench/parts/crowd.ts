/**
 * Runs in a host: says for any number of machines behind the same port that they are here, as fast as
 * one core can.
 *
 *   node crowd.js PORT
 */
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../../labs/runner/clock.ts";
import { openPacketSocket } from "../../labs/runner/hypervisor.ts";
import { answerAll } from "../../labs/runner/json-lines.ts";
import { Errno } from "../../src/linux/linux-error.ts";
import { type Crowd, gratuitousArp } from "../lab/hosts.ts";

export interface CrowdAnswer {
  /** When the first frame was sent, and when the last, milliseconds since the epoch. */
  readonly firstAt: number;
  readonly lastAt: number;
}

const socket = openPacketSocket(process.argv[2] ?? "");

/** What it takes to make the frames is not to be in anybody's way when they are sent. */
const REST_MS = 20;

await answerAll<Crowd, CrowdAnswer>(async ({ first, count }) => {
  const frames = Array.from({ length: count }, (_, i) => gratuitousArp(first + i));
  await sleep(REST_MS);
  const firstAt = now();
  for (const frame of frames) {
    let sent = socket.send(frame);
    // The device's queue is full for a moment.
    while (sent === -Errno.ENOBUFS || sent === -Errno.EAGAIN) sent = socket.send(frame);
    if (sent < 0) throw new Error(`Cannot send a frame: error ${-sent}`);
  }
  return { firstAt, lastAt: now() };
});
socket.close();
