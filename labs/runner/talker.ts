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
  /** How many there are by now. */
  | { readonly kind: "sent" }
  | { readonly kind: "hush" };

export interface TalkerAnswer {
  /** Datagrams sent since `talk`. */
  readonly sent: number;
}

/** A device's backlog holds 1000 packets. */
const BURST = 200;

async function serve(): Promise<void> {
  const socket = createSocket("udp4");
  let timer: NodeJS.Timeout | undefined;
  let sent = 0;
  // Replies of a guest that is nowhere for a moment ("port unreachable") are no error of ours.
  socket.on("error", () => undefined);

  await answerAll<TalkerQuestion, TalkerAnswer>((question) => {
    if (question.kind === "sent") return { sent };
    clearInterval(timer);
    if (question.kind === "talk") {
      sent = 0;
      let began = performance.now();
      const { to, port, perSecond } = question;
      // A timer is late now and then: what is due by the clock is sent, so the rate holds. But no more
      // at once than the buffers on the way hold: what they lose has nothing to do with the fabric.
      timer = setInterval(() => {
        const due = Math.floor(((performance.now() - began) / 1000) * perSecond);
        if (due - sent > BURST) began += ((due - sent - BURST) / perSecond) * 1000;
        const now = Math.min(due, sent + BURST);
        for (; sent < now; sent++) {
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
