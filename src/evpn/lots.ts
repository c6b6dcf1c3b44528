/** In each of them: a millisecond's work, where a row takes half a microsecond. */
const LOT = 2000;

/**
 * All, some at a time: of rows there may be hundreds of thousands, and what would keep everything else
 * waiting if it were done at once is done lot by lot.
 */
export function* lots<T>(all: Iterable<T>): Iterable<readonly T[]> {
  let lot: T[] = [];
  for (const each of all) {
    if (lot.push(each) < LOT) continue;
    yield lot;
    lot = [];
  }
  if (lot.length > 0) yield lot;
}
