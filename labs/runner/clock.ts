/** Milliseconds since the epoch with their fractions: one clock for all processes of a lab. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
