/**
 * A table that lives in memory, with named switches for everything that can go wrong with a real
 * one. It passes the driver compliance suite, as the real ones must.
 */
import type { Change, Driver, Failure } from "../../src/reconcile/driver.ts";

export type FakeKey = string;

export interface FakeRow {
  readonly value: number;
}

interface Hold {
  readonly until: Promise<void>;
  readonly release: () => void;
}

function held(): Hold {
  let release = (): void => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { until, release };
}

export class FakeTable implements Driver<FakeKey, FakeRow> {
  /** What stands there of ours. */
  readonly rows: Map<FakeKey, FakeRow> = new Map();
  /** Keys at which a row of somebody else stands. */
  readonly foreign: Set<FakeKey> = new Set();
  /** Every change that was tried, in order. */
  readonly tried: Change<FakeKey, FakeRow>[] = [];
  lists = 0;
  /** Lists that have begun and are not done. */
  listing = 0;
  writes = 0;
  queues = false;

  /** Told of every change of a row, as the kernel tells. */
  onEcho: (key: FakeKey, row: FakeRow | undefined) => void = () => {};

  failNextLists = 0;
  failNextWrites = 0;
  /** Rows at these keys fail with `later`. */
  readonly failKeys: Set<FakeKey> = new Set();
  /** Rows at these keys fail with `later`, but have been written. */
  readonly failAfterWriting: Set<FakeKey> = new Set();
  /** Rows with these values are never taken. */
  readonly unfitValues: Set<number> = new Set();
  /** While this is set, calls have begun but are not done. */
  #held: Hold | undefined;
  #heldLists: Hold | undefined;

  /** Holds up every call from now on until `release`. */
  hold(): void {
    this.#held = held();
  }

  release(): void {
    this.#held?.release();
    this.#held = undefined;
  }

  /** Holds up lists alone: they tell what stood when they began. */
  holdLists(): void {
    this.#heldLists ??= held();
  }

  releaseLists(): void {
    this.#heldLists?.release();
    this.#heldLists = undefined;
  }

  async list(): Promise<Map<FakeKey, FakeRow>> {
    this.lists++;
    this.listing++;
    try {
      return await this.#list();
    } finally {
      this.listing--;
    }
  }

  async #list(): Promise<Map<FakeKey, FakeRow>> {
    const rows = new Map(this.rows);
    await Promise.all([this.#held?.until, this.#heldLists?.until]);
    if (this.failNextLists > 0) {
      this.failNextLists--;
      throw new Error("The table can not be read now");
    }
    return rows;
  }

  async write(changes: readonly Change<FakeKey, FakeRow>[]): Promise<readonly Failure<FakeKey>[]> {
    this.writes++;
    this.tried.push(...changes);
    if (this.#held !== undefined) await this.#held.until;
    if (this.failNextWrites > 0) {
      this.failNextWrites--;
      throw new Error("The table can not be written now");
    }
    return changes.flatMap((change) => this.#writeOne(change) ?? []);
  }

  agree(wanted: FakeRow, actual: FakeRow): boolean {
    return wanted.value === actual.value;
  }

  /** Somebody else changes a row behind our back, and we are told if he is. */
  edit(
    key: FakeKey,
    row: FakeRow | undefined,
    { silently = false }: { silently?: boolean } = {},
  ): void {
    this.#set(key, row, silently ? () => {} : this.onEcho);
  }

  #writeOne(change: Change<FakeKey, FakeRow>): Failure<FakeKey> | undefined {
    const { key } = change;
    if (this.failKeys.has(key)) return { key, kind: "later", reason: `Cannot write ${key}: busy` };
    if (change.kind === "remove") this.#set(key, undefined, this.onEcho);
    else if (this.foreign.has(key)) {
      return { key, kind: "foreign", reason: `Cannot write ${key}: it is somebody else's` };
    } else if (this.unfitValues.has(change.row.value)) {
      return { key, kind: "unfit", reason: `Cannot write ${key}: ${change.row.value} is too much` };
    } else this.#set(key, change.row, this.onEcho);
    return this.failAfterWriting.has(key)
      ? { key, kind: "later", reason: `Cannot write ${key}: no answer` }
      : undefined;
  }

  #set(key: FakeKey, row: FakeRow | undefined, tell: typeof this.onEcho): void {
    if (row === undefined && !this.rows.delete(key)) return;
    if (row !== undefined) this.rows.set(key, row);
    tell(key, row);
  }
}
