/**
 * Rows written and tables read, as promises. What takes the kernel a while, many rows or a table, a
 * worker thread does; a few rows are written in this one, for to tell another thread and to be told
 * takes longer than the kernel (2 ms against 0.05 where all processors are busy). A worker that dies
 * takes what it was doing with it; the next request starts another.
 */
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { type NetlinkMessage, NetlinkType, readMessages } from "../wire/netlink.ts";
import { Errno, LinuxError } from "./linux-error.ts";
import { NetlinkConversation, type WriteFailure } from "./netlink-conversation.ts";
import type { NetlinkAnswer, NetlinkJob } from "./netlink-worker.ts";
import { type Committed, NftConversation } from "./nft-conversation.ts";
import type { NetlinkProtocol } from "./socket.ts";

/** Of links and neighbours the kernel says when they have changed; a few in a row is a busy moment. */
const DUMP_ATTEMPTS = 5;

/** About a hundred requests, which take the kernel a millisecond at the most. */
const FEW_BYTES = 8 << 10;
/** It has taken so long that frames and routes have waited for it: */
const SLOW_MS = 20;
/** then another thread does it for so long. */
const SHY_MS = 10_000;

/**
 * Parts of a dump that may be on their way. Node takes in all messages that wait in one turn of the event
 * loop: with no bound, frames and routes would wait for a whole table.
 */
const AHEAD = 2;

type Answer = Exclude<NetlinkAnswer, { kind: "part" | "broken" }>;
type Bytes = Uint8Array<ArrayBuffer>;
type Job =
  | { readonly kind: "write"; readonly requests: Bytes }
  | { readonly kind: "commit"; readonly transaction: Bytes }
  | {
      readonly kind: "dump";
      readonly request: Bytes;
      readonly protocol: NetlinkProtocol;
      readonly ahead: number;
    };

function bytesOf(job: Job): Bytes {
  if (job.kind === "write") return job.requests;
  return job.kind === "commit" ? job.transaction : job.request;
}

interface Pending {
  readonly part: (messages: Uint8Array) => void;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Where the worker's file is, seen from this file or from the one file that the daemon is built into.
 * Node 20 runs no TypeScript in a worker: when we run from the sources, it runs what was built.
 */
const WORKERS = [
  "./netlink-worker.js",
  "./linux/netlink-worker.js",
  "../../dist/src/linux/netlink-worker.js",
];

function workerUrl(): URL {
  const worker = WORKERS.map((path) => new URL(path, import.meta.url)).find(existsSync);
  if (worker === undefined) throw new Error("Cannot find the netlink worker: build roamd anew");
  return worker;
}

/** The number of a thread that is over. */
const ENDED = -1;

export class NetlinkClient implements AsyncDisposable {
  readonly #died: (reason: string) => void;
  readonly #now: () => number;
  #worker: Worker | undefined;
  readonly #pending = new Map<number, Pending>();
  /** For what is written in this thread; opened when it is needed, for there may be no nf_tables. */
  #routing: NetlinkConversation | undefined;
  #filters: NftConversation | undefined;
  /** How many changes the worker is at, which others must not overtake. */
  #changing = 0;
  #nextId = 0;
  readonly #nftPorts = new Set<number>();
  #isClosed = false;

  /** Until when nothing is written in this thread. */
  #shyUntil = Number.NEGATIVE_INFINITY;

  /**
   * `died` is told when a worker has ended that should not have; `now` in milliseconds; `worker` has
   * been started already, and is taken over if it is alive.
   */
  constructor(died: (reason: string) => void, now: () => number, worker?: Worker) {
    this.#died = died;
    this.#now = now;
    if (worker !== undefined && worker.threadId !== ENDED) this.#worker = this.#takeOver(worker);
  }

  /** Sends all requests, in their order; answers those that failed. `requests` is given away. */
  async write(requests: Uint8Array<ArrayBuffer>): Promise<readonly WriteFailure[]> {
    if (this.#isForThisThread(requests)) {
      this.#routing ??= new NetlinkConversation();
      const routing = this.#routing;
      return this.#here(() => routing.write(requests));
    }
    const answer = await this.#change({ kind: "write", requests });
    return answer.kind === "written" ? answer.failures : [];
  }

  /**
   * Has nf_tables make a transaction; answers why nothing of it was made, if that is so.
   * `transaction` is given away.
   */
  async commit(transaction: Uint8Array<ArrayBuffer>): Promise<WriteFailure | undefined> {
    let committed: Committed;
    // The worker's first, so that it is known by which port others are told of what it does.
    if (this.#isForThisThread(transaction) && this.#nftPorts.size > 0) {
      this.#filters ??= new NftConversation();
      const filters = this.#filters;
      committed = this.#here(() => filters.commit(transaction));
    } else {
      const answer = await this.#change({ kind: "commit", transaction });
      if (answer.kind !== "committed") return undefined;
      committed = answer;
    }
    this.#nftPorts.add(committed.port);
    return committed.failure;
  }

  /** By which the changes are known that `commit` has made. */
  get nftPorts(): ReadonlySet<number> {
    return this.#nftPorts;
  }

  /**
   * Asks for a table, and gives its messages to `visit` as they come. A table that changes while it
   * is being read is read again, so that some of it may be given twice.
   */
  async dump(
    request: Uint8Array,
    visit: (message: NetlinkMessage) => void,
    { protocol = "route", ahead = AHEAD }: { protocol?: NetlinkProtocol; ahead?: number } = {},
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const job = { kind: "dump", request: request.slice(), protocol, ahead } as const;
        await this.#ask(job, (part) => {
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
    this.#isClosed = true;
    this.#fail(closed());
    this.#routing?.close();
    this.#filters?.close();
    await this.#worker?.terminate();
  }

  #isForThisThread(requests: Uint8Array): boolean {
    const isFree = this.#changing === 0 && this.#now() >= this.#shyUntil;
    return isFree && requests.length <= FEW_BYTES && !this.#isClosed;
  }

  /** The kernel's lock may be held by others for as long as they like: then the worker waits for it. */
  #here<T>(change: () => T): T {
    const start = this.#now();
    const answer = change();
    const end = this.#now();
    if (end - start > SLOW_MS) this.#shyUntil = end + SHY_MS;
    return answer;
  }

  async #change(job: Extract<Job, { kind: "write" | "commit" }>): Promise<Answer> {
    this.#changing++;
    try {
      return await this.#ask(job);
    } finally {
      this.#changing--;
    }
  }

  #start(): Worker {
    // What Node itself was told (`--eval`, `--input-type`) is not for the worker.
    return this.#takeOver(new Worker(workerUrl(), { execArgv: [] }));
  }

  #takeOver(worker: Worker): Worker {
    worker.ref();
    worker.on("message", (answer: NetlinkAnswer) => this.#answered(answer));
    worker.on("error", (error: Error) => this.#end(worker, error.message));
    worker.on("exit", () => this.#end(worker, "it has ended"));
    return worker;
  }

  /** The bytes in the job are given away. */
  #ask(job: Job, part: (messages: Uint8Array) => void = () => {}): Promise<Answer> {
    if (this.#isClosed) return Promise.reject(closed());
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { part, resolve, reject });
      worker.postMessage({ id, ...job } satisfies NetlinkJob, [bytesOf(job).buffer]);
    });
  }

  #answered(answer: NetlinkAnswer): void {
    const { id } = answer;
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    if (answer.kind === "part") {
      pending.part(answer.messages);
      // Not at once: Node goes on taking in messages as long as there are any.
      setImmediate(() => this.#worker?.postMessage({ id, kind: "taken" } satisfies NetlinkJob));
      return;
    }
    this.#pending.delete(id);
    if (answer.kind === "broken")
      pending.reject(new LinuxError(answer.action, answer.errno, answer.detail));
    else pending.resolve(answer);
  }

  /** An error is followed by the exit, which is then no news. */
  #end(worker: Worker, reason: string): void {
    if (this.#worker !== worker || this.#isClosed) return;
    this.#worker = undefined;
    this.#fail(new Error(`Cannot use netlink: its worker has died: ${reason}`));
    this.#died(reason);
  }

  #fail(error: Error): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(error);
  }
}

function closed(): Error {
  return new Error("Cannot use netlink: it has been closed");
}
