/** How often something is done that many ask for at once. */

/** At the end of the running turn of the event loop, however often it was asked for in it. */
export function atTurnsEnd(act: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      act();
    });
  };
}

/** At once, unless it was done less than `everyMs` ago: then not at all. */
export function notOftener(act: () => void, everyMs: number, clock: () => number): () => void {
  let nextAt = Number.NEGATIVE_INFINITY;
  return () => {
    const at = clock();
    if (at < nextAt) return;
    nextAt = at + everyMs;
    act();
  };
}

/**
 * When the running callback is over; or at the end of the turn, where the last time is less than
 * `busyMs` ago: then there is much to be done, and more of it together costs less.
 */
export function atOnceUnlessBusy(busyMs: number, clock: () => number): (work: () => void) => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  return (work) => {
    const at = clock();
    if (at - lastAt < busyMs) setImmediate(work);
    else queueMicrotask(work);
    lastAt = at;
  };
}

/** When nobody has asked for it for `quietMs`, and `atMostMs` after it was asked for at the latest. */
export function whenQuiet(
  act: () => void,
  { quietMs, atMostMs, clock }: { quietMs: number; atMostMs: number; clock: () => number },
): () => void {
  let firstAt: number | undefined;
  let lastAt = 0;
  const look = (): void => {
    const at = clock();
    const dueAt = Math.min(lastAt + quietMs, (firstAt ?? at) + atMostMs);
    // A timer may be a fraction of a millisecond early.
    if (dueAt - at >= 1) setTimeout(look, dueAt - at);
    else {
      firstAt = undefined;
      act();
    }
  };
  return () => {
    lastAt = clock();
    if (firstAt !== undefined) return;
    firstAt = lastAt;
    setTimeout(look, quietMs);
  };
}

/**
 * When several come one soon after the other: at the second, and not again before none has come for
 * `quietMs`. The same one may come as often as it likes.
 */
export function atSecond<One>(
  act: () => void,
  { quietMs, clock }: { quietMs: number; clock: () => number },
): (one: One) => void {
  let first: One | undefined;
  let lastAt = Number.NEGATIVE_INFINITY;
  let isDone = false;
  return (one) => {
    const at = clock();
    if (at - lastAt >= quietMs) {
      first = one;
      isDone = false;
    }
    lastAt = at;
    if (isDone || one === first) return;
    isDone = true;
    act();
  };
}

/** So many in each so many milliseconds, counted from the first of them. */
export class FewAtOnce {
  readonly #most: number;
  readonly #everyMs: number;
  #since = Number.NEGATIVE_INFINITY;
  #taken = 0;

  constructor(most: number, everyMs: number) {
    this.#most = most;
    this.#everyMs = everyMs;
  }

  /** Answers whether it is one of the few. */
  take(at: number): boolean {
    if (at - this.#since >= this.#everyMs) {
      this.#since = at;
      this.#taken = 0;
    }
    if (this.#taken === this.#most) return false;
    this.#taken++;
    return true;
  }
}
