/** Rows that are being written, lot by lot: what fails is answered, and never thrown. */
import type { Change, Driver, Failure } from "./driver.ts";

/** What became of a row. */
export interface Landing<Key extends string> {
  readonly failure: Failure<Key> | undefined;
  /** Somebody else has changed the row since the write began, as far as we can tell. */
  readonly isDisturbed: boolean;
}

export class InFlight<Key extends string, Row> {
  readonly #driver: Pick<Driver<Key, Row>, "write">;
  readonly #lots = new Set<Lot<Key, Row>>();

  constructor(driver: Pick<Driver<Key, Row>, "write">) {
    this.#driver = driver;
  }

  /** Begins to write, before it returns; tells of each row. No key may be in flight already. */
  async write(
    changes: readonly Change<Key, Row>[],
    signal: AbortSignal,
    landed: (change: Change<Key, Row>, landing: Landing<Key>) => void,
  ): Promise<void> {
    const lot = new Lot(changes);
    this.#lots.add(lot);
    const failed = await this.#failuresOf(changes, signal);
    this.#lots.delete(lot);
    for (const change of changes) {
      const { key } = change;
      landed(change, { failure: failed.get(key), isDisturbed: lot.isDisturbed(key) });
    }
  }

  /** A row was seen; answers whether it is being written. */
  saw(key: Key, how: { readonly isDisturbed: boolean }): boolean {
    for (const lot of this.#lots) if (lot.saw(key, how)) return true;
    return false;
  }

  has(key: Key): boolean {
    for (const lot of this.#lots) if (lot.has(key)) return true;
    return false;
  }

  get size(): number {
    let size = 0;
    for (const { changes } of this.#lots) size += changes.length;
    return size;
  }

  async #failuresOf(
    changes: readonly Change<Key, Row>[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<Key, Failure<Key>>> {
    try {
      const failures = await this.#driver.write(changes, signal);
      return new Map(failures.map((failure) => [failure.key, failure]));
    } catch (error) {
      const reason = messageOf(error);
      return new Map(changes.map(({ key }) => [key, { key, reason, kind: "later" }]));
    }
  }
}

class Lot<Key extends string, Row> {
  readonly changes: readonly Change<Key, Row>[];
  /** By key; made when a row is seen meanwhile, for of most lots none is. */
  #disturbed: Map<Key, boolean> | undefined;

  constructor(changes: readonly Change<Key, Row>[]) {
    this.changes = changes;
  }

  saw(key: Key, { isDisturbed }: { readonly isDisturbed: boolean }): boolean {
    if (!this.has(key)) return false;
    this.#disturbed?.set(key, isDisturbed);
    return true;
  }

  has(key: Key): boolean {
    this.#disturbed ??= new Map(this.changes.map((change) => [change.key, false]));
    return this.#disturbed.has(key);
  }

  isDisturbed(key: Key): boolean {
    return this.#disturbed?.get(key) === true;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
