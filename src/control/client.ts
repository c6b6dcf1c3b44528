/** The CLI's end of the control socket: questions out, JSON texts in, and one kind of error. */
import { resolve } from "node:path";
import { Client, type ClientReadableStream, credentials, status } from "@grpc/grpc-js";
import type { Command } from "./command.ts";
import type { Filter, ShowRequest } from "./protocol.ts";
import { COMMAND, SHOW, type Texts, WATCH } from "./service.ts";
import { tryConnect } from "./socket.ts";

/**
 * `not-reachable`: nobody answers at the socket, or whoever did has gone. `refused`: the daemon does
 * not take the question as it is. `failed`: it does, and could not answer.
 */
export type ControlErrorKind = "not-reachable" | "refused" | "failed";

export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly kind: ControlErrorKind;

  constructor(kind: ControlErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export class ControlClient implements Disposable {
  readonly #socket: string;
  readonly #client: Client;

  constructor(socket: string) {
    this.#socket = resolve(socket);
    this.#client = new Client(`unix:${this.#socket}`, credentials.createInsecure());
  }

  /** The rows of an answer, as JSON texts, some hundreds at a time. */
  show(request: ShowRequest, signal: AbortSignal): AsyncGenerator<Texts, void> {
    return this.#call(SHOW, request, signal);
  }

  /** Events as they happen, as JSON texts; ends when `signal` is aborted. */
  watch(filter: Filter, signal: AbortSignal): AsyncGenerator<Texts, void> {
    return this.#call(WATCH, { filter }, signal);
  }

  /** Has it done; the answer, as a JSON text. */
  async command(command: Command, signal: AbortSignal): Promise<string> {
    let answer = "{}";
    for await (const [text] of this.#call(COMMAND, command, signal)) answer = text ?? answer;
    return answer;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  async *#call(
    method: typeof SHOW,
    request: unknown,
    signal: AbortSignal,
  ): AsyncGenerator<Texts, void> {
    if (signal.aborted) return;
    const call: ClientReadableStream<Texts> = this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      [JSON.stringify(request)],
    );
    const cancel = (): void => call.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      for await (const texts of call) yield texts as Texts;
    } catch (error) {
      if (!signal.aborted) throw await this.#explain(error);
    } finally {
      signal.removeEventListener("abort", cancel);
      call.cancel();
    }
  }

  async #explain(error: unknown): Promise<ControlError> {
    const { code, details } = error as { readonly code?: unknown; readonly details?: unknown };
    const said = typeof details === "string" ? details : String(error);
    switch (code) {
      case status.UNAVAILABLE:
      case status.CANCELLED: {
        const reason = (await tryConnect(this.#socket)) ?? "it has hung up";
        const message = `Cannot reach roamd at ${this.#socket}: ${reason}`;
        return new ControlError("not-reachable", message, { cause: error });
      }
      case status.INVALID_ARGUMENT:
        return new ControlError("refused", said, { cause: error });
      default:
        return new ControlError("failed", said, { cause: error });
    }
  }
}
