/** Milliseconds since the epoch with their fractions: one clock for all processes of a lab. */
export function now(): number {
  return ORIGIN + performance.now();
}

/** The clock is seen to go on to its next millisecond within so long; */
const CLOSE_MS = 0.02;
/** or what was seen best of so many times counts: where it takes longer to ask (user-mode Linux). */
const LOOKS = 20;
const ORIGIN = origin();

/**
 * When this process's own clock began. `performance.timeOrigin` does not say it well enough: Node (20)
 * reads the machine's clock after its own, and if the process is put aside in between, all that it notes
 * is late by that (0.3 ms seen once in thirty starts, with nothing else to do).
 */
function origin(): number {
  let best = look();
  for (let looks = 1; looks < LOOKS && best.within > CLOSE_MS; looks++) {
    const next = look();
    if (next.within < best.within) best = next;
  }
  return best.at;
}

/** When the process's own clock began, as the next millisecond shows it, within so many milliseconds. */
function look(): { readonly at: number; readonly within: number } {
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
  return { at: next - (earlier + after) / 2, within: after - earlier };
}
