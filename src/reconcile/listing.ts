/** Asks for the rows of a table, maybe before they are needed, and keeps what is seen meanwhile. */
import type { Driver } from "./driver.ts";

export interface Listed<Key extends string, Row> {
  readonly rows: ReadonlyMap<Key, Row>;
  /** What was seen while the table was being read, which is newer than what was read. */
  readonly seenMeanwhile: ReadonlySet<Key>;
}

export class Listing<Key extends string, Row> {
  readonly #driver: Pick<Driver<Key, Row>, "list">;
  #seenMeanwhile: Set<Key> | undefined;
  #ahead: Promise<ReadonlyMap<Key, Row>> | undefined;

  constructor(driver: Pick<Driver<Key, Row>, "list">) {
    this.#driver = driver;
  }

  saw(key: Key): void {
    this.#seenMeanwhile?.add(key);
  }

  /** Asks for the rows that are to be taken next. */
  begin(signal: AbortSignal): void {
    this.#ahead = this.#ask(signal);
    // Whoever takes them is told.
    this.#ahead.catch(() => {});
  }

  /** What has been asked for is too old. */
  forget(): void {
    this.#ahead = undefined;
  }

  async take(signal: AbortSignal): Promise<Listed<Key, Row>> {
    const asked = this.#ahead ?? this.#ask(signal);
    this.#ahead = undefined;
    try {
      const rows = await asked;
      return { rows, seenMeanwhile: this.#seenMeanwhile ?? new Set() };
    } finally {
      this.#seenMeanwhile = undefined;
    }
  }

  #ask(signal: AbortSignal): Promise<ReadonlyMap<Key, Row>> {
    this.#seenMeanwhile = new Set();
    return this.#driver.list(signal);
  }
}
