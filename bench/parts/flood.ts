/**
 * Runs in a host: sends frames at a rate for a time. Some of them are ARP announcements of a crowd,
 * one after the other; the rest is UDP of a stranger to a stranger.
 *
 *   node flood.js PORT
 */
import { openPacketSocket } from "../../labs/runner/hypervisor.ts";
import { answerAll } from "../../labs/runner/json-lines.ts";
import { type Crowd, gratuitousArp, macBytes } from "../lab/hosts.ts";

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
const STRANGERS = [900_001, 900_002] as const;

const socket = openPacketSocket(process.argv[2] ?? "");

function datagram(): Uint8Array {
  const frame = new Uint8Array(60);
  frame.set(macBytes(STRANGERS[0]));
  frame.set(macBytes(STRANGERS[1]), 6);
  frame.set([0x08, 0x00, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17], 12);
  return frame;
}

await answerAll<FloodQuestion, FloodAnswer>(({ crowd, perSecond, seconds, arpOneIn }) => {
  const arps = Array.from({ length: crowd.count }, (_, i) => gratuitousArp(crowd.first + i));
  const other = datagram();
  let arp = 0;
  let others = 0;
  const beganAt = performance.now();
  const elapsed = (): number => (performance.now() - beganAt) / 1000;
  while (elapsed() < seconds) {
    if (arp + others > elapsed() * perSecond) continue;
    for (let i = 0; i < BURST; i++) {
      const isArp = (arp + others) % arpOneIn === 0;
      const frame = (isArp ? arps[arp % arps.length] : other) ?? other;
      // What did not leave is not counted.
      if (socket.send(frame) < 0) continue;
      if (isArp) arp++;
      else others++;
    }
  }
  return { arp, others, seconds: elapsed() };
});
socket.close();
