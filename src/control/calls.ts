/** The calls under way: of those who may, so many and no more, and none left when the server has gone. */
import { type ServerWritableStream, status, type UntypedHandleCall } from "@grpc/grpc-js";
import type { Result } from "../evpn/result.ts";
import type { Refusal } from "./authorisation.ts";
import type { Texts } from "./service.ts";
import type { Asked } from "./signature.ts";
import { Stream } from "./stream.ts";

/** Calls at a time, of all clients of one way in: each holds rows or events in memory. */
export const CALLS_MAX = 64;

/** A call comes to its end, or ends with a status that says in one sentence why. */
export type Done = Result<undefined, { readonly code: status; readonly details: string }>;

export interface Request {
  readonly text: string;
  /** Who has asked. */
  readonly by: string;
}

export type Handler = (stream: Stream, request: Request) => Promise<Done>;

export type Call = ServerWritableStream<Texts, Texts>;

/** Answers who has asked. */
export type Admit = (call: Call, asked: Asked) => Result<string, Refusal>;

export class Calls {
  readonly #running = new Set<Promise<void>>();
  readonly #stop: AbortSignal;
  readonly #admit: Admit;

  constructor(stop: AbortSignal, admit: Admit) {
    this.#stop = stop;
    this.#admit = admit;
  }

  handle(handler: Handler): UntypedHandleCall {
    return (call: Call) => {
      const stream = new Stream(call, this.#stop);
      const text = call.request[0] ?? "{}";
      const by = this.#admit(call, { method: call.getPath(), body: text });
      if (!by.ok) {
        stream.fail(status.UNAUTHENTICATED, by.error.details, by.error.metadata);
        return;
      }
      if (this.#running.size >= CALLS_MAX) {
        stream.fail(status.RESOURCE_EXHAUSTED, `Cannot answer: ${CALLS_MAX} calls are under way`);
        return;
      }
      const running = run(handler, stream, { text, by: by.value }).finally(() => {
        this.#running.delete(running);
      });
      this.#running.add(running);
    };
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}

async function run(handler: Handler, stream: Stream, request: Request): Promise<void> {
  try {
    const done = await handler(stream, request);
    if (done.ok) stream.end();
    else stream.fail(done.error.code, done.error.details);
  } catch (error) {
    // The caller has hung up, or the server stops: there is nobody to tell.
    if (stream.signal.aborted) stream.end();
    else stream.fail(status.INTERNAL, `Cannot answer: ${String(error)}`);
  }
}
