/**
 * Runs in a host: holds one TCP connection to the guest's echo service, sends a numbered stream over
 * it, and checks every byte that comes back. Asked by `Caller`.
 */
import { connect } from "node:net";
import { now } from "../runner/clock.ts";
import { answerAll } from "../runner/json-lines.ts";
import type { CallerAnswer, CallerQuestion } from "./call.ts";

const LINE_BYTES = 64;
const EVERY_MS = 10;

const [address = "", port = ""] = process.argv.slice(2);
const socket = connect({ host: address, port: Number(port), noDelay: true });
let timer: NodeJS.Timeout | undefined;
let sent = 0;
let echoed = 0;
let wrongAt: number | null = null;
let ended: string | null = null;
let lastHeardAt = 0;
let longestSilence = { ms: 0, until: 0 };

function byteAt(position: number): number {
  const line = Math.floor(position / LINE_BYTES);
  return (line * 31 + (position % LINE_BYTES) * 7) & 0xff;
}

function send(): void {
  const line = Buffer.alloc(LINE_BYTES);
  for (let index = 0; index < LINE_BYTES; index++) line[index] = byteAt(sent + index);
  socket.write(line);
  sent += LINE_BYTES;
}

socket.on("data", (bytes: Buffer) => {
  const at = now();
  const ms = at - lastHeardAt;
  if (timer !== undefined && ms > longestSilence.ms) longestSilence = { ms, until: at };
  lastHeardAt = at;
  for (const byte of bytes) {
    if (byte !== byteAt(echoed) && wrongAt === null) wrongAt = echoed;
    echoed += 1;
  }
});
socket.on("error", (error) => {
  ended = error.message;
});
socket.on("close", () => {
  ended ??= "the guest hung up";
});

await answerAll<CallerQuestion, CallerAnswer>((question) => {
  switch (question) {
    case "talk":
      lastHeardAt = now();
      longestSilence = { ms: 0, until: 0 };
      timer ??= setInterval(send, EVERY_MS);
      break;
    case "hush":
      clearInterval(timer);
      timer = undefined;
      break;
    case "tell":
      break;
  }
  return { sent, echoed, wrongAt, ended, longestSilence };
});
socket.destroy();
clearInterval(timer);
