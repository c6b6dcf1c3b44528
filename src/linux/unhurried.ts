import { setImmediate as turnsEnd } from "node:timers/promises";
import { lots } from "../evpn/lots.ts";

/** All, lot by lot, and after each a turn of the event loop for the frames and routes that have come. */
export async function* unhurried<T>(all: Iterable<T>): AsyncIterable<readonly T[]> {
  for (const lot of lots(all)) {
    yield lot;
    await turnsEnd();
  }
}
