/**
 * What a table outside of us must offer, so that it can be made equal to the one we want.
 *
 * Writing is idempotent: to put a row that stands already, or to remove one that is gone, is
 * success. A row that can not be written never holds up the others.
 */

export type Change<Key extends string, Row> =
  | { readonly kind: "put"; readonly key: Key; readonly row: Row }
  /** `row` is what stands there, as far as we know. */
  | { readonly kind: "remove"; readonly key: Key; readonly row: Row };

export interface Failure<Key extends string> {
  readonly key: Key;
  /** One sentence: what was tried, and what the other side said. */
  readonly reason: string;
  /**
   * `later`: may work the next time, without anything being known to change. `foreign`: a row of
   * somebody else stands there; ours waits until it is gone. `unfit`: will never be taken as it is.
   */
  readonly kind: "later" | "foreign" | "unfit";
}

export interface Driver<Key extends string, Row> {
  /** Nobody is told of rows that are put, but of those that are removed: no echo is to be awaited. */
  readonly putsSilently?: boolean;
  /** A write may begin while the one before is under way: they are done in their order. */
  readonly queues?: boolean;
  /**
   * The rows of ours that stand outside, and only ours, in a map that the caller keeps. Rejects if they
   * can not be read now.
   */
  list(signal: AbortSignal): Promise<Map<Key, Row>>;
  /** Writes all changes, as far as each can be written, in their order; answers what failed. */
  write(
    changes: readonly Change<Key, Row>[],
    signal: AbortSignal,
  ): Promise<readonly Failure<Key>[]>;
  /** Whether the row outside need not be touched, given the row we want. */
  agree(wanted: Row, actual: Row): boolean;
}
