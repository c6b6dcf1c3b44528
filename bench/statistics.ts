/** What is told of many measurements of one thing. */

export interface Sample {
  readonly median: number;
  readonly p99: number;
  readonly n: number;
}

/** A sample with its spread, for people. */
export interface Spread extends Sample {
  readonly least: number;
  readonly most: number;
}

/** Of at least one number. */
export function spreadOf(numbers: readonly number[]): Spread {
  if (numbers.length === 0) throw new Error("Cannot tell of no measurement at all");
  const sorted = [...numbers].sort((a, b) => a - b);
  // The nearest rank: always one that was measured.
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? 0;
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1 ? at(0.5) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
  return { median, p99: at(0.99), n: sorted.length, least: at(0), most: at(1) };
}

export function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
