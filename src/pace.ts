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
