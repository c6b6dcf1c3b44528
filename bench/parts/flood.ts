/**
 * Runs in a host: sends frames at a rate for a time. Some of them are ARP requests of a crowd, one
 * after the other; the rest is UDP. Each is addressed to somebody behind the same port, so that the
 * bridge has nothing to forward: to flood a frame takes it longer than to hear it, and that is
 * neither whom we measure nor time that the two processors have.
 *
 *   node flood.js PORT
 */
import { openPacketSocket } from "../../labs/runner/hypervisor.ts";
import { answerAll } from "../../labs/runner/json-lines.ts";
import { arpRequest, type Crowd, macBytes } from "../lab/hosts.ts";

export interface FloodQuestion {
  readonly crowd: Crowd;
  readonly perSecond: number;
  readonly seconds: number;
  /** One frame in so many is ARP. */
  readonly arpOneIn: number;
}

export interface FloodAnswer {
  readonly arp: number;
  readonly others: number;
  readonly seconds: number;
}

/** Sent in one go before the clock is looked at. */
const BURST = 64;
/** Slept when there is nothing to be sent yet: who is to hear the frames needs the processor. */
const PAUSE_MS = 1;

const socket = openPacketSocket(process.argv[2] ?? "");
const alarm = new Int32Array(new SharedArrayBuffer(4));

/** Of one of the crowd to another. */
function datagram(from: number, to: number): Uint8Array {
  const frame = new Uint8Array(60);
  frame.set(macBytes(to));
  frame.set(macBytes(from), 6);
  frame.set([0x08, 0x00, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17], 12);
  return frame;
}

await answerAll<FloodQuestion, FloodAnswer>(({ crowd, perSecond, seconds, arpOneIn }) => {
  const hosts = Array.from({ length: crowd.count }, (_, i) => crowd.first + i);
  const next = (i: number): number => crowd.first + ((i + 1) % crowd.count);
  const arps = hosts.map((host, i) => arpRequest(host, next(i)));
  const others = hosts.map((host, i) => datagram(host, next(i)));
  const sent = { arp: 0, others: 0 };
  const beganAt = performance.now();
  const elapsed = (): number => (performance.now() - beganAt) / 1000;
  for (let n = 0; elapsed() < seconds; ) {
    if (n > elapsed() * perSecond) {
      Atomics.wait(alarm, 0, 0, PAUSE_MS);
      continue;
    }
    for (const end = n + BURST; n < end; n++) {
      const kind = n % arpOneIn === 0 ? "arp" : "others";
      const frames = kind === "arp" ? arps : others;
      // What did not leave is not counted.
      if (socket.send(frames[sent[kind] % frames.length] ?? new Uint8Array()) >= 0) sent[kind]++;
    }
  }
  return { ...sent, seconds: elapsed() };
});
socket.close();
