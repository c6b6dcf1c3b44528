/**
 * Answers in pieces. A leaf may hold 100 000 MACs, and the daemon must not stand still while
 * somebody reads them: so a query is a generator of batches, each the work of about a millisecond,
 * and between two of them the daemon does what it is there for. An empty batch is just such a pause.
 */
export type Batches<Row> = Generator<readonly Row[], void>;

/** Pauses while something is worked out, which is the value in the end. */
export type InPieces<T> = Generator<readonly never[], T>;

const PIECE = 256;
const PAUSE: readonly never[] = [];

/** The rows that all items amount to, in their order. */
export function* batchesOf<T, Row>(
  items: Iterable<T>,
  rowsOf: (item: T) => Iterable<Row>,
): Batches<Row> {
  let rows: Row[] = [];
  let seen = 0;
  for (const item of items) {
    for (const row of rowsOf(item)) rows.push(row);
    if (++seen % PIECE === 0 || rows.length >= PIECE) {
      yield rows;
      rows = [];
    }
  }
  if (rows.length > 0) yield rows;
}

/** Looks at each item, a piece at a time. */
export function* eachInPieces<T>(items: Iterable<T>, look: (item: T) => void): InPieces<void> {
  let seen = 0;
  for (const item of items) {
    look(item);
    if (++seen % PIECE === 0) yield PAUSE;
  }
}

interface Keyed<T> {
  readonly key: string;
  readonly item: T;
}

/** The items in the order of their keys; a merge sort, because that can be laid down at any point. */
export function* sortInPieces<T>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
): InPieces<Iterable<T>> {
  const keyed: Keyed<T>[] = [];
  yield* eachInPieces(items, (item) => keyed.push({ key: keyOf(item), item }));

  let runs: Keyed<T>[][] = [];
  for (let i = 0; i < keyed.length; i += PIECE) {
    runs.push(keyed.slice(i, i + PIECE).sort(byKey));
    yield PAUSE;
  }
  while (runs.length > 1) {
    const merged: Keyed<T>[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      merged.push(yield* mergeInPieces(runs[i] ?? [], runs[i + 1] ?? []));
      yield PAUSE;
    }
    runs = merged;
  }
  return itemsOf(runs[0] ?? []);
}

function* itemsOf<T>(keyed: readonly Keyed<T>[]): Iterable<T> {
  for (const { item } of keyed) yield item;
}

function* mergeInPieces<T>(
  left: readonly Keyed<T>[],
  right: readonly Keyed<T>[],
): InPieces<Keyed<T>[]> {
  const merged: Keyed<T>[] = [];
  let [l, r] = [0, 0];
  while (true) {
    const [a, b] = [left[l], right[r]];
    const next = b === undefined || (a !== undefined && byKey(a, b) <= 0) ? a : b;
    if (next === undefined) return merged;
    if (next === a) l++;
    else r++;
    merged.push(next);
    if (merged.length % (4 * PIECE) === 0) yield PAUSE;
  }
}

function byKey(a: Keyed<unknown>, b: Keyed<unknown>): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
