/**
 * Runs in a host: sends frames on its port as if they came from stations of their own behind it.
 * Asked by `Stations`. Its argument is the port.
 */
import { openPacketSocket } from "./hypervisor.ts";
import { answerAll } from "./json-lines.ts";
import type { StationAnswer, StationQuestion } from "./stations.ts";

const socket = openPacketSocket(process.argv[2] ?? "");

await answerAll<StationQuestion, StationAnswer>(({ frames }) => {
  for (const frame of frames) {
    const sent = socket.send(Buffer.from(frame, "base64"));
    if (sent < 0) throw new Error(`Cannot send a frame: error ${-sent}`);
  }
  return { sent: frames.length };
});
