/** What becomes of measurements: the figures of a line, and whether it has reached what it must. */
import { describe, expect, it } from "vitest";
import { judge, type Measurement, type Target } from "../../bench/measured.ts";
import { spreadOf } from "../../bench/statistics.ts";

function measurement(over: Partial<Measurement> = {}): Measurement {
  return {
    name: "move",
    work: "one machine",
    what: "until it is followed",
    unit: "ms",
    ours: [4, 5, 9],
    frr: [100, 110, 120],
    floor: [3, 4, 5],
    targets: [],
    faults: [],
    notes: [],
    ...over,
  };
}

function missedOf(target: Target, over: Partial<Measurement> = {}): readonly string[] {
  return judge(measurement({ ...over, targets: [target] }), { timed: true }).missed;
}

describe("A line of a bench", () => {
  it("has the medians of all three, and how they compare", () => {
    const { line } = judge(measurement(), { timed: true });
    expect(line).toEqual({
      name: "move",
      work: "one machine",
      unit: "ms",
      ours: { median: 5, p99: 9, n: 3 },
      frr: { median: 110, p99: 120, n: 3 },
      floor: { median: 4, p99: 5, n: 3 },
      ratioToFrr: 22,
      ratioToFloor: 1.25,
      ok: true,
    });
  });

  it("says null of whom it is not compared with", () => {
    const { line } = judge(measurement({ frr: undefined, floor: undefined }), { timed: true });
    expect(line).toMatchObject({ frr: null, floor: null, ratioToFrr: null, ratioToFloor: null });
  });

  const targets: readonly {
    readonly reached: Target;
    readonly missed: Target;
    readonly as: string;
  }[] = [
    {
      reached: { kind: "floor-median", atMost: 1.25 },
      missed: { kind: "floor-median", atMost: 1.24 },
      as: "median 1.25 x floor, not 1.24",
    },
    {
      reached: { kind: "floor-p99", atMost: 2.25 },
      missed: { kind: "floor-p99", atMost: 2.2 },
      as: "p99 2.25 x floor, not 2.2",
    },
    {
      reached: { kind: "frr", atLeast: 22 },
      missed: { kind: "frr", atLeast: 23 },
      as: "22.00 x faster than FRR, not 23",
    },
    {
      reached: { kind: "ours", atMost: 5 },
      missed: { kind: "ours", atMost: 4.9 },
      as: "5.00, not 4.90",
    },
    {
      reached: { kind: "beside", what: "share lost", is: 0.1, atMost: 0.1 },
      missed: { kind: "beside", what: "share lost", is: 0.2, atMost: 0.1 },
      as: "share lost: 0.20, not 0.1",
    },
  ];
  for (const { reached, missed, as } of targets) {
    it(`tells a target of kind ${reached.kind} that is reached from one that is missed`, () => {
      expect(missedOf(reached)).toEqual([]);
      expect(missedOf(missed)).toEqual([as]);
    });
  }

  it("has not reached what it can not be compared for", () => {
    const nobody = { frr: undefined, floor: undefined };
    expect(missedOf({ kind: "floor-median", atMost: 1.3 }, nobody)).toHaveLength(1);
    expect(missedOf({ kind: "floor-p99", atMost: 3 }, nobody)).toHaveLength(1);
    expect(missedOf({ kind: "frr", atLeast: 1 }, nobody)).toHaveLength(1);
    expect(missedOf({ kind: "beside", what: "x", is: Number.NaN, atMost: 1 })).toHaveLength(1);
  });

  it("is not judged by times where they say nothing, but by what is wrong", () => {
    const late = measurement({ targets: [{ kind: "ours", atMost: 0 }] });
    expect(judge(late, { timed: false }).line.ok).toBe(true);
    expect(judge(late, { timed: true }).line.ok).toBe(false);
    const wrong = measurement({ faults: ["2 packets came more than once"] });
    expect(judge(wrong, { timed: false })).toMatchObject({
      line: { ok: false },
      missed: ["2 packets came more than once"],
    });
  });
});

describe("A spread", () => {
  it("has the middle of an even number, and the nearest rank of a hundred", () => {
    expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, p99: 4, n: 4, least: 1, most: 4 });
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect(spreadOf(hundred)).toMatchObject({ median: 50.5, p99: 99, most: 100 });
  });

  it("is not told of nothing", () => {
    expect(() => spreadOf([])).toThrow("Cannot tell of no measurement at all");
  });
});
