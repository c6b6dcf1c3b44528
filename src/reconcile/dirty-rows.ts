/**
 * Keys that are to be looked at, by the turn in which each was marked, oldest first. Those to be
 * removed are kept apart: they may have to wait, and thousands that wait must not be gone through for
 * each row that is put.
 */
import type { ChangeKind } from "./applied.ts";

export class DirtyRows<Key extends string> {
  readonly #turns: Readonly<Record<ChangeKind, Map<Key, number>>> = {
    put: new Map(),
    remove: new Map(),
  };
  #turn = 0;

  /** Counts the marks. What is marked after this was read has a higher turn. */
  get turn(): number {
    return this.#turn;
  }

  /** The turn of the oldest. */
  get oldest(): number | undefined {
    const firsts = Object.values(this.#turns).flatMap((turns) => {
      const first = turns.values().next();
      return first.done === true ? [] : [first.value];
    });
    return firsts.length === 0 ? undefined : Math.min(...firsts);
  }

  /** Marks a key as the newest, for its removal may have to wait for what was marked with it. */
  mark(key: Key, kind: ChangeKind): void {
    this.delete(key);
    this.#turns[kind].set(key, ++this.#turn);
  }

  has(key: Key): boolean {
    return this.#turns.put.has(key) || this.#turns.remove.has(key);
  }

  delete(key: Key): void {
    const { put, remove } = this.#turns;
    // Nearly always one of them is empty, and there are very many keys.
    if (put.size > 0) put.delete(key);
    if (remove.size > 0) remove.delete(key);
  }

  /** Those of these kinds that were marked up to this turn; they may be deleted meanwhile. */
  *upTo(turn: number, kinds: readonly ChangeKind[]): Iterable<Key> {
    const rows = kinds.map((kind) => this.#turns[kind].entries());
    const heads = rows.map((each) => each.next());
    for (;;) {
      let first = -1;
      let earliest = turn;
      for (const [i, head] of heads.entries()) {
        if (head.done === true || head.value[1] > earliest) continue;
        first = i;
        earliest = head.value[1];
      }
      const head = heads[first];
      const next = rows[first]?.next();
      if (head === undefined || head.done === true || next === undefined) return;
      heads[first] = next;
      yield head.value[0];
    }
  }

  *keys(): Iterable<Key> {
    yield* this.#turns.put.keys();
    yield* this.#turns.remove.keys();
  }
}
