/** The CLI's end of the control API: questions out, JSON texts in, and one kind of error. */
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  type ClientReadableStream,
  credentials,
  Metadata,
  status,
} from "@grpc/grpc-js";
import type { Command } from "./command.ts";
import type { Filter, ShowRequest } from "./protocol.ts";
import { COMMAND, SHOW, type Texts, WATCH } from "./service.ts";
import { tryConnect } from "./socket.ts";
import { socketTarget, type Target } from "./target.ts";

/**
 * `not-reachable`: nobody answers at the socket, or whoever did has gone. `refused`: the daemon does
 * not take the question as it is. `not-allowed`: it takes none from us. `failed`: it does, and could
 * not answer.
 */
export type ControlErrorKind = "not-reachable" | "refused" | "not-allowed" | "failed";

/** So often a request is signed anew: the one asked says only by refusing whom it is to be signed for. */
const SIGNED_MAX = 3;

export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly kind: ControlErrorKind;

  constructor(kind: ControlErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export class ControlClient implements Disposable {
  readonly #target: Target;
  readonly #client: Client;

  /** A text is the path of a socket. */
  constructor(target: Target | string) {
    this.#target = typeof target === "string" ? socketTarget(target) : target;
    this.#client = new Client(
      this.#target.grpc,
      credentialsOf(this.#target),
      channelOf(this.#target),
    );
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
    const body = JSON.stringify(request);
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        yield* this.#ask(method, body, signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (tries === SIGNED_MAX || !this.#mayAskAgain(error)) throw await this.#explain(error);
      }
    }
  }

  async *#ask(method: typeof SHOW, body: string, signal: AbortSignal): AsyncGenerator<Texts, void> {
    const { signer } = this.#target;
    const call: ClientReadableStream<Texts> = this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      [body],
      signer?.sign({ method: method.path, body }) ?? new Metadata(),
    );
    const cancel = (): void => call.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      for await (const texts of call) yield texts as Texts;
    } finally {
      signal.removeEventListener("abort", cancel);
      call.cancel();
    }
  }

  /** Nothing was answered yet: who is not allowed gets no part of it. */
  #mayAskAgain(error: unknown): boolean {
    const { code, metadata } = error as { readonly code?: unknown; readonly metadata?: unknown };
    if (code !== status.UNAUTHENTICATED || !(metadata instanceof Metadata)) return false;
    return this.#target.signer?.learn(metadata) ?? false;
  }

  async #explain(error: unknown): Promise<ControlError> {
    const { code, details } = error as { readonly code?: unknown; readonly details?: unknown };
    const said = typeof details === "string" ? details : String(error);
    switch (code) {
      case status.UNAVAILABLE:
      case status.CANCELLED: {
        const { shown, connect: to } = this.#target;
        const hungUp = this.#target.tls === undefined ? "it has hung up" : said;
        const message = `Cannot reach roamd at ${shown}: ${(await tryConnect(to)) ?? hungUp}`;
        return new ControlError("not-reachable", message, { cause: error });
      }
      case status.INVALID_ARGUMENT:
        return new ControlError("refused", said, { cause: error });
      case status.UNAUTHENTICATED:
        return new ControlError("not-allowed", said, { cause: error });
      default:
        return new ControlError("failed", said, { cause: error });
    }
  }
}

function credentialsOf({ tls, host }: Target): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  return credentials.createSsl(tls.ca, tls.key ?? null, tls.certificate ?? null, {
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
  });
}

function channelOf({ tls, host }: Target): ClientOptions {
  // Who is typed is asked, and no proxy in its place.
  const channel = { "grpc.enable_http_proxy": 0 };
  // An IP address may not be asked for in a handshake (RFC 6066 section 3); Node warns of it. Whose
  // the certificate is we look at all the same.
  if (tls === undefined || isIP(host) === 0) return channel;
  return { ...channel, "grpc.ssl_target_name_override": "roamd" };
}
