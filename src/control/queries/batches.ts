/**
 * Answers in pieces. A leaf may hold 100 000 MACs, and the daemon must not stand still while
 * somebody reads them: so a query is a generator of batches, each the work of a fraction of a millisecond,
 * and between two of them the daemon does what it is there for. An empty batch is just such a pause.
 */
export type Batches<Row> = Generator<readonly Row[], void>;

/** Pauses while something is worked out, which is the value in the end. */
export type InPieces<T> = Generator<readonly never[], T>;

const PIECE = 128;
/** Rows take longer than looks: less than a tenth of a millisecond, for a host that moves waits meanwhile. */
const ROWS = 16;
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
    if (++seen % ROWS === 0 || rows.length >= ROWS) {
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

/**
 * The items in their order. A heap, so that the first of them is known after one look at each, long
 * before the last: whoever has asked sees it come.
 */
export function* inOrder<T extends object>(
  items: Iterable<T>,
  compare: (a: T, b: T) => number,
): InPieces<Iterable<T>> {
  const heap = [...items];
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) {
    sink(heap, i, compare);
    if (i % PIECE === 0) yield PAUSE;
  }
  return takeAll(heap, compare);
}

interface Keyed<T> {
  readonly key: string;
  readonly item: T;
}

/** The same for items whose keys take a while to make. */
export function* inOrderOfKeys<T>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
): InPieces<Iterable<T>> {
  const keyed: Keyed<T>[] = [];
  yield* eachInPieces(items, (item) => keyed.push({ key: keyOf(item), item }));
  return itemsOf(yield* inOrder(keyed, (a, b) => compareTexts(a.key, b.key)));
}

/** By character, as all keys are compared. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function* itemsOf<T>(keyed: Iterable<Keyed<T>>): Iterable<T> {
  for (const { item } of keyed) yield item;
}

/** Empties the heap. */
function* takeAll<T extends object>(heap: T[], compare: (a: T, b: T) => number): Iterable<T> {
  for (let first = heap[0]; first !== undefined; first = heap[0]) {
    yield first;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    sink(heap, 0, compare);
  }
}

/** Puts what stands at `from` below all that comes before it. */
function sink<T extends object>(heap: T[], from: number, compare: (a: T, b: T) => number): void {
  const item = heap[from];
  if (item === undefined) return;
  let at = from;
  for (;;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
    if (left === undefined) break;
    const isRight = right !== undefined && compare(right, left) < 0;
    const child = isRight ? right : left;
    if (compare(item, child) <= 0) break;
    heap[at] = child;
    at = 2 * at + (isRight ? 2 : 1);
  }
  heap[at] = item;
}
