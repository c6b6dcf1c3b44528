/** What is wanted at a key and what stands there, which is one and the same row nearly everywhere. */
export interface Slot<Row> {
  wanted: Row | undefined;
  standing: Row | undefined;
}

/** Rows by their keys, as a `ReadonlyMap` has them. */
export interface Rows<Key, Row> extends Iterable<readonly [Key, Row]> {
  readonly size: number;
  get(key: Key): Row | undefined;
  has(key: Key): boolean;
  keys(): Iterable<Key>;
  values(): Iterable<Row>;
}

/** One side of all slots: the rows that are wanted, or those that stand. */
export class Side<Key, Row> implements Rows<Key, Row> {
  /** How many there are, counted by whoever changes the slots. */
  size = 0;
  readonly #of: keyof Slot<Row>;
  readonly #slots: () => ReadonlyMap<Key, Slot<Row>>;

  constructor(of: keyof Slot<Row>, slots: () => ReadonlyMap<Key, Slot<Row>>) {
    this.#of = of;
    this.#slots = slots;
  }

  /** One takes the other's slot. */
  changed(before: Row | undefined, after: Row | undefined): void {
    if (before === undefined && after !== undefined) this.size++;
    else if (before !== undefined && after === undefined) this.size--;
  }

  get(key: Key): Row | undefined {
    return this.#slots().get(key)?.[this.#of];
  }

  has(key: Key): boolean {
    return this.get(key) !== undefined;
  }

  *[Symbol.iterator](): Iterator<readonly [Key, Row]> {
    for (const [key, slot] of this.#slots()) {
      const row = slot[this.#of];
      if (row !== undefined) yield [key, row];
    }
  }

  *keys(): Iterable<Key> {
    for (const [key] of this) yield key;
  }

  *values(): Iterable<Row> {
    for (const [, row] of this) yield row;
  }
}
