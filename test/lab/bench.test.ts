/** Every bench runs, in a small size: that all it checks is right, and that what it prints is whole. */
import { describe, expect, it } from "vitest";
import { findBinaries } from "../../bench/lab/daemons.ts";
import { judge } from "../../bench/measured.ts";
import { BENCHES, runBenches } from "../../bench/run.ts";

/** Each bench, how many lines it has at one size, and who stands in them beside roamd. */
const EXPECTED = [
  ["move", 2, ["frr", "floor"]],
  ["withdraw", 2, ["frr", "floor"]],
  ["mass-move", 2, ["frr", "floor"]],
  ["sync", 1, ["frr", "floor"]],
  ["restart", 1, ["floor"]],
  ["snoop", 5, ["floor"]],
  ["memory", 1, ["frr"]],
  ["growth", 2, ["frr", "floor"]],
  ["cli", 2, ["floor"]],
] as const;

describe("The benches", () => {
  it("measure roamd beside FRR and the floor, whatever the times", async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): number => warnings.push(warning);
    process.on("warning", warned);
    const options = { binaries: findBinaries(), isSmoke: true, say: () => {} };
    const { measurements, failures } = await runBenches(BENCHES, options);
    process.off("warning", warned);
    expect(failures).toEqual([]);
    // Such as one that listeners have been left behind.
    expect(warnings).toEqual([]);
    const judged = measurements.map((each) => judge(each, { timed: false }));
    expect(judged.flatMap(({ missed }) => missed)).toEqual([]);
    for (const [name, lines, compared] of EXPECTED) {
      const found = judged.map(({ line }) => line).filter((line) => line.name === name);
      expect(found, name).toHaveLength(lines);
      for (const line of found) {
        // Of a hundred routes the memory may be less than that of ten, as it happens.
        if (name !== "memory") expect(line.ours.median, name).toBeGreaterThan(0);
        for (const who of ["frr", "floor"] as const) {
          const isMeant = (compared as readonly string[]).includes(who);
          expect(line[who] !== null, `${name}: ${who}`).toBe(isMeant);
        }
      }
    }
    expect(measurements).toHaveLength(EXPECTED.reduce((sum, [, lines]) => sum + lines, 0));
  });
});
