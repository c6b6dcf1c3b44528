/** Runs in a host: sends numbered datagrams at a steady rate while it is asked to. */
import { createSocket } from "node:dgram";
import { answerAll } from "./json-lines.ts";

export type TalkerQuestion =
  | {
      readonly kind: "talk";
      readonly to: string;
      readonly port: number;
      readonly perSecond: number;
    }
  | { readonly kind: "hush" };

export interface TalkerAnswer {
  /** Datagrams sent since `talk`. */
  readonly sent: number;
}

async function serve(): Promise<void> {
  const socket = createSocket("udp4");
  let timer: NodeJS.Timeout | undefined;
  let sent = 0;
  // Replies of a guest that is nowhere for a moment ("port unreachable") are no error of ours.
  socket.on("error", () => undefined);

  await answerAll<TalkerQuestion, TalkerAnswer>((question) => {
    clearInterval(timer);
    if (question.kind === "talk") {
      sent = 0;
      const began = performance.now();
      const { to, port, perSecond } = question;
      // A timer is late now and then: what is due by the clock is sent, so the rate holds.
      timer = setInterval(() => {
        const due = Math.floor(((performance.now() - began) / 1000) * perSecond);
        for (; sent < due; sent++) {
          const datagram = Buffer.alloc(64);
          datagram.writeUInt32BE(sent);
          socket.send(datagram, port, to);
        }
      }, 1);
    }
    return { sent };
  });
  clearInterval(timer);
  socket.close();
}

await serve();
