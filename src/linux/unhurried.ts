import { setImmediate as turnsEnd } from "node:timers/promises";

/** In each lot: a millisecond's work, where a row takes half a microsecond. */
const LOT = 2000;

/**
 * All, lot by lot, and after each a turn of the event loop for the frames and routes that have come: of
 * rows there may be hundreds of thousands. In haste without, for while a RIB is told a turn takes its time.
 */
export async function* unhurried<T>(
  all: Iterable<T>,
  { inHaste }: { readonly inHaste: boolean },
): AsyncIterable<readonly T[]> {
  let lot: T[] = [];
  for (const each of all) {
    if (lot.push(each) < LOT) continue;
    yield lot;
    lot = [];
    if (!inHaste) await turnsEnd();
  }
  if (lot.length > 0) yield lot;
}
