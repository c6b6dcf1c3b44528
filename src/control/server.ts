/**
 * The daemon's end of the control socket. Whatever comes over it is answered by rows or by a status
 * that names what is wrong; the daemon's own work goes on between any two batches of an answer.
 */
import {
  Server,
  ServerCredentials,
  type ServerWritableStream,
  status,
  type UntypedHandleCall,
} from "@grpc/grpc-js";
import { err, ok, type Result } from "../evpn/result.ts";
import { type Command, type CommandAnswer, readCommandRequest } from "./command.ts";
import { readShowRequest, readWatchRequest } from "./protocol.ts";
import { show } from "./queries/show.ts";
import { COMMAND, SHOW, type Texts, WATCH } from "./service.ts";
import type { Snapshot } from "./snapshot.ts";
import { type Access, allowAccess, clearPath } from "./socket.ts";
import { Stream } from "./stream.ts";
import { type Subscribe, sendEvents } from "./watch.ts";

export interface ControlServerOptions extends Access {
  readonly socket: string;
  /** Called for each question. */
  readonly snapshot: () => Snapshot;
  readonly subscribe: Subscribe;
  /** Does it, or says in one sentence why it can not be done. */
  readonly command: (command: Command) => Result<CommandAnswer>;
}

export interface ControlServer extends AsyncDisposable {
  readonly socket: string;
}

/** A question is one line; nobody needs more than this. */
const REQUEST_MAX_BYTES = 64 * 1024;
/** Calls at a time, of all clients: each holds rows or events in memory. */
const CALLS_MAX = 64;

/** Listens, or says in one sentence why not. */
export async function listen(options: ControlServerOptions): Promise<Result<ControlServer>> {
  const cleared = await clearPath(options.socket);
  if (!cleared.ok) return cleared;

  const server = new Server({
    "grpc.max_receive_message_length": REQUEST_MAX_BYTES,
    "grpc.max_concurrent_streams": CALLS_MAX,
  });
  const stop = new AbortController();
  const calls = new Calls(stop.signal);
  server.addService(
    { show: SHOW, watch: WATCH, command: COMMAND },
    {
      show: calls.handle((stream, request) => answer(stream, request, options)),
      watch: calls.handle((stream, request) => watch(stream, request, options)),
      command: calls.handle((stream, request) => obey(stream, request, options)),
    },
  );
  const bound = await bind(server, options.socket);
  const allowed = bound.ok ? await allowAccess(options.socket, options) : bound;
  if (!allowed.ok) {
    server.forceShutdown();
    return allowed;
  }
  return ok({
    socket: options.socket,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      // Node removes the socket's file when it stops to listen.
      server.forceShutdown();
      await calls.settled();
    },
  });
}

function bind(server: Server, socket: string): Promise<Result<undefined>> {
  return new Promise((resolve) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) => {
      resolve(error === null ? ok(undefined) : err(`Cannot listen on ${socket}: ${error.message}`));
    });
  });
}

async function answer(
  stream: Stream,
  text: string,
  { snapshot }: ControlServerOptions,
): Promise<Done> {
  const request = readShowRequest(text);
  if (!request.ok) return misunderstood(request.error);
  for (const batch of show(snapshot(), request.value)) {
    await stream.write(batch.map((row) => JSON.stringify(row)));
  }
  return ok(undefined);
}

async function watch(
  stream: Stream,
  text: string,
  { subscribe }: ControlServerOptions,
): Promise<Done> {
  const filter = readWatchRequest(text);
  if (!filter.ok) return misunderstood(filter.error);
  await sendEvents(stream, { filter: filter.value, subscribe });
  return ok(undefined);
}

async function obey(
  stream: Stream,
  text: string,
  { command }: ControlServerOptions,
): Promise<Done> {
  const request = readCommandRequest(text);
  if (!request.ok) return misunderstood(request.error);
  const answer = command(request.value);
  if (!answer.ok) return err({ code: status.FAILED_PRECONDITION, details: answer.error });
  await stream.write([JSON.stringify(answer.value)]);
  return ok(undefined);
}

/** A call comes to its end, or ends with a status that says in one sentence why. */
type Done = Result<undefined, { readonly code: status; readonly details: string }>;

function misunderstood(details: string): Done {
  return err({ code: status.INVALID_ARGUMENT, details });
}

type Handler = (stream: Stream, request: string) => Promise<Done>;

/** The calls under way: so many and no more, and none left when the server has gone. */
class Calls {
  readonly #running = new Set<Promise<void>>();
  readonly #stop: AbortSignal;

  constructor(stop: AbortSignal) {
    this.#stop = stop;
  }

  handle(handler: Handler): UntypedHandleCall {
    return (call: ServerWritableStream<Texts, Texts>) => {
      const stream = new Stream(call, this.#stop);
      if (this.#running.size >= CALLS_MAX) {
        stream.fail(status.RESOURCE_EXHAUSTED, `Cannot answer: ${CALLS_MAX} calls are under way`);
        return;
      }
      const running = run(handler, stream, call.request).finally(() => {
        this.#running.delete(running);
      });
      this.#running.add(running);
    };
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}

async function run(handler: Handler, stream: Stream, request: Texts): Promise<void> {
  try {
    const done = await handler(stream, request[0] ?? "{}");
    if (done.ok) stream.end();
    else stream.fail(done.error.code, done.error.details);
  } catch (error) {
    // The caller has hung up, or the server stops: there is nobody to tell.
    if (stream.signal.aborted) stream.end();
    else stream.fail(status.INTERNAL, `Cannot answer: ${String(error)}`);
  }
}
