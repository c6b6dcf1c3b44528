import { type ClientWritableStream, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ReadyCall } from "../../src/gobgp/ready-call.ts";

/** What a call has been told, and how it ends. */
class Call {
  message: string | undefined;
  readonly end = (message: string): void => {
    this.message = message;
  };
  readonly cancel = (): void => this.answer(status.CANCELLED);
  readonly call = { cancelWithStatus: (code: status, why: string): void => this.answer(code, why) };
  readonly #done: (error: ServiceError | null) => void;

  constructor(done: (error: ServiceError | null) => void) {
    this.#done = done;
  }

  answer(code: status = status.OK, details = ""): void {
    const error = Object.assign(new Error(details), { code, details, metadata: new Metadata() });
    this.#done(code === status.OK ? null : error);
  }
}

const never = new AbortController().signal;

function ready() {
  const calls: Call[] = [];
  const call = new ReadyCall<string>((_, done) => {
    calls.push(new Call(done));
    return calls.at(-1) as unknown as ClientWritableStream<string>;
  });
  return { calls, call };
}

/** After one message, with the next call open. */
async function readyAgain() {
  const { calls, call } = ready();
  const first = call.send("a", never);
  calls[0]?.answer();
  await first;
  vi.advanceTimersByTime(100);
  return { calls, call };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("A call of one message", () => {
  it("is opened when there is something to say, and the next one when nobody has for a while", async () => {
    const { calls, call } = ready();
    const first = call.send("a", never);
    expect(calls.map(({ message }) => message)).toEqual(["a"]);
    calls[0]?.answer();
    await first;
    expect(calls).toHaveLength(1);
    vi.advanceTimersByTime(100);
    expect(calls.map(({ message }) => message)).toEqual(["a", undefined]);

    void call.send("b", never);
    expect(calls.map(({ message }) => message)).toEqual(["a", "b"]);
  });

  it("is not opened ahead while one message follows the other", async () => {
    const { calls, call } = ready();
    for (const message of ["a", "b", "c"]) {
      const sent = call.send(message, never);
      vi.advanceTimersByTime(100);
      calls.at(-1)?.answer();
      await sent;
      vi.advanceTimersByTime(5);
    }
    expect(calls.map(({ message }) => message)).toEqual(["a", "b", "c"]);
  });

  it("that has ended before there was anything to say is not used, nor opened again until then", async () => {
    const { calls, call } = await readyAgain();
    calls[1]?.answer(status.UNAVAILABLE);
    vi.advanceTimersByTime(1000);
    expect(calls).toHaveLength(2);

    const second = call.send("b", never);
    expect(calls.map(({ message }) => message)).toEqual(["a", undefined, "b"]);
    calls[2]?.answer();
    await second;
  });

  it("rejects with what gobgpd says, and with the reason why it says nothing", async () => {
    const { calls, call } = ready();
    const refused = call.send("a", never);
    calls[0]?.answer(status.UNKNOWN, "not that one");
    await expect(refused).rejects.toMatchObject({ code: status.UNKNOWN, details: "not that one" });

    vi.advanceTimersByTime(60_000);
    const unanswered = call.send("b", never);
    vi.advanceTimersByTime(9999);
    vi.advanceTimersByTime(1);
    const reason = { code: status.DEADLINE_EXCEEDED, details: "no answer within 10 s" };
    await expect(unanswered).rejects.toMatchObject(reason);
  });

  it("ends when it is aborted, before or after", async () => {
    const { call } = ready();
    const gone = AbortSignal.abort();
    await expect(call.send("a", gone)).rejects.toMatchObject({ code: status.CANCELLED });
    const abort = new AbortController();
    const sent = call.send("b", abort.signal);
    abort.abort();
    await expect(sent).rejects.toMatchObject({ code: status.CANCELLED });
  });

  it("is given up when nothing will be said any more, and none is opened after", async () => {
    const { calls, call } = await readyAgain();
    const cancelled = vi.fn();
    Object.assign(calls[1] ?? {}, { cancel: cancelled });
    call.close();
    expect(cancelled).toHaveBeenCalledOnce();

    const last = call.send("b", never);
    calls.at(-1)?.answer();
    await last;
    vi.advanceTimersByTime(100);
    expect(calls.map(({ message }) => message)).toEqual(["a", "b"]);
  });
});
