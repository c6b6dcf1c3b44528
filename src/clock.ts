/** The only reader of time in the program; everybody else is told. */

/** Asked for once: Node looks it up each time, which takes longer than to look at the clock. */
const { timeOrigin } = performance;

/** Milliseconds since the epoch, with fractions, which never go back while the process lives. */
export function now(): number {
  return timeOrigin + performance.now();
}

/**
 * The time of day as the machine has it now, in milliseconds since the epoch. It goes forward and
 * back as the clock is set, and is only for what is compared with the clocks of others.
 */
export function timeOfDay(): number {
  return Date.now();
}
