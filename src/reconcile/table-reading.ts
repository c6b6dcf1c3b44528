/**
 * Reads a table when it must be read: its rows may be asked for before they are needed, and what is
 * touched while they come is kept, for it is known better than by what was read.
 */
import type { Unreadable } from "./applied.ts";
import type { Driver } from "./driver.ts";
import { DueReading } from "./due-reading.ts";
import { messageOf } from "./in-flight.ts";

export interface TableRead<Key extends string, Row> {
  readonly cause: string;
  readonly rows: Map<Key, Row>;
  /** Seen or written meanwhile. */
  readonly knownBetter: ReadonlySet<Key>;
}

export class TableReading<Key extends string, Row> {
  readonly #driver: Pick<Driver<Key, Row>, "list">;
  readonly #due = new DueReading();
  #knownBetter: Set<Key> | undefined;
  #ahead: Promise<Map<Key, Row>> | undefined;
  #failure: Unreadable | undefined;

  constructor(driver: Pick<Driver<Key, Row>, "list">) {
    this.#driver = driver;
  }

  /** It may be read from now on. */
  allow(): void {
    this.#due.allow();
  }

  /** Asks for the rows that are to be taken in next. */
  begin(signal: AbortSignal): void {
    this.allow();
    this.#ahead = this.#ask(signal);
    // Whoever takes them in is told.
    this.#ahead.catch(() => {});
  }

  /** It must be read, and what has been asked for is too old. */
  ask(cause: string): void {
    this.#due.ask(cause);
    this.#ahead = undefined;
  }

  isDue(now: number): boolean {
    return this.#due.isDue(now);
  }

  /** When it is to be tried; `undefined`: it need not be read, or may not, or is being read. */
  get at(): number | undefined {
    return this.#due.at;
  }

  /** A row was seen, or is being written: no write is under way when reading begins. */
  touched(key: Key): void {
    this.#knownBetter?.add(key);
  }

  /** It could not be read, and nobody has taken in why. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  takeFailure(): Unreadable | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  /** Has what is read taken in. One at a time: it is not due while it is under way. */
  async read(
    { now, signal }: { readonly now: number; readonly signal: AbortSignal },
    takeIn: (read: TableRead<Key, Row>) => void,
  ): Promise<void> {
    const cause = this.#due.begin();
    const asked = this.#ahead ?? this.#ask(signal);
    this.#ahead = undefined;
    try {
      const rows = await asked;
      takeIn({ cause, rows, knownBetter: this.#knownBetter ?? new Set() });
      this.#due.done();
    } catch (error) {
      this.#due.failed(cause, now);
      this.#failure = { kind: "unreadable", cause, reason: messageOf(error) };
    } finally {
      this.#knownBetter = undefined;
    }
  }

  #ask(signal: AbortSignal): Promise<Map<Key, Row>> {
    this.#knownBetter = new Set();
    return this.#driver.list(signal);
  }
}
