/**
 * Runs in the node `vm`: moves the machine and signals for it, and counts the datagrams that
 * arrive. Asked by `Machine`. Its arguments are the machine's legs.
 */
import { createSocket } from "node:dgram";
import { now } from "./clock.ts";
import { Hypervisor } from "./hypervisor.ts";
import { answerAll } from "./json-lines.ts";
import { type GuestAnswer, type GuestQuestion, PORT } from "./machine.ts";
import { frameOf } from "./signals.ts";

const hypervisor = new Hypervisor(process.argv.slice(2));
const socket = createSocket("udp4");
let seen = new Set<number>();
let duplicates = 0;

socket.on("message", (message) => {
  const number = message.readUInt32BE(0);
  if (seen.has(number)) duplicates += 1;
  seen.add(number);
});
await new Promise<void>((resolve) => socket.bind(PORT, resolve));
await answerAll(answer);
socket.close();

async function answer(question: GuestQuestion): Promise<GuestAnswer> {
  let at = now();
  switch (question.kind) {
    case "move":
    case "signal": {
      const guest = question.guest ?? hypervisor.guest;
      const given = question.kind === "move" ? question.frames : undefined;
      const frames =
        given?.map((frame) => Buffer.from(frame, "base64")) ??
        question.signals.map((signal) => frameOf(signal, guest));
      if (question.kind === "move") {
        await hypervisor.mend(question.to);
        if (question.unplug !== undefined) hypervisor.unplug(question.unplug);
        hypervisor.plug(question.to);
      }
      at = now();
      for (const frame of frames) hypervisor.send(frame);
      break;
    }
    case "count-from-now":
      seen = new Set();
      duplicates = 0;
      break;
    case "count":
      break;
  }
  return { at, received: seen.size, duplicates };
}
