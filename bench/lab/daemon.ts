/** A process in a node whose cost is looked at: what it says, how long it has worked, its memory. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { now } from "../../labs/runner/clock.ts";
import { onLine } from "../../labs/runner/lines.ts";
import type { InNode } from "./assistants.ts";

export class Daemon {
  /** When it was started, milliseconds since the epoch. */
  readonly startedAt: number;
  /** What it has said, and when. */
  readonly lines: { readonly text: string; readonly at: number }[] = [];
  readonly #child: ChildProcess;
  readonly #where: InNode;
  #pid: number | undefined;
  #heard: () => void = () => {};

  constructor(where: InNode, command: readonly string[]) {
    this.#where = where;
    this.startedAt = now();
    const shell = ["sh", "-c", 'echo $$; exec "$@"', "sh", ...command];
    this.#child = where.fabric.spawn(where.node, shell, { stdio: ["ignore", "pipe", "inherit"] });
    this.#child.once("exit", () => this.#heard());
    onLine(this.#child, (text) => {
      if (this.#pid === undefined) this.#pid = Number(text);
      else this.lines.push({ text, at: now() });
      this.#heard();
    });
  }

  /** When it has said all of these words, each in some line. */
  async said(words: readonly string[], timeoutMs = 60_000): Promise<number> {
    const timer = AbortSignal.timeout(timeoutMs);
    // Once, and not with every line that it says.
    timer.addEventListener("abort", () => this.#heard(), { once: true });
    for (;;) {
      const ats = words.map((word) => this.lines.find(({ text }) => text.includes(word))?.at);
      const last = Math.max(...ats.map((at) => at ?? Number.POSITIVE_INFINITY));
      if (Number.isFinite(last)) return last;
      if (timer.aborted || this.#child.exitCode !== null) {
        throw new Error(`Waited in vain for ${words}: ${this.lines.map(({ text }) => text)}`);
      }
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  /** The line that it says when it gets this signal. */
  async answer(signal: "HUP"): Promise<string> {
    const known = this.lines.length;
    await this.#send(signal);
    for (;;) {
      const line = this.lines[known];
      if (line !== undefined) return line.text;
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  /** Of all threads, user and system, milliseconds so far. */
  cpuMs(): number {
    return cpuMsOf(this.#process());
  }

  residentKb(): number {
    return residentKbOf(this.#process());
  }

  /** When it has ended by itself. */
  async ended(): Promise<void> {
    if (this.#child.exitCode === null) await once(this.#child, "exit");
  }

  async end(signal: "TERM" | "KILL"): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "exit");
    await this.#send(signal);
    await ended;
  }

  async #send(signal: string): Promise<void> {
    await this.#where.fabric.run(this.#where.node, ["kill", `-${signal}`, String(this.#pid)]);
  }

  #process(): string {
    return `/proc/${this.#where.fabric.pid(this.#where.node)}/root/proc/${this.#pid}`;
  }
}

/** A daemon that the node's own script has started. */
export function processOf({ fabric, node }: InNode, daemon: string): string {
  const root = `/proc/${fabric.pid(node)}/root`;
  const pid = readFileSync(`${root}/run/${daemon}.pid`, "utf8").trim();
  return `${root}/proc/${pid}`;
}

export function residentKbOf(process: string): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`${process}/status`, "utf8"))?.[1]);
}

function cpuMsOf(process: string): number {
  const threads = readdirSync(`${process}/task`);
  const nanoseconds = threads.map((thread) => {
    return Number(readFileSync(`${process}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  });
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}
