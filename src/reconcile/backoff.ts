/** How long to wait before what failed is tried again. */

/** Short enough that a kernel table that was full for a moment is not noticed by a host. */
const FIRST_MS = 100;
/** Long enough that thousands of rows that can not be written cost next to nothing. */
const LONGEST_MS = 30_000;

/** The wait after the `attempts`-th failure in a row: doubled each time. */
export function backoffMs(attempts: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempts - 1));
}
