/**
 * The daemon's end of the control socket, and of the way in over TCP. Whatever comes over it is answered by rows or by a status
 * that names what is wrong; the daemon's own work goes on between any two batches of an answer.
 */
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { err, ok, type Result } from "../evpn/result.ts";
import type { ControlNotice } from "../report/control-notice.ts";
import { type Admit, CALLS_MAX, Calls, type Done, type Request } from "./calls.ts";
import { type Command, type CommandAnswer, readCommandRequest } from "./command.ts";
import { readShowRequest, readWatchRequest } from "./protocol.ts";
import { mayBeWanted, type RouteId } from "./queries/route-filter.ts";
import { show } from "./queries/show.ts";
import { COMMAND, SHOW, WATCH } from "./service.ts";
import type { Snapshot } from "./snapshot.ts";
import { type Access, allowAccess, clearPath } from "./socket.ts";
import type { Stream } from "./stream.ts";
import { IDLE_MS, prepareTcp, type TcpAccess } from "./tcp.ts";
import { type Subscribe, sendEvents } from "./watch.ts";

export interface ControlServerOptions extends Access {
  readonly socket: string;
  /** Called for each question. */
  readonly snapshot: () => Snapshot;
  /** Asks GoBGP for all it has of the routes that may be wanted; rejects where it can not. */
  readonly paths: (
    isWanted: (id: RouteId) => boolean,
    signal: AbortSignal,
  ) => Promise<NonNullable<Snapshot["paths"]>>;
  readonly subscribe: Subscribe;
  /** Does it, or says in one sentence why it can not be done; `by` is who has asked for it. */
  readonly command: (command: Command, by: string) => Result<CommandAnswer>;
  /** `undefined`: only the socket is listened on. */
  readonly tcp: TcpAccess | undefined;
  /** The time of day, which those who sign requests must know as well. */
  readonly now: () => number;
  readonly tell: (notice: ControlNotice) => void;
}

export interface ControlServer extends AsyncDisposable {
  readonly socket: string;
  /** `host:port`. */
  readonly tcp: string | undefined;
}

/** A question is one line; nobody needs more than this. */
const REQUEST_MAX_BYTES = 64 * 1024;

/** Who may open the socket is its permissions' business; which process it was nobody tells us. */
const admitAnybody: Admit = () => ok("socket");

/** Listens, or says in one sentence why not. */
export async function listen(options: ControlServerOptions): Promise<Result<ControlServer>> {
  const socket = await listenOnSocket(options);
  if (!socket.ok) return socket;
  const tcp = options.tcp === undefined ? undefined : await listenOnTcp(options.tcp, options);
  const close = async (): Promise<void> => {
    if (tcp?.ok === true) await tcp.value[Symbol.asyncDispose]();
    await socket.value[Symbol.asyncDispose]();
  };
  if (tcp?.ok === false) {
    await close();
    return tcp;
  }
  return ok({
    socket: options.socket,
    tcp: tcp?.value.address,
    [Symbol.asyncDispose]: close,
  });
}

async function listenOnSocket(options: ControlServerOptions): Promise<Result<AsyncDisposable>> {
  const cleared = await clearPath(options.socket);
  if (!cleared.ok) return cleared;
  const served = serve(options, admitAnybody);
  const bound = await bind(served.server, options.socket);
  const allowed = bound.ok ? await allowAccess(options.socket, options) : bound;
  if (allowed.ok) return ok(served);
  // Node removes the socket's file when it stops to listen.
  await served[Symbol.asyncDispose]();
  return allowed;
}

async function listenOnTcp(
  access: TcpAccess,
  options: ControlServerOptions,
): Promise<Result<AsyncDisposable & { readonly address: string }>> {
  const door = prepareTcp(access, options);
  if (!door.ok) return door;
  const served = serve(options, door.value.admit);
  const close = async (): Promise<void> => {
    door.value.close();
    await served[Symbol.asyncDispose]();
  };
  const opened = await door.value.open(served.server);
  if (opened.ok) return ok({ address: opened.value, [Symbol.asyncDispose]: close });
  await close();
  return opened;
}

/** A server for one way in, so that who comes by the other can not use up what there is. */
function serve(
  options: ControlServerOptions,
  admit: Admit,
): AsyncDisposable & { readonly server: Server } {
  const server = new Server({
    "grpc.max_receive_message_length": REQUEST_MAX_BYTES,
    "grpc.max_concurrent_streams": CALLS_MAX,
    "grpc.max_connection_idle_ms": IDLE_MS,
  });
  const stop = new AbortController();
  const calls = new Calls(stop.signal, admit);
  server.addService(
    { show: SHOW, watch: WATCH, command: COMMAND },
    {
      show: calls.handle((stream, request) => answer(stream, request, options)),
      watch: calls.handle((stream, request) => watch(stream, request, options)),
      command: calls.handle((stream, request) => obey(stream, request, options)),
    },
  );
  const dispose = async (): Promise<void> => {
    stop.abort();
    server.forceShutdown();
    await calls.settled();
  };
  return { server, [Symbol.asyncDispose]: dispose };
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
  { text }: Request,
  { snapshot, paths }: ControlServerOptions,
): Promise<Done> {
  const request = readShowRequest(text);
  if (!request.ok) return misunderstood(request.error);
  const { filter } = request.value;
  const details =
    filter.detail === true ? await asked(paths(mayBeWanted(filter), stream.signal)) : ok(undefined);
  if (!details.ok) return err({ code: status.FAILED_PRECONDITION, details: details.error });
  for (const batch of show({ ...snapshot(), paths: details.value }, request.value)) {
    await stream.write(batch.map((row) => JSON.stringify(row)));
  }
  return ok(undefined);
}

async function asked<T>(answer: Promise<T>): Promise<Result<T>> {
  try {
    return ok(await answer);
  } catch (error) {
    return err(`Cannot show details: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function watch(
  stream: Stream,
  { text }: Request,
  { subscribe }: ControlServerOptions,
): Promise<Done> {
  const filter = readWatchRequest(text);
  if (!filter.ok) return misunderstood(filter.error);
  await sendEvents(stream, { filter: filter.value, subscribe });
  return ok(undefined);
}

async function obey(
  stream: Stream,
  { text, by }: Request,
  { command }: ControlServerOptions,
): Promise<Done> {
  const request = readCommandRequest(text);
  if (!request.ok) return misunderstood(request.error);
  const answer = command(request.value, by);
  if (!answer.ok) return err({ code: status.FAILED_PRECONDITION, details: answer.error });
  await stream.write([JSON.stringify(answer.value)]);
  return ok(undefined);
}

function misunderstood(details: string): Done {
  return err({ code: status.INVALID_ARGUMENT, details });
}
