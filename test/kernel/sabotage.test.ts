/**
 * A thousand acts of sabotage by seed against the kernel half of roamd, on the real kernel: what
 * stands in the end is what is wanted, and every row of others as they left it.
 *
 *   npm run sabotage -- --seeds 100 --seed 7     more of them, from a seed on
 */
import { beforeAll, describe, expect, it } from "vitest";
import { requireOwnNamespace } from "./namespace.ts";
import { sabotage } from "./sabotage/saboteur.ts";

const FIRST = Number(process.env.SABOTAGE_SEED ?? 1);
const SEEDS = Number(process.env.SABOTAGE_SEEDS ?? 10);
const ACTS = Number(process.env.SABOTAGE_ACTS ?? 100);

beforeAll(requireOwnNamespace);

describe(`${ACTS} acts of sabotage`, () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    it(`seed ${seed}: end in the rows wanted, and others' untouched`, {
      timeout: 60_000 + 600 * ACTS,
    }, async () => {
      const { drifted } = await sabotage(seed, ACTS);
      expect(drifted).toBeGreaterThan(0);
    });
  }
});
