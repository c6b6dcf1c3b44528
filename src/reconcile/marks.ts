/** Keys by the turn in which each was marked, oldest first. */

export class Marks<Key extends string> {
  /** Those marked together, which are older than the others. */
  #lot: Lot<Key> | undefined;
  readonly #turns = new Map<Key, number>();

  get size(): number {
    return (this.#lot?.size ?? 0) + this.#turns.size;
  }

  has(key: Key): boolean {
    return this.#lot?.has(key) === true || this.#turns.has(key);
  }

  /** The key is not marked yet. */
  add(key: Key, turn: number): void {
    this.#turns.set(key, turn);
  }

  /** All these in one turn. Nothing is marked yet. */
  addAll(keys: readonly Key[], turn: number): void {
    if (keys.length > 0) this.#lot = new Lot(keys, turn);
  }

  delete(key: Key): void {
    if (this.#lot?.delete(key) !== true) this.#turns.delete(key);
    else if (this.#lot.size === 0) this.#lot = undefined;
  }

  /** They may be deleted meanwhile. */
  *entries(): Generator<readonly [key: Key, turn: number]> {
    if (this.#lot !== undefined) yield* this.#lot.entries();
    yield* this.#turns;
  }
}

/**
 * Keys that were marked together, as all rows are that the first reading of a table has not found. They
 * are kept as they came: a map of hundreds of thousands takes its time to grow, and as long as they are
 * taken off in their order, nobody asks for one of them.
 */
class Lot<Key extends string> {
  readonly #keys: readonly Key[];
  readonly #turn: number;
  /** Before this place all have been deleted. */
  #next = 0;
  /** Those that are left; made when one is asked for that is not the next. */
  #left: Set<Key> | undefined;

  constructor(keys: readonly Key[], turn: number) {
    this.#keys = keys;
    this.#turn = turn;
  }

  get size(): number {
    return this.#left?.size ?? this.#keys.length - this.#next;
  }

  has(key: Key): boolean {
    return this.#index().has(key);
  }

  /** Answers whether it was there. */
  delete(key: Key): boolean {
    if (this.#left !== undefined || key !== this.#keys[this.#next])
      return this.#index().delete(key);
    this.#next++;
    return true;
  }

  *entries(): Generator<readonly [key: Key, turn: number]> {
    for (let at = this.#next; at < this.#keys.length; at++) {
      const key = this.#keys[at];
      if (key === undefined) continue;
      if (this.#left?.has(key) !== false) yield [key, this.#turn];
      else if (at === this.#next) this.#next++;
    }
  }

  #index(): Set<Key> {
    this.#left ??= new Set(this.#keys.slice(this.#next));
    return this.#left;
  }
}
