/** Milliseconds since the epoch with their fractions: one clock for all processes of a lab. */
export function now(): number {
  return ORIGIN + performance.now();
}

/** The time in which the clock is seen to go on to the next millisecond. */
const SEEN_IN_MS = 0.02;
const ORIGIN = origin();

/**
 * When this process's own clock began. `performance.timeOrigin` does not say it well enough: Node (20)
 * reads the machine's clock after its own, and if the process is put aside in between, all that it notes
 * is late by that (60 ms seen).
 */
function origin(): number {
  for (;;) {
    let earlier = performance.now();
    let before = earlier;
    const wall = Date.now();
    let next = wall;
    while (next === wall) {
      earlier = before;
      before = performance.now();
      next = Date.now();
    }
    const after = performance.now();
    if (next === wall + 1 && after - earlier < SEEN_IN_MS) return next - (earlier + after) / 2;
  }
}
