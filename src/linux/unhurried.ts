import { setImmediate as turnsEnd } from "node:timers/promises";
import { lots } from "../evpn/lots.ts";

/**
 * All, lot by lot, and after each a turn of the event loop for the frames and routes that have come;
 * in haste without, for while a RIB is told a turn takes its time.
 */
export async function* unhurried<T>(
  all: Iterable<T>,
  { inHaste }: { readonly inHaste: boolean },
): AsyncIterable<readonly T[]> {
  for (const lot of lots(all)) {
    yield lot;
    if (!inHaste) await turnsEnd();
  }
}
