/**
 * Everything that people hear of: each notice and each written row goes to the timeline, the
 * metrics, the log and whoever watches. All of it is done when the turn of the event loop is over, in
 * the order in which it was told, for nobody's packet waits for a log line.
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

export interface ReporterOptions {
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Told of what happened to hosts; `undefined`: nobody keeps it. */
  readonly keep?: KeepHistory | undefined;
}

export class Reporter {
  readonly history: History;
  readonly timeline: Timeline;
  readonly #metrics: Metrics;
  readonly #noticeLog: NoticeLog;
  readonly #watchers = new Set<Watcher>();
  #later: (() => void)[] = [];

  constructor({ metrics, log, keep }: ReporterOptions) {
    this.history = new History(keep);
    this.timeline = new Timeline((move) => this.history.moved(move));
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
    for (const count of countsOf(notice)) this.#metrics.count(...count);
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

  #afterwards(work: () => void): void {
    this.#later.push(work);
    if (this.#later.length > 1) return;
    setImmediate(() => {
      const work = this.#later;
      this.#later = [];
      for (const each of work) each();
    });
  }
}
