/**
 * What roamd asks of gobgpd, whatever the generation of its API: `api-v3.ts` and `api-v4.ts` answer.
 *
 * Every call rejects with a `ServiceError` of gRPC, also when it is aborted.
 */
import {
  type CallOptions,
  type ClientReadableStream,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import type { SpeakerPath } from "./speaker-path.ts";

export type ApiGeneration = "v3" | "v4";

/** Who gobgpd says it is; AS number 0 says that BGP is not started on it. */
export interface SpeakerIdentity {
  readonly asn: number;
  readonly routerId: string;
}

export type SessionState =
  | "unknown"
  | "idle"
  | "connect"
  | "active"
  | "opensent"
  | "openconfirm"
  | "established";

export interface PeerSeen {
  readonly address: string;
  readonly asn: number;
  readonly state: SessionState;
  /** Switched off by its operator: not to be waited for. */
  readonly adminDown: boolean;
  /** When the session came up, seconds since the epoch; 0 where it has not. */
  readonly upSince: number;
}

export interface Watch {
  /** How many of those that stand come in a message; gobgpd before 3.27 takes no notice. */
  readonly batchSize: number;
  readonly onPath: (path: SpeakerPath) => void;
  /** Called for every message after its paths, with how many they were; also for empty ones. */
  readonly onPaths: (count: number) => void;
  readonly onPeerChange: () => void;
}

export interface SpeakerApi {
  readonly generation: ApiGeneration;
  identity(signal: AbortSignal): Promise<SpeakerIdentity>;
  peers(signal: AbortSignal): Promise<readonly PeerSeen[]>;
  /** Looks at all paths of the EVPN table, each with its attributes as they were on the wire. */
  each(look: (path: SpeakerPath) => void, signal: AbortSignal): Promise<void>;
  /**
   * Announces and withdraws, in this order. The paths of one call are taken together or, when it
   * rejects, not at all.
   */
  write(paths: readonly SpeakerPath[], signal: AbortSignal): Promise<void>;
  /**
   * Best paths: first those that stand, then every change as it happens. Settles only by rejecting.
   * The stream is never paused: gobgpd would queue without a bound.
   */
  watch(watch: Watch, signal: AbortSignal): Promise<never>;
  close(): void;
}

/**
 * Long enough for gobgpd 3.10, which stands still for seconds when it has many routes. Dumps have
 * no deadline of their own: the health check ends the connection under them.
 */
const ANSWER_WITHIN_MS = 10_000;

const SESSION_STATES: readonly SessionState[] = [
  "unknown",
  "idle",
  "connect",
  "active",
  "opensent",
  "openconfirm",
  "established",
];

/** The numbers are the same in both generations. */
export function sessionState(number: number): SessionState {
  return SESSION_STATES[number] ?? "unknown";
}

interface Cancellable {
  cancel(): void;
}

type Callback<T> = (error: ServiceError | null, response: T) => void;

/** A call with one answer, as a promise which an abort rejects. */
export function answerOf<T>(
  start: (metadata: Metadata, options: CallOptions, done: Callback<T>) => Cancellable,
  { now, signal }: { now: () => number; signal: AbortSignal },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const options = { deadline: now() + ANSWER_WITHIN_MS };
    const call = start(new Metadata(), options, (error, response) => {
      signal.removeEventListener("abort", cancel);
      if (error === null) resolve(response);
      else reject(error);
    });
    const cancel = (): void => call.cancel();
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel, { once: true });
  });
}

/** A call with a stream of answers; resolves at its end. */
export function eachAnswer<T>(
  call: ClientReadableStream<T>,
  take: (answer: T) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = (): void => call.cancel();
    call.on("data", take);
    call.on("error", (error) => {
      signal.removeEventListener("abort", cancel);
      reject(error);
    });
    call.on("end", () => {
      signal.removeEventListener("abort", cancel);
      resolve();
    });
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel, { once: true });
  });
}

/** The status of a failed call, if it is one. */
export function statusOf(error: unknown): status | undefined {
  return isServiceError(error) ? error.code : undefined;
}

/** What to tell people of a failure. */
export function reasonOf(error: unknown): string {
  if (isServiceError(error)) return error.details === "" ? status[error.code] : error.details;
  return error instanceof Error ? error.message : String(error);
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error;
}
