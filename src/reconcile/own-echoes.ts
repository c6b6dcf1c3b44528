/**
 * Tells the echo of an older write of our own from a change that somebody else has made.
 *
 * Echoes come in the order of the writes, but by another way than the writes' answers, so that the
 * echo of an older write may arrive while a newer one is under way, or after it is done. Taken for
 * news, it would say that the newer row is gone, and make us write it again.
 *
 * The rule: every write is remembered until it is echoed. A row that was seen is matched with the
 * oldest such write that it agrees with; this write and all before it are then done with. If newer
 * ones remain, what was seen is history. What matches no write is somebody else's doing.
 *
 * Not every write is echoed (a filter in the kernel may keep them from us; a driver may know of which
 * kind they are), so that a memory may outlive its purpose: then one change by somebody else that looks like one of our last few writes
 * goes unnoticed until the table is read again. The other mistake, an echo taken for a change, costs
 * one write that changes nothing.
 */

/** Writes of one row wait for each other's answers, so that more echoes than this are never due. */
const REMEMBERED = 8;

export class OwnEchoes<Key extends string, Row> {
  readonly #writes = new Map<Key, readonly (Row | undefined)[]>();
  readonly #same: (written: Row | undefined, seen: Row | undefined) => boolean;

  constructor(same: (written: Row | undefined, seen: Row | undefined) => boolean) {
    this.#same = same;
  }

  /**
   * To be called before the write, for its echo may overtake its answer. One that will have none is
   * remembered only where an older one may still have: that echo is then history.
   */
  expect(key: Key, row: Row | undefined, { isSilent = false }: { isSilent?: boolean } = {}): void {
    const before = this.#writes.get(key);
    if (before !== undefined) this.#writes.set(key, [...before, row].slice(-REMEMBERED));
    else if (!isSilent) this.#writes.set(key, [row]);
  }

  /** The last write has failed: there will be no echo of it. */
  forgetLast(key: Key): void {
    const writes = this.#writes.get(key)?.slice(0, -1) ?? [];
    if (writes.length === 0) this.#writes.delete(key);
    else this.#writes.set(key, writes);
  }

  /** Echoes have been lost. */
  forgetAll(): void {
    this.#writes.clear();
  }

  /** Which of our writes was seen, if any. */
  match(key: Key, seen: Row | undefined): "older" | "newest" | "none" {
    const writes = this.#writes.get(key) ?? [];
    const at = writes.findIndex((written) => this.#same(written, seen));
    if (at === -1) return "none";
    if (at === writes.length - 1) {
      this.#writes.delete(key);
      return "newest";
    }
    this.#writes.set(key, writes.slice(at + 1));
    return "older";
  }
}
