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
