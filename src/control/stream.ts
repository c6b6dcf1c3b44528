/** One answer under way: written no faster than it is read, and never in one go. */
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import type { Metadata, ServerWritableStream, status } from "@grpc/grpc-js";
import type { Texts } from "./service.ts";

/** Rows are sent together up to about this size; gRPC takes no message above 4 MiB. */
const REPLY_CHARACTERS = 64 * 1024;

export class Stream {
  /** Aborted when the caller has hung up or the server stops. */
  readonly signal: AbortSignal;
  readonly #call: ServerWritableStream<Texts, Texts>;

  constructor(call: ServerWritableStream<Texts, Texts>, stop: AbortSignal) {
    const gone = new AbortController();
    this.#call = call;
    this.signal = AbortSignal.any([gone.signal, stop]);
    call.on("cancelled", () => gone.abort());
    // An error of the transport comes with, or instead of, the cancellation.
    call.on("error", () => gone.abort());
  }

  /** Resolves when more may be written, and not before others have had their turn. */
  async write(texts: Texts): Promise<void> {
    for (const reply of replies(texts)) {
      if (!this.#call.write(reply)) await once(this.#call, "drain", { signal: this.signal });
    }
    await setImmediate(undefined, { signal: this.signal });
  }

  end(): void {
    this.#call.end();
  }

  fail(code: status, details: string, metadata?: Metadata): void {
    this.#call.emit("error", { code, details, metadata });
  }
}

function* replies(texts: Texts): Iterable<Texts> {
  let reply: string[] = [];
  let characters = 0;
  for (const text of texts) {
    reply.push(text);
    characters += text.length;
    if (characters < REPLY_CHARACTERS) continue;
    yield reply;
    reply = [];
    characters = 0;
  }
  if (reply.length > 0) yield reply;
}
