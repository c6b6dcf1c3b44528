import { unhurried } from "./unhurried.ts";

/**
 * The rows of ours that stand in a table, as far as we know. A table is read while it is being written:
 * what was put or removed meanwhile is known better than by what was read.
 */
export class Standing<Key extends string> {
  readonly #keys = new Set<Key>();
  /** Removals of ours that the kernel has not told of yet, by row. */
  readonly #untold = new Map<Key, number>();
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

  /** We remove it, for which the kernel is asked unless its device is gone, or another's row is there. */
  remove(key: Key, { isAsked }: { readonly isAsked: boolean }): void {
    this.delete(key);
    if (isAsked) this.#untold.set(key, (this.#untold.get(key) ?? 0) + 1);
  }

  /**
   * The kernel tells that it is gone; answers whether anybody but us has removed it. What it tells of a
   * removal of ours may be heard when we have put the row again. Of a row that was not there it tells
   * nothing, so that the next who removes it may be taken for us: a row that is thought to stand costs
   * a needless write, one that is not would be missed when it is taken over.
   */
  gone(key: Key): boolean {
    const untold = this.#untold.get(key);
    if (untold === undefined) this.delete(key);
    else if (untold === 1) this.#untold.delete(key);
    else this.#untold.set(key, untold - 1);
    return untold === undefined;
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
