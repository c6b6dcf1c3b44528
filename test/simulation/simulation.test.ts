/** Whole fabrics by seed. `npm run simulate -- --seed N` tells the story of one. */
import { describe, expect, it } from "vitest";
import { Fabric } from "./fabric.ts";

const SEEDS = 3000;

describe("Fabrics of leaves, hosts, delays, losses and restarts", () => {
  it(`end in one state everywhere, for ${SEEDS} seeds`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const fabric = new Fabric(seed);
      const faults = fabric.run();
      if (faults.length > 0) {
        expect.fail(`seed ${seed}:\n${fabric.story.join("\n")}\n${faults.join("\n")}`);
      }
    }
  }, 60_000);
});
