/** A table as we want it, as we believe it to stand outside, and what would have to be done. */
import type { Change } from "./driver.ts";

export class Difference<Key extends string, Row> {
  readonly #agree: (wanted: Row, actual: Row) => boolean;
  readonly #desired = new Map<Key, Row>();
  #actual = new Map<Key, Row>();
  /** What a failed write may have left there in part: written over, whatever `actual` says. */
  readonly #leftover = new Map<Key, Row>();

  constructor(agree: (wanted: Row, actual: Row) => boolean) {
    this.#agree = agree;
  }

  get desired(): ReadonlyMap<Key, Row> {
    return this.#desired;
  }

  get actual(): ReadonlyMap<Key, Row> {
    return this.#actual;
  }

  same(wanted: Row | undefined, actual: Row | undefined): boolean {
    if (wanted === undefined || actual === undefined) return wanted === actual;
    return this.#agree(wanted, actual);
  }

  /** Answers whether this is another row than was wanted before. */
  want(key: Key, row: Row | undefined): boolean {
    const before = this.#desired.get(key);
    setOrDelete(this.#desired, key, row);
    return !this.same(row, before);
  }

  /** What stands at this key, as far as we can tell. Where it is what we want, it is kept once. */
  stands(key: Key, row: Row | undefined): void {
    const wanted = this.#desired.get(key);
    const isRight = wanted !== undefined && this.same(wanted, row);
    setOrDelete(this.#actual, key, isRight ? wanted : row);
  }

  /** A write of this row has failed half-way, or nobody can tell how far it came. */
  mayBeLeft(key: Key, row: Row): void {
    this.#leftover.set(key, row);
  }

  /** A write has been done in full. */
  written(key: Key): void {
    this.#leftover.delete(key);
  }

  /** What is to be done at this key, if anything. */
  changeFor(key: Key): Change<Key, Row> | undefined {
    const desired = this.#desired.get(key);
    const actual = this.#actual.get(key);
    const leftover = this.#leftover.get(key);
    if (leftover === undefined && this.same(desired, actual)) return undefined;
    if (desired !== undefined) return { kind: "put", key, row: desired };
    const row = actual ?? leftover;
    return row === undefined ? undefined : { kind: "remove", key, row };
  }

  /**
   * Takes in what was read, but for the keys that are known better. The map is given away: it is what
   * stands from now on.
   */
  read(rows: Map<Key, Row>, knownBetter: ReadonlySet<Key>): void {
    for (const key of knownBetter) setOrDelete(rows, key, this.#actual.get(key));
    this.#actual = rows;
  }

  /** All that is not right. Of what is, the row that is wanted is kept, and not another like it. */
  wrong(): readonly Key[] {
    const wrong: Key[] = [];
    let standing = 0;
    for (const [key, desired] of this.#desired) {
      const actual = this.#actual.get(key);
      if (actual !== undefined) standing++;
      const isRight = actual === desired || this.same(desired, actual);
      if (!isRight || this.#leftover.has(key)) wrong.push(key);
      else if (actual !== desired) this.#actual.set(key, desired);
    }
    if (standing < this.#actual.size) {
      for (const key of this.#actual.keys()) if (!this.#desired.has(key)) wrong.push(key);
    }
    for (const key of this.#leftover.keys()) {
      if (!this.#desired.has(key) && !this.#actual.has(key)) wrong.push(key);
    }
    return wrong;
  }
}

function setOrDelete<Key, Row>(map: Map<Key, Row>, key: Key, row: Row | undefined): void {
  if (row === undefined) map.delete(key);
  else map.set(key, row);
}
