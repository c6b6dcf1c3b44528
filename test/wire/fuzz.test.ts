/** A short run of the fuzzer; `npm run fuzz -- --seconds N` runs for as long as one likes. */
import { describe, expect, it } from "vitest";
import { sight } from "../../src/wire/sighting.ts";
import { FRAME_SEEDS } from "./fuzz-seeds.ts";
import { fuzz } from "./fuzzer.ts";

const SEEDS = 10;

describe("mutated frames and netlink messages", () => {
  it("crash nothing, and bind only what a host may have", () => {
    const shapes = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed++) for (const each of fuzz(seed)) shapes.add(each);
    // All sorts of frames are understood and refused, not a single kind over and over.
    expect(shapes.size).toBeGreaterThan(100);
  }, 60_000);

  it("follow from the seed alone", () => {
    expect([...fuzz(7)]).toEqual([...fuzz(7)]);
  });

  it("begin with frames that are understood", () => {
    expect(FRAME_SEEDS.filter((frame) => sight(frame).ok).length).toBeGreaterThan(10);
  });
});
