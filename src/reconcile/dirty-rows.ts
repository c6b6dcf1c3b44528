/**
 * Keys that are to be looked at, by the turn in which each was marked, oldest first. Those to be
 * removed are kept apart: they may have to wait, and thousands that wait must not be gone through for
 * each row that is put.
 */
import type { ChangeKind } from "./applied.ts";
import { Marks } from "./marks.ts";

const BOTH: readonly ChangeKind[] = ["put", "remove"];

export class DirtyRows<Key extends string> {
  readonly #marks: Readonly<Record<ChangeKind, Marks<Key>>> = {
    put: new Marks(),
    remove: new Marks(),
  };
  #turn = 0;

  /** Counts the marks. What is marked after this was read has a higher turn. */
  get turn(): number {
    return this.#turn;
  }

  /** Whether any of these kinds was marked up to this turn. */
  hasUpTo(turn: number, kinds: readonly ChangeKind[] = BOTH): boolean {
    for (const kind of kinds) {
      const marks = this.#marks[kind];
      if (marks.size === 0) continue;
      for (const [, oldest] of marks.entries()) {
        if (oldest <= turn) return true;
        break;
      }
    }
    return false;
  }

  /** Marks a key as the newest, for its removal may have to wait for what was marked with it. */
  mark(key: Key, kind: ChangeKind): void {
    this.delete(key);
    this.#marks[kind].add(key, ++this.#turn);
  }

  /** Marks a key unless it is marked already; answers whether it was not. */
  add(key: Key, kind: ChangeKind): boolean {
    if (this.has(key)) return false;
    this.#marks[kind].add(key, ++this.#turn);
    return true;
  }

  /** Marks all these keys, each of which comes once, unless it is marked already. */
  addAll(keys: Readonly<Record<ChangeKind, readonly Key[]>>): void {
    const areMarked = BOTH.some((kind) => this.#marks[kind].size > 0);
    for (const kind of BOTH) {
      if (!areMarked) this.#marks[kind].addAll(keys[kind], ++this.#turn);
      else for (const key of keys[kind]) this.add(key, kind);
    }
  }

  has(key: Key): boolean {
    const { put, remove } = this.#marks;
    return (put.size > 0 && put.has(key)) || (remove.size > 0 && remove.has(key));
  }

  delete(key: Key): void {
    const { put, remove } = this.#marks;
    // Nearly always one of them is empty, and there are very many keys.
    if (put.size > 0) put.delete(key);
    if (remove.size > 0) remove.delete(key);
  }

  /** Those of these kinds that were marked up to this turn; they may be deleted meanwhile. */
  *upTo(turn: number, kinds: readonly ChangeKind[]): Iterable<Key> {
    const marked = kinds.map((kind) => this.#marks[kind]).filter(({ size }) => size > 0);
    const [first, second] = marked;
    if (first === undefined) return;
    if (second !== undefined) {
      yield* inOrder(first, second, turn);
      return;
    }
    for (const [key, marked] of first.entries()) {
      if (marked > turn) return;
      yield key;
    }
  }

  *keys(): Iterable<Key> {
    for (const kind of BOTH) for (const [key] of this.#marks[kind].entries()) yield key;
  }
}

function* inOrder<Key extends string>(a: Marks<Key>, b: Marks<Key>, turn: number): Iterable<Key> {
  const [as, bs] = [a.entries(), b.entries()];
  let [x, y] = [as.next(), bs.next()];
  for (;;) {
    const atX = x.done === true ? Number.POSITIVE_INFINITY : x.value[1];
    const atY = y.done === true ? Number.POSITIVE_INFINITY : y.value[1];
    if (Math.min(atX, atY) > turn) return;
    if (atX < atY && x.done !== true) {
      const [key] = x.value;
      x = as.next();
      yield key;
    } else if (y.done !== true) {
      const [key] = y.value;
      y = bs.next();
      yield key;
    } else return;
  }
}
