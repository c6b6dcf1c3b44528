/** What is to be looked at when: each key once, the earliest first. */

interface Item<K> {
  readonly key: K;
  readonly at: number;
}

export class Agenda<K> {
  readonly #times = new Map<K, number>();
  /** A binary heap by time; items that are no longer true are passed over when they come up. */
  #heap: Item<K>[] = [];

  /** Looks at the key at this time instead of whatever was said before. */
  set(key: K, at: number): void {
    if (this.#times.get(key) === at) return;
    this.#times.set(key, at);
    this.#push({ key, at });
    if (this.#heap.length > 2 * this.#times.size + 64) this.#compact();
  }

  delete(key: K): void {
    this.#times.delete(key);
  }

  at(key: K): number | undefined {
    return this.#times.get(key);
  }

  /** The time of the first. */
  get next(): number | undefined {
    this.#skip();
    return this.#heap[0]?.at;
  }

  /** Takes out the first, if it is due by now. */
  take(now: number): K | undefined {
    this.#skip();
    const [first] = this.#heap;
    if (first === undefined || first.at > now) return undefined;
    this.#pop();
    this.#times.delete(first.key);
    return first.key;
  }

  #skip(): void {
    for (;;) {
      const [first] = this.#heap;
      if (first === undefined || this.#times.get(first.key) === first.at) return;
      this.#pop();
    }
  }

  #compact(): void {
    const items = [...this.#times].map(([key, at]) => ({ key, at }));
    this.#heap = items.sort((a, b) => a.at - b.at);
  }

  #push(item: Item<K>): void {
    const heap = this.#heap;
    let i = heap.push(item) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (timeAt(heap, parent) <= item.at) break;
      swap(heap, i, parent);
      i = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    let i = 0;
    for (;;) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      const least = timeAt(heap, right) < timeAt(heap, left) ? right : left;
      if (timeAt(heap, least) >= last.at) return;
      swap(heap, i, least);
      i = least;
    }
  }
}

function timeAt<K>(heap: readonly Item<K>[], i: number): number {
  return heap[i]?.at ?? Number.POSITIVE_INFINITY;
}

function swap<K>(heap: Item<K>[], i: number, j: number): void {
  const [a, b] = [heap[i], heap[j]];
  if (a === undefined || b === undefined) return;
  heap[i] = b;
  heap[j] = a;
}
