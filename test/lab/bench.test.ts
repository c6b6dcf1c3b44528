/** Every bench runs, in a small size: that all it checks is right, and that what it prints is whole. */
import { describe, expect, it } from "vitest";
import { findBinaries } from "../../bench/lab/daemons.ts";
import { judge } from "../../bench/measured.ts";
import { BENCHES, runBenches } from "../../bench/run.ts";

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
    const lines = measurements.map((each) => judge(each, { timed: false }).line);
    for (const { ours, frr, floor, ok } of lines) {
      expect(ok).toBe(true);
      for (const each of [ours, frr, floor])
        if (each !== null) expect(each.median).toBeGreaterThan(0);
      expect(frr ?? floor).not.toBeNull();
    }
    expect(new Set(lines.map(({ name }) => name))).toEqual(new Set(BENCHES));
  });
});
