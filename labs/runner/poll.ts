/** Waiting for a condition that nobody announces. */
import { setTimeout as sleep } from "node:timers/promises";

export interface PollOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
  /** What to add to the error: the state that was there instead. */
  readonly otherwise?: () => string | Promise<string>;
}

/** Asks until the answer is something; fails with `what` in the message when it takes too long. */
export async function poll<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  { timeoutMs = 30_000, everyMs = 20, otherwise }: PollOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) {
      const instead = otherwise === undefined ? "" : `; instead: ${await otherwise()}`;
      throw new Error(`Waited ${timeoutMs} ms in vain for ${what}${instead}`);
    }
    await sleep(everyMs);
  }
}
