/** What a reconciler is asked to do, and what it answers. */
import type { Change, Failure } from "./driver.ts";

export type ChangeKind = Change<string, unknown>["kind"];

export interface ApplyOptions {
  /** Which changes to make; what else is dirty stays so. */
  readonly kinds: readonly ChangeKind[];
  /** Only what was marked up to this turn. */
  readonly upTo?: number | undefined;
  readonly now: number;
  readonly signal: AbortSignal;
  /** Called when a table has been read that was not waited for: `apply` has something to take in. */
  readonly onRead: () => void;
}

export interface Applied<Key extends string, Row> {
  readonly written: readonly Change<Key, Row>[];
  readonly failed: readonly Failure<Key>[];
  readonly reading: Reading | undefined;
  /** How many rows were found changed by others since the last pass; not said if none. */
  readonly drifted?: number | undefined;
}

/** What became of reading the table; `wrong` is how many rows are not as we want them. */
export type Reading = RowsRead | Unreadable;

export interface Unreadable {
  readonly kind: "unreadable";
  readonly cause: string;
  readonly reason: string;
}

export interface RowsRead {
  readonly kind: "read";
  readonly cause: string;
  readonly rows: number;
  readonly wrong: number;
}

/** How many rows are not, or may not be, as we want them. */
export interface Pending {
  readonly dirty: number;
  readonly retrying: number;
  readonly foreign: number;
  readonly unfit: number;
}

/** Since the start. */
export interface Counts {
  readonly put: number;
  readonly removed: number;
  readonly failed: number;
  /** Rows that stood right and were found changed, by an echo or by reading again. */
  readonly drifted: number;
  readonly read: number;
}
