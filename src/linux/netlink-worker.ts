/**
 * The worker thread of `NetlinkClient`: bytes of requests in, failures or bytes of tables out. It
 * knows no message but netlink's own framing.
 */
import { parentPort } from "node:worker_threads";
import { LinuxError } from "./linux-error.ts";
import { NetlinkConversation, NetlinkDump, type WriteFailure } from "./netlink-conversation.ts";
import { NftConversation } from "./nft-conversation.ts";
import type { NetlinkProtocol } from "./socket.ts";

export type NetlinkJob =
  | { readonly id: number; readonly kind: "write"; readonly requests: Uint8Array }
  /** A transaction of nf_tables: all of it or nothing. */
  | { readonly id: number; readonly kind: "commit"; readonly transaction: Uint8Array }
  | {
      readonly id: number;
      readonly kind: "dump";
      readonly request: Uint8Array;
      readonly protocol: NetlinkProtocol;
      /** How many parts may be on their way. */
      readonly ahead: number;
    }
  /** A part of a dump has been taken in. */
  | { readonly id: number; readonly kind: "taken" };

export type NetlinkAnswer =
  | { readonly id: number; readonly kind: "written"; readonly failures: readonly WriteFailure[] }
  /** `port` is by what others are told that it was us. */
  | {
      readonly id: number;
      readonly kind: "committed";
      readonly failure: WriteFailure | undefined;
      readonly port: number;
    }
  | { readonly id: number; readonly kind: "part"; readonly messages: Uint8Array }
  | { readonly id: number; readonly kind: "dumped" }
  | {
      readonly id: number;
      readonly kind: "broken";
      readonly action: string;
      readonly errno: number;
      readonly detail: string | undefined;
    };

const port = parentPort;
if (port === null) throw new Error("Cannot run the netlink worker outside a worker thread");
const conversation = new NetlinkConversation();
/** Not before it is needed: there may be no nf_tables. */
let filters: NftConversation | undefined;

const dumps = new Map<number, Parts>();

/** Of a dump, those that are on their way. */
class Parts {
  readonly #ahead: number;
  #onTheirWay = 0;
  #goOn: (() => void) | undefined;

  constructor(ahead: number) {
    this.#ahead = ahead;
  }

  /** Resolves when another may be sent. */
  async sent(): Promise<void> {
    this.#onTheirWay++;
    // A row to be written waits for one buffer of a table and not for all of it.
    await new Promise(setImmediate);
    if (this.#onTheirWay < this.#ahead) return;
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
    });
  }

  taken(): void {
    this.#onTheirWay--;
    this.#goOn?.();
    this.#goOn = undefined;
  }
}

port.on("message", (job: NetlinkJob) => {
  switch (job.kind) {
    case "taken":
      dumps.get(job.id)?.taken();
      return;
    case "dump":
      void dump(job);
      return;
    case "write":
      attempt(job.id, () => write(job.id, job.requests));
      return;
    case "commit":
      attempt(job.id, () => commit(job.id, job.transaction));
      return;
  }
});

function write(id: number, requests: Uint8Array): void {
  port?.postMessage({
    id,
    kind: "written",
    failures: conversation.write(requests),
  } satisfies NetlinkAnswer);
}

function commit(id: number, transaction: Uint8Array): void {
  filters ??= new NftConversation();
  const committed = filters.commit(transaction);
  port?.postMessage({ id, kind: "committed", ...committed } satisfies NetlinkAnswer);
}

async function dump({
  id,
  request,
  protocol,
  ahead,
}: Extract<NetlinkJob, { kind: "dump" }>): Promise<void> {
  let reading: NetlinkDump | undefined;
  const parts = new Parts(ahead);
  dumps.set(id, parts);
  try {
    reading = new NetlinkDump(request, protocol);
    for (;;) {
      const messages = reading.next();
      if (messages === undefined) break;
      port?.postMessage({ id, kind: "part", messages } satisfies NetlinkAnswer, [messages.buffer]);
      await parts.sent();
    }
    port?.postMessage({ id, kind: "dumped" } satisfies NetlinkAnswer);
  } catch (error) {
    fail(id, error);
  } finally {
    dumps.delete(id);
    reading?.close();
  }
}

function attempt(id: number, work: () => void): void {
  try {
    work();
  } catch (error) {
    fail(id, error);
  }
}

/** What the kernel did goes to whoever asked; what we did ends the worker. */
function fail(id: number, error: unknown): void {
  if (!(error instanceof LinuxError)) throw error;
  const { action, errno, detail } = error;
  port?.postMessage({ id, kind: "broken", action, errno, detail } satisfies NetlinkAnswer);
}
