/** The main thread's side of the netlink worker: rows written and tables read, as promises. */
import { Worker } from "node:worker_threads";
import { type NetlinkMessage, NetlinkType, readMessages } from "../wire/netlink.ts";
import { Errno, LinuxError } from "./linux-error.ts";
import type { WriteFailure } from "./netlink-conversation.ts";
import type { NetlinkAnswer, NetlinkJob } from "./netlink-worker.ts";

/** Of links and neighbours the kernel says when they have changed; a few in a row is a busy moment. */
const DUMP_ATTEMPTS = 5;

interface Pending {
  readonly part: (messages: Uint8Array) => void;
  readonly resolve: (failures: readonly WriteFailure[]) => void;
  readonly reject: (error: Error) => void;
}

/** Node 20 runs no TypeScript in a worker: when we run from the sources, it runs what was built. */
function workerUrl(): URL {
  return import.meta.url.endsWith(".ts")
    ? new URL("../../dist/src/linux/netlink-worker.js", import.meta.url)
    : new URL("./netlink-worker.js", import.meta.url);
}

export class NetlinkClient implements AsyncDisposable {
  /** What Node itself was told (`--eval`, `--input-type`) is not for the worker. */
  readonly #worker: Worker = new Worker(workerUrl(), { execArgv: [] });
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  /** Why nothing can be asked any more. */
  #over: Error | undefined;

  constructor() {
    this.#worker.on("message", (answer: NetlinkAnswer) => this.#answered(answer));
    this.#worker.on("error", (error: Error) => this.#end(error));
    this.#worker.on("exit", () => this.#end(new Error("Cannot use netlink: its worker has ended")));
  }

  /** Sends all requests, in their order; answers those that failed. `requests` is given away. */
  write(requests: Uint8Array<ArrayBuffer>): Promise<readonly WriteFailure[]> {
    return this.#ask({ kind: "write", requests }, () => {});
  }

  /**
   * Asks for a table, and gives its messages to `visit` as they come. A table that changes while it
   * is being read is read again, so that some of it may be given twice.
   */
  async dump(request: Uint8Array, visit: (message: NetlinkMessage) => void): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#ask({ kind: "dump", request: request.slice() }, (part) => {
          for (const message of readMessages(part).messages) {
            if (message.type > NetlinkType.overrun) visit(message);
          }
        });
        return;
      } catch (error) {
        const wasInterrupted = error instanceof LinuxError && error.errno === Errno.EAGAIN;
        if (!wasInterrupted || attempt === DUMP_ATTEMPTS) throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end(new Error("Cannot use netlink: it has been closed"));
    await this.#worker.terminate();
  }

  #ask(
    job:
      | { kind: "write"; requests: Uint8Array<ArrayBuffer> }
      | { kind: "dump"; request: Uint8Array<ArrayBuffer> },
    part: (messages: Uint8Array) => void,
  ): Promise<readonly WriteFailure[]> {
    if (this.#over !== undefined) return Promise.reject(this.#over);
    const id = this.#nextId++;
    const bytes = job.kind === "write" ? job.requests : job.request;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { part, resolve, reject });
      this.#worker.postMessage({ id, ...job } satisfies NetlinkJob, [bytes.buffer]);
    });
  }

  #answered(answer: NetlinkAnswer): void {
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return;
    if (answer.kind === "part") {
      pending.part(answer.messages);
      return;
    }
    this.#pending.delete(answer.id);
    if (answer.kind === "broken")
      pending.reject(new LinuxError(answer.action, answer.errno, answer.detail));
    else pending.resolve(answer.kind === "written" ? answer.failures : []);
  }

  #end(error: Error): void {
    this.#over ??= error;
    for (const pending of this.#pending.values()) pending.reject(this.#over);
    this.#pending.clear();
  }
}
