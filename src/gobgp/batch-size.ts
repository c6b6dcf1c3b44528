/**
 * How many routes go to gobgpd in one message.
 *
 * More at once is faster, up to some hundred. But gobgpd does nothing else meanwhile, and up to
 * 3.21 it needs time for each route in proportion to all that stand: 500 of them stop it for
 * seconds. Its version can not be asked, its pace can be seen: of API v3, since all of 4.x are quick,
 * and a machine that is busy must not be taken for a gobgpd that is slow.
 */
import type { ApiGeneration } from "./api.ts";

const SMALLEST = 20;
const LARGEST = 500;
/** gobgpd since 3.28 writes some 30 routes in a millisecond; 500 take 10 to 25 ms. */
const PATIENCE_MS = 50;

export class BatchSize {
  #size: number = SMALLEST;

  of(generation: ApiGeneration): number {
    return generation === "v4" ? LARGEST : this.#size;
  }

  /** A whole batch has taken this long. */
  took(milliseconds: number): void {
    const next = milliseconds > PATIENCE_MS ? this.#size / 2 : this.#size * 2;
    this.#size = Math.min(LARGEST, Math.max(SMALLEST, Math.floor(next)));
  }
}
