/**
 * Everything that people hear of: each notice and each written row goes to the timeline, the
 * metrics, the log and whoever watches. All of it is done later, in the order in which it was told, for
 * nobody's packet waits for a log line: when it has become quiet, or there is too much to be kept.
 */
import type { TableName, Tables } from "../evpn/rows.ts";
import type { Notice } from "../mobility/notice.ts";
import type { Applied } from "../reconcile/applied.ts";
import { type Event, followedEvent, noticeEvent } from "./events.ts";
import { History, type KeepHistory } from "./history.ts";
import { type Logger, NoticeLog } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { type AnyNotice, countsOf, NOTICE_KINDS } from "./notices.ts";
import { tableNotices } from "./table-notice.ts";
import { Timeline, type WrittenRow } from "./timeline.ts";

export type Watcher = (event: Event, at: number) => void;

/** Has the work done later: it may be asked for as often as one likes until it is done. */
export type Later = (work: () => void) => () => void;

/** More than this is not kept for later: it costs memory, and what lives long costs V8 more time. */
const KEPT_MAX = 1000;
/** As much is done in one turn of the event loop, a millisecond or less. */
const AT_ONCE = 50;

export interface ReporterOptions {
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Told of what happened to hosts; `undefined`: nobody keeps it. */
  readonly keep?: KeepHistory | undefined;
  /** When to do it; `undefined`: at the end of the turn of the event loop. */
  readonly later?: Later | undefined;
}

export class Reporter {
  readonly history: History;
  readonly timeline: Timeline;
  readonly #metrics: Metrics;
  readonly #noticeLog: NoticeLog;
  readonly #watchers = new Set<Watcher>();
  readonly #later: () => void;
  #waiting: (() => void)[] = [];
  /** How many of those that wait have been done. */
  #done = 0;
  #isWorking = false;

  constructor({ metrics, log, keep, later = atTurnsEnd }: ReporterOptions) {
    this.#later = later(() => this.#work());
    this.history = new History(keep);
    this.timeline = new Timeline(
      (move) => this.history.moved(move),
      (host) => this.history.knows(host),
    );
    this.#metrics = metrics;
    this.#noticeLog = new NoticeLog(log);
    // A counter that turns up with 1 has not increased, as Prometheus counts.
    for (const kind of NOTICE_KINDS) metrics.count("roamd_notices_total", kind, 0);
  }

  /** What the decision has to tell; `seenAt`, where it is known, is when the news reached us. */
  decided(notice: Notice, at: number, { seenAt = at }: { seenAt?: number } = {}): void {
    this.#afterwards(() => {
      this.timeline.observeNotice(notice, at, { seenAt });
      this.history.told(notice, at);
      this.#told(notice, at);
    });
  }

  /** What anybody has to tell. */
  tell(notice: AnyNotice, at: number): void {
    this.#afterwards(() => this.#told(notice, at));
  }

  /** What one pass over a table has done. */
  applied<T extends TableName>(
    table: T,
    { written, failed, reading, drifted }: Applied<Tables[T]["key"], Tables[T]["row"]>,
    at: number,
  ): void {
    this.#afterwards(() => {
      for (const { kind, row } of written) this.#written({ table, kind, row } as WrittenRow, at);
      if (reading !== undefined) this.#metrics.resynced(table, reading.cause);
      for (const notice of tableNotices(table, { failed, reading, drifted })) {
        this.#told(notice, at);
      }
    });
  }

  /** Calls the watcher with every event until the answer is called. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #told(notice: AnyNotice, at: number): void {
    if (notice.kind === "redirected") this.timeline.observeRedirected(notice);
    this.#metrics.count("roamd_notices_total", notice.kind);
    for (const [name, value, by] of countsOf(notice)) this.#metrics.count(name, value, by);
    this.#noticeLog.tell(notice, at);
    if (this.#watchers.size > 0) this.#publish(noticeEvent(notice), at);
  }

  #written(written: WrittenRow, at: number): void {
    const followed = this.timeline.observeWritten(written, at);
    if (followed === undefined) return;
    this.#metrics.moveFollowed(followed);
    if (this.#watchers.size > 0) this.#publish(followedEvent(followed), at);
  }

  #publish(event: Event, at: number): void {
    for (const watcher of this.#watchers) watcher(event, at);
  }

  /** Does all that waits, now. */
  catchUp(): void {
    for (const work of this.#waiting.splice(0).slice(this.#done)) work();
    this.#done = 0;
  }

  #afterwards(work: () => void): void {
    this.#waiting.push(work);
    if (this.#isWorking) return;
    if (this.#waiting.length < KEPT_MAX) this.#later();
    else this.#work();
  }

  /** Some of it now, and the rest in the next turns; but never is more kept than may be. */
  #work(): void {
    const { length } = this.#waiting;
    const end = Math.max(Math.min(this.#done + AT_ONCE, length), length - KEPT_MAX);
    while (this.#done < end) this.#waiting[this.#done++]?.();
    if (this.#done >= KEPT_MAX) {
      this.#waiting.splice(0, this.#done);
      this.#done = 0;
    }
    this.#isWorking = this.#done < this.#waiting.length;
    if (this.#isWorking) setImmediate(() => this.#work());
    else this.catchUp();
  }
}

function atTurnsEnd(work: () => void): () => void {
  return () => void setImmediate(work);
}
