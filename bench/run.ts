/** All benches by name. */
import type { BenchOptions } from "./bench-options.ts";
import { FABRIC_BENCHES, runFabricBenches } from "./benches/fabric-benches.ts";
import { LEAF_BENCHES, runLeafBenches } from "./benches/leaf-benches.ts";
import type { Measurement } from "./measured.ts";

export const BENCHES: readonly string[] = [...FABRIC_BENCHES, ...LEAF_BENCHES];

export async function runBenches(
  names: readonly string[],
  options: BenchOptions,
): Promise<readonly Measurement[]> {
  const fabric = await runFabricBenches(names, options);
  return [...fabric, ...(await runLeafBenches(names, options))];
}
