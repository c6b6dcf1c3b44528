import { unhurried } from "./unhurried.ts";

/**
 * The rows of ours that stand in a table, as far as we know. A table is read while it is being written:
 * what was put or removed meanwhile is known better than by what was read.
 */
export class Standing<Key extends string> {
  readonly #keys = new Set<Key>();
  /** Since reading began. */
  readonly #touched = new Set<Key>();
  #isReading = false;
  #inHaste = true;

  /** Nothing has been read yet, and nothing is written before it has. */
  get inHaste(): boolean {
    return this.#inHaste;
  }

  has(key: Key): boolean {
    return this.#keys.has(key);
  }

  keys(): Iterable<Key> {
    return this.#keys;
  }

  add(key: Key): void {
    this.#keys.add(key);
    if (this.#isReading) this.#touched.add(key);
  }

  delete(key: Key): void {
    this.#keys.delete(key);
    if (this.#isReading) this.#touched.add(key);
  }

  beginReading(): void {
    this.#isReading = true;
    this.#touched.clear();
  }

  /** These have been read, and no others. */
  async endReading(read: ReadonlyMap<Key, unknown>): Promise<void> {
    for await (const lot of unhurried(this.#keys, this)) {
      for (const key of lot) if (this.isGone(key, read)) this.#keys.delete(key);
    }
    for await (const lot of unhurried(read.keys(), this)) {
      for (const key of lot) if (!this.#touched.has(key)) this.#keys.add(key);
    }
    this.#isReading = false;
    this.#inHaste = false;
    this.#touched.clear();
  }

  /** Whether what was read says that this row is not there. */
  isGone(key: Key, read: ReadonlyMap<Key, unknown>): boolean {
    return !read.has(key) && !this.#touched.has(key);
  }
}
