/** What is left after many moves: one place per MAC, and nothing else. */
import { describe, expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import { LEAVES } from "../../labs/runner/scene.ts";
import { kernelTables, type Leaf, VM, VTEPS, withScene } from "./fabric.ts";

const MOVES = 100;

describe("a hundred moves between three leaves", () => {
  const scene = withScene();

  it("are followed one by one", { timeout: 240_000 }, async () => {
    const s = scene();
    for (let move = 0; move < MOVES; move++) {
      const at = LEAVES.indexOf(s.machine.leaf as Leaf);
      // Now and then the other way round, so that every pair of leaves has its moves both ways.
      const step = move % 7 < 4 ? 1 : 2;
      const to = LEAVES[(at + step) % LEAVES.length] ?? "leaf1";
      await s.machine.move(to);
      await s.followed(to);
    }
  });

  it("leave the routes of one leaf alone at the spine", async () => {
    const s = scene();
    const at = VTEPS[s.machine.leaf as Leaf];
    await poll("the old routes to go", () => {
      return s.rib.routesOf(VM.mac).every((route) => route.vtep === at);
    });
    expect(s.rib.routesOf(VM.mac)).not.toEqual([]);
  });

  it("leave exactly one destination per MAC on every leaf", async () => {
    const s = scene();
    for (const leaf of LEAVES) {
      const rows = (await kernelTables(s, leaf))
        .split("\n")
        .filter((row) => row.startsWith(VM.mac));
      const remote = leaf !== s.machine.leaf;
      // A remote MAC is two rows which belong together: the bridge's and the VXLAN device's.
      expect(rows.filter((row) => row.includes(" dst "))).toHaveLength(remote ? 1 : 0);
      expect(new Set(rows.filter((row) => row.includes(" master ")))).toHaveLength(1);
    }
  });

  it("never let a sequence number of a leaf fall", () => {
    for (const leaf of LEAVES) {
      const advertised = scene().rib.events.filter(
        (event) => event.mac === VM.mac && event.vtep === VTEPS[leaf] && !event.withdrawn,
      );
      const numbers = advertised.map((event) => event.seq ?? 0);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      expect(numbers.at(-1)).toBeGreaterThan(MOVES - LEAVES.length);
    }
  });
});
