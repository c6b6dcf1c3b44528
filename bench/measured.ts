/** What benches have measured, and what is made of it: a line of the table. */
import { type Sample, type Spread, spreadOf } from "./statistics.ts";

/** One thing measured of roamd, of who it is compared with, and of the floor. */
export interface Measurement {
  /** That of the bench. */
  readonly name: string;
  /** Which of its lines. */
  readonly work: string;
  /** What is measured, in a sentence. */
  readonly what: string;
  readonly unit: string;
  readonly ours: readonly number[];
  /** `undefined`: FRR has nothing of the kind. */
  readonly frr: readonly number[] | undefined;
  readonly floor: readonly number[] | undefined;
  readonly targets: readonly Target[];
  /** What is wrong, however fast the machine is. */
  readonly faults: readonly string[];
  /** Said besides. */
  readonly notes: readonly string[];
}

/** As long as something else takes: a tenth more, and what a busy moment costs. */
export const SAME = 1.3;

/** What a line must reach. Ratios are of medians. */
export type Target =
  | { readonly kind: "floor-median"; readonly atMost: number }
  /** The 99th percentile against the floor's median. */
  | { readonly kind: "floor-p99"; readonly atMost: number }
  | { readonly kind: "frr"; readonly atLeast: number }
  | { readonly kind: "ours"; readonly atMost: number }
  /** Something that was found beside, and has no line of its own. */
  | {
      readonly kind: "beside";
      readonly what: string;
      readonly is: number;
      readonly atMost: number;
    };

/** As `--json` prints it: the contract. */
export interface BenchLine {
  readonly name: string;
  readonly work: string;
  readonly unit: string;
  readonly ours: Sample;
  readonly frr: Sample | null;
  readonly floor: Sample | null;
  /** FRR's median by ours: larger is better. */
  readonly ratioToFrr: number | null;
  /** Ours by the floor's: smaller is better. */
  readonly ratioToFloor: number | null;
  readonly ok: boolean;
}

export interface Judged {
  readonly line: BenchLine;
  readonly what: string;
  readonly ours: Spread;
  readonly frr: Spread | undefined;
  readonly floor: Spread | undefined;
  /** Targets that are not reached, each in a sentence. */
  readonly missed: readonly string[];
  readonly notes: readonly string[];
}

export function judge(measurement: Measurement, { timed }: { readonly timed: boolean }): Judged {
  const { name, work, what, unit, targets, faults, notes } = measurement;
  const ours = spreadOf(measurement.ours);
  const frr = measurement.frr && spreadOf(measurement.frr);
  const floor = measurement.floor && spreadOf(measurement.floor);
  const against = { ours, frr, floor };
  const late = timed ? targets.flatMap((target) => missedBy(target, against)) : [];
  const missed = [...late, ...faults];
  const line: BenchLine = {
    name,
    work,
    unit,
    ours: sampleOf(ours),
    frr: frr === undefined ? null : sampleOf(frr),
    floor: floor === undefined ? null : sampleOf(floor),
    ratioToFrr: frr === undefined ? null : rounded(frr.median / ours.median),
    ratioToFloor: floor === undefined ? null : rounded(ours.median / floor.median),
    ok: missed.length === 0,
  };
  return { line, what, ours, frr, floor, missed, notes };
}

function missedBy(
  target: Target,
  { ours, frr, floor }: { ours: Spread; frr: Spread | undefined; floor: Spread | undefined },
): readonly string[] {
  switch (target.kind) {
    case "floor-median": {
      const ratio = ours.median / (floor?.median ?? Number.NaN);
      return ratio <= target.atMost
        ? []
        : [`median ${ratio.toFixed(2)} x floor, not ${target.atMost}`];
    }
    case "floor-p99": {
      const ratio = ours.p99 / (floor?.median ?? Number.NaN);
      return ratio <= target.atMost
        ? []
        : [`p99 ${ratio.toFixed(2)} x floor, not ${target.atMost}`];
    }
    case "frr": {
      const ratio = (frr?.median ?? Number.NaN) / ours.median;
      return ratio >= target.atLeast
        ? []
        : [`${ratio.toFixed(2)} x faster than FRR, not ${target.atLeast}`];
    }
    case "ours":
      return ours.median <= target.atMost
        ? []
        : [`${ours.median.toFixed(2)}, not ${target.atMost.toFixed(2)}`];
    case "beside":
      return target.is <= target.atMost
        ? []
        : [`${target.what}: ${target.is.toFixed(2)}, not ${target.atMost}`];
  }
}

function sampleOf({ median, p99, n }: Spread): Sample {
  return { median: rounded(median), p99: rounded(p99), n };
}

function rounded(number: number): number {
  return Math.round(number * 1000) / 1000;
}
