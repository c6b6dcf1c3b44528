/** A TCP connection from a host to the guest, and pings beside it: what has to survive. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Fabric } from "../runner/fabric.ts";
import { Assistant } from "../runner/json-lines.ts";
import { poll } from "../runner/poll.ts";
import { inRepository } from "../runner/repository.ts";
import { ECHO_PORT } from "./guest.ts";

export type CallerQuestion = "talk" | "hush" | "tell";

export interface CallerAnswer {
  /** Bytes since the beginning. */
  readonly sent: number;
  readonly echoed: number;
  /** The first byte that was not what had been sent. */
  readonly wrongAt: number | null;
  /** Why the connection is no more; `null`: it stands. */
  readonly ended: string | null;
  /** Since `talk`: the longest time without a byte, and when it was over. */
  readonly longestSilence: { readonly ms: number; readonly until: number };
}

export class Caller {
  readonly #host: Assistant<CallerQuestion, CallerAnswer>;

  readonly #child: ChildProcess;

  constructor(fabric: Fabric, { node, to }: { readonly node: string; readonly to: string }) {
    const program = inRepository("dist/labs/qemu/caller.js");
    const command = [process.execPath, program, to, String(ECHO_PORT)];
    this.#child = fabric.spawn(node, command, { stdio: ["pipe", "pipe", "inherit"] });
    this.#host = new Assistant(this.#child);
  }

  close(): void {
    this.#child.stdin?.end();
  }

  /** Sends all the time, until `hush`. */
  async talk(): Promise<void> {
    await this.#host.ask("talk");
  }

  tell(): Promise<CallerAnswer> {
    return this.#host.ask("tell");
  }

  /** Sends no more, and waits until all that was sent is back, or nothing more can come. */
  async hush(): Promise<CallerAnswer> {
    await this.#host.ask("hush");
    await poll("all bytes to be echoed", async () => isSettled(await this.tell())).catch(
      () => undefined,
    );
    return this.tell();
  }

  /** Until so many more bytes are back. */
  async hear(bytes: number): Promise<void> {
    const { echoed } = await this.tell();
    await poll(
      `${bytes} more bytes to be echoed`,
      async () => {
        const answer = await this.tell();
        return answer.echoed >= echoed + bytes || answer.ended !== null;
      },
      { timeoutMs: 60_000, otherwise: async () => JSON.stringify(await this.tell()) },
    );
  }
}

function isSettled({ sent, echoed, ended }: CallerAnswer): boolean {
  return echoed === sent || ended !== null;
}

export function isWhole({ sent, echoed, wrongAt, ended }: CallerAnswer): boolean {
  return ended === null && wrongAt === null && echoed === sent && sent > 0;
}

export interface Pinged {
  readonly sent: number;
  readonly lost: number;
}

/** Pings fifty times a second, until it is stopped. */
export class Pings {
  readonly #shell: ChildProcess;
  #said = "";

  constructor(fabric: Fabric, { node, to }: { readonly node: string; readonly to: string }) {
    // ping tells its counts when it is interrupted; a signal from outside would not reach it.
    const script = 'ping -n -q -i 0.02 "$1" & ping=$!; read -r _; kill -INT $ping; wait $ping';
    this.#shell = fabric.spawn(node, ["sh", "-c", script, "sh", to], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#shell.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#said += text;
    });
  }

  async stop(): Promise<Pinged> {
    const closed = once(this.#shell, "close");
    this.#shell.stdin?.end("\n");
    await closed;
    const counts = /(\d+) packets transmitted, (\d+) received/.exec(this.#said);
    if (counts === null) throw new Error(`Cannot read the counts of ping: ${this.#said}`);
    const sent = Number(counts[1]);
    return { sent, lost: sent - Number(counts[2]) };
  }
}
