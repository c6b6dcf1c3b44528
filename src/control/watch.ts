/** `watch`: events as they happen, to somebody who may read slower than they come. */
import type { Filter } from "./protocol.ts";
import type { EventRow } from "./rows.ts";
import type { Stream } from "./stream.ts";

/** What happened, as plain data. */
export type Happening = Pick<EventRow, "kind" | "level" | "text">;

/** `at`: milliseconds since the epoch. */
export type EventListener = (happening: Happening, at: number) => void;

/** Calls the listener, synchronously, with all that happens, until the answer is called. */
export type Subscribe = (listener: EventListener) => () => void;

/** Events that one watcher may be behind; those that come then are only counted. */
export const WATCHER_QUEUE = 1000;

/** Tells the watcher until it hangs up; then the promise rejects, or resolves. */
export async function sendEvents(
  stream: Stream,
  { filter, subscribe }: { readonly filter: Filter; readonly subscribe: Subscribe },
): Promise<void> {
  const queue = new EventQueue();
  const unsubscribe = subscribe((happening, at) => {
    const event: EventRow = { at: timeText(at), ...happening };
    if (fits(filter, event)) queue.push(event, at);
  });
  stream.signal.addEventListener("abort", () => queue.wake(), { once: true });
  try {
    while (!stream.signal.aborted) {
      await queue.filled(stream.signal);
      await stream.write(queue.drain().map(eventText));
    }
  } finally {
    unsubscribe();
  }
}

class EventQueue {
  #events: EventRow[] = [];
  #dropped = 0;
  #lastAt = 0;
  #wake: () => void = () => {};

  push(event: EventRow, at: number): void {
    this.#lastAt = at;
    if (this.#events.length < WATCHER_QUEUE) this.#events.push(event);
    else this.#dropped++;
    this.wake();
  }

  wake(): void {
    this.#wake();
  }

  async filled(signal: AbortSignal): Promise<void> {
    if (this.#events.length > 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** All events, and how many are missing after them. */
  drain(): readonly EventRow[] {
    const events = this.#events;
    if (this.#dropped > 0) {
      events.push({
        at: timeText(this.#lastAt),
        kind: "events-dropped",
        level: "warn",
        text: `Left out ${this.#dropped} events: they are not read as fast as they come`,
        count: this.#dropped,
      });
    }
    this.#events = [];
    this.#dropped = 0;
    return events;
  }
}

/** Absent values are `null` to scripts, as everywhere. */
function eventText(event: EventRow): string {
  return JSON.stringify(event, (_key, value: unknown) => (value === undefined ? null : value));
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}

/** An event that does not name what is asked for is not about it. */
function fits({ vni, mac, ip, port, vtep }: Filter, event: EventRow): boolean {
  return (
    (vni === undefined || event.vni === vni) &&
    (mac === undefined || event.mac === mac) &&
    (ip === undefined || event.ip === ip || [event.ips].flat().includes(ip)) &&
    (port === undefined || placesIn(event).includes(port)) &&
    (vtep === undefined || placesIn(event).includes(vtep))
  );
}

/** Whatever port or VTEP the event names, itself or by a place or a claim in it. */
function placesIn(event: EventRow): readonly unknown[] {
  const records = Object.values(event).filter(isRecord);
  return [event.from, event.to, ...[event, ...records].flatMap(({ port, vtep }) => [port, vtep])];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
