/** A lot of rows that is being written: what fails is answered, and never thrown. */
import type { Change, Driver, Failure } from "./driver.ts";

/** A row that is being written. */
export interface Flight<Row> {
  readonly row: Row | undefined;
  /** Somebody else has changed the row since the write began, as far as we can tell. */
  disturbed: boolean;
}

export interface Attempt<Key extends string, Row> {
  readonly changes: readonly Change<Key, Row>[];
  readonly failures: Promise<ReadonlyMap<Key, Failure<Key>>>;
}

/** Begins to write, before it returns. */
export function attempt<Key extends string, Row>(
  driver: Driver<Key, Row>,
  changes: readonly Change<Key, Row>[],
  signal: AbortSignal,
): Attempt<Key, Row> {
  return { changes, failures: failuresOf(driver, changes, signal) };
}

async function failuresOf<Key extends string, Row>(
  driver: Driver<Key, Row>,
  changes: readonly Change<Key, Row>[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Key, Failure<Key>>> {
  try {
    const failures = await driver.write(changes, signal);
    return new Map(failures.map((failure) => [failure.key, failure]));
  } catch (error) {
    const reason = messageOf(error);
    return new Map(changes.map(({ key }) => [key, { key, reason, kind: "later" }]));
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
