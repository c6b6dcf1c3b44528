/**
 * JSON lines on stdout, for journald or whoever collects them.
 *
 * The levels are those of `notices.ts`. The facts stand in fields, under the names they have in the
 * notice; the sentence is for people. At info nothing that came from the network is written but the
 * addresses concerned and names in certificates that were verified; a reason that another program
 * gave is quoted at warn or debug only. What anybody on the network can cause is limited per second
 * and kind; how many lines are missing is said, and the counters have them all.
 */
import { type DestinationStream, destination, type Logger, pino } from "pino";
import type { Level } from "./notice-entry.ts";
import { type AnyNotice, levelOf, sentenceOf } from "./notices.ts";

export type { Logger };

export interface LogOptions {
  readonly level: Level;
  /** The time of a line, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Where lines go; stdout unless told otherwise. */
  readonly to?: DestinationStream;
}

/** Lines of one kind of notice within one second, unless the level is debug. */
export const LINES_PER_SECOND = 20;

export function createLog({ level, now, to }: LogOptions): Logger {
  const options = {
    level,
    // journald knows the process and the host.
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
  };
  // A slow reader of our log must not hold up the next move, hence not synchronous.
  return pino(options, to ?? destination({ dest: 1, sync: false }));
}

/** Writes notices, each as one line. */
export class NoticeLog {
  readonly #log: Logger;
  readonly #windows = new Map<AnyNotice["kind"], { start: number; lines: number }>();

  constructor(log: Logger) {
    this.#log = log;
  }

  tell(notice: AnyNotice, at: number): void {
    const level = levelOf(notice);
    if (!this.#log.isLevelEnabled(level)) return;
    const suppressed = level === "debug" ? 0 : this.#suppressed(notice.kind, at);
    if (suppressed === undefined) return;
    this.#log[level](suppressed === 0 ? notice : { ...notice, suppressed }, sentenceOf(notice));
  }

  /** How many lines of this kind are missing before this one; `undefined`: this one as well. */
  #suppressed(kind: AnyNotice["kind"], at: number): number | undefined {
    const window = this.#windows.get(kind);
    if (window !== undefined && at < window.start + 1000) {
      window.lines++;
      return window.lines > LINES_PER_SECOND ? undefined : 0;
    }
    this.#windows.set(kind, { start: at, lines: 1 });
    return Math.max(0, (window?.lines ?? 0) - LINES_PER_SECOND);
  }
}
