/** Measures how long the other side takes to write. */
import type { Driver } from "../reconcile/driver.ts";

export interface Stopwatch {
  readonly clock: () => number;
  /** Told of every write, failed or not. */
  readonly took: (ms: number) => void;
}

export function timedDriver<Key extends string, Row>(
  driver: Driver<Key, Row>,
  { clock, took }: Stopwatch,
): Driver<Key, Row> {
  return {
    putsSilently: driver.putsSilently ?? false,
    queues: driver.queues ?? false,
    list: (signal) => driver.list(signal),
    agree: (wanted, actual) => driver.agree(wanted, actual),
    async write(changes, signal) {
      const start = clock();
      try {
        return await driver.write(changes, signal);
      } finally {
        took(clock() - start);
      }
    },
  };
}
