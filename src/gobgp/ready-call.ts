/**
 * Calls of one message and one answer, each opened before there is anything to say. gobgpd waits for the
 * message, and holds nothing meanwhile (`AddPathStream` of 3.10 to 4.8: a goroutine in `Recv`). What it
 * takes to open a call, a millisecond on a busy leaf, is then over when a host has moved.
 *
 * A call is opened when nobody has said anything for a while: who says much at once would have to wait
 * for it either way.
 */
import { type ClientWritableStream, Metadata, type ServiceError, status } from "@grpc/grpc-js";

/** Longer than a move takes, whose processors are not to be taken away for the next one. */
const QUIET_MS = 20;

/**
 * Long enough for gobgpd 3.10, which stands still for seconds when it has many routes: from the message,
 * for the call may have been open for days.
 */
const ANSWER_WITHIN_MS = 10_000;

export type OpenCall<Message> = (
  metadata: Metadata,
  done: (error: ServiceError | null) => void,
) => ClientWritableStream<Message>;

interface Opened<Message> {
  readonly call: ClientWritableStream<Message>;
  /** Who waits for the answer; nobody before the message. */
  done: ((error: ServiceError | null) => void) | undefined;
}

export class ReadyCall<Message> {
  readonly #open: OpenCall<Message>;
  #ready: Opened<Message> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(open: OpenCall<Message>) {
    this.#open = open;
  }

  /** Resolves when gobgpd has taken the message; rejects with a `ServiceError`, also when it is aborted. */
  send(message: Message, signal: AbortSignal): Promise<void> {
    const opened = this.#ready ?? this.#opened();
    this.#ready = undefined;
    clearTimeout(this.#timer);
    return new Promise((resolve, reject) => {
      const cancel = (): void => opened.call.cancel();
      const late = setTimeout(() => {
        const details = `no answer within ${ANSWER_WITHIN_MS / 1000} s`;
        opened.call.call?.cancelWithStatus(status.DEADLINE_EXCEEDED, details);
      }, ANSWER_WITHIN_MS);
      opened.done = (error) => {
        clearTimeout(late);
        signal.removeEventListener("abort", cancel);
        this.#prepare();
        if (error === null) resolve();
        else reject(error);
      };
      // One message is taken or refused as a whole; the end of the stream asks for the answer.
      opened.call.end(message);
      if (signal.aborted) cancel();
      else signal.addEventListener("abort", cancel, { once: true });
    });
  }

  /** The open call would keep the connection. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#ready?.call.cancel();
  }

  #opened(): Opened<Message> {
    const call = this.#open(new Metadata(), (error) => {
      // One that ends unused, as its connection has, is not opened again before there is something to say.
      if (this.#ready === opened) this.#ready = undefined;
      opened.done?.(error);
    });
    const opened: Opened<Message> = { call, done: undefined };
    return opened;
  }

  #prepare(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#ready ??= this.#opened();
    }, QUIET_MS);
  }
}
