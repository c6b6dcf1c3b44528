/** Rows that were tried in vain, and when each is to be tried again. */
import type { Pending } from "./applied.ts";
import { backoffMs } from "./backoff.ts";
import type { Failure } from "./driver.ts";

export interface Waiting<Key extends string> {
  readonly failure: Failure<Key>;
  /** How often in a row. */
  readonly attempts: number;
  /** `undefined` where time heals nothing: a foreign row must go, or another row be wanted. */
  readonly retryAt: number | undefined;
}

export class WaitingRows<Key extends string> {
  readonly #rows = new Map<Key, Waiting<Key>>();
  /** Outlives the wait: a row that is being tried again still counts its failures. */
  readonly #attempts = new Map<Key, number>();
  /** No later than the earliest retry, so that `due` need not look at every row every time. */
  #nextAt: number | undefined;

  get rows(): ReadonlyMap<Key, Waiting<Key>> {
    return this.#rows;
  }

  get nextAt(): number | undefined {
    return this.#nextAt;
  }

  has(key: Key): boolean {
    return this.#rows.has(key);
  }

  /** By why they wait. */
  counts(): Omit<Pending, "dirty"> {
    const counts = { retrying: 0, foreign: 0, unfit: 0 };
    for (const { failure } of this.#rows.values()) {
      counts[failure.kind === "later" ? "retrying" : failure.kind]++;
    }
    return counts;
  }

  isForeign(key: Key): boolean {
    return this.#rows.get(key)?.failure.kind === "foreign";
  }

  add(failure: Failure<Key>, now: number): void {
    const attempts = (this.#attempts.get(failure.key) ?? 0) + 1;
    this.#attempts.set(failure.key, attempts);
    const retryAt = failure.kind === "later" ? now + backoffMs(attempts) : undefined;
    this.#rows.set(failure.key, { failure, attempts, retryAt });
    this.#remind(retryAt);
  }

  /** The row is right, or another one is wanted: its failures no longer count. */
  forget(key: Key): void {
    this.#rows.delete(key);
    this.#attempts.delete(key);
  }

  forgetAll(): void {
    this.#rows.clear();
    this.#attempts.clear();
    this.#nextAt = undefined;
  }

  /** Takes out those that have waited long enough. */
  due(now: number): readonly Key[] {
    if (this.#nextAt === undefined || now < this.#nextAt) return [];
    this.#nextAt = undefined;
    const due: Key[] = [];
    for (const [key, { retryAt }] of this.#rows) {
      if (retryAt === undefined || retryAt > now) this.#remind(retryAt);
      else due.push(key);
    }
    for (const key of due) this.#rows.delete(key);
    return due;
  }

  #remind(at: number | undefined): void {
    if (at !== undefined) this.#nextAt = Math.min(this.#nextAt ?? at, at);
  }
}
