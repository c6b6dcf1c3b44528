/** The only reader of time in the program; everybody else is told. */

/** Milliseconds since the epoch, with fractions, which never go back while the process lives. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
