/** All benches by name. */
import type { BenchOptions } from "./bench-options.ts";
import { FABRIC_BENCHES, runFabricBenches } from "./benches/fabric-benches.ts";
import { LEAF_BENCHES, runLeafBenches } from "./benches/leaf-benches.ts";
import type { Measurement } from "./measured.ts";

export const BENCHES: readonly string[] = [...FABRIC_BENCHES, ...LEAF_BENCHES];

export interface Ran {
  readonly measurements: readonly Measurement[];
  /** Why benches could not run to their end. */
  readonly failures: readonly string[];
}

/** One that fails does not take away what the others have measured. */
export async function runBenches(names: readonly string[], options: BenchOptions): Promise<Ran> {
  const measurements: Measurement[] = [];
  const failures: string[] = [];
  for (const run of [runFabricBenches, runLeafBenches]) {
    try {
      measurements.push(...(await run(names, options)));
    } catch (error) {
      failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }
  return { measurements, failures };
}
