/** What is to be looked at, in which order. */
import { describe, expect, it } from "vitest";
import { DirtyRows } from "../../src/reconcile/dirty-rows.ts";
import { Marks } from "../../src/reconcile/marks.ts";
import { Random } from "../simulation/random.ts";

describe("Dirty rows", () => {
  it("are in the order of their last marks, each kind for itself", () => {
    const dirty = new DirtyRows<string>();
    for (const key of ["a", "b", "c"]) dirty.mark(key, "put");
    dirty.mark("a", "put");
    dirty.mark("b", "remove");
    expect([...dirty.upTo(dirty.turn, ["put"])]).toEqual(["c", "a"]);
    expect([...dirty.upTo(dirty.turn, ["remove"])]).toEqual(["b"]);
    expect([...dirty.upTo(dirty.turn, ["put", "remove"])]).toEqual(["c", "a", "b"]);
    expect([...dirty.keys()]).toEqual(["c", "a", "b"]);
  });

  it("that were marked later than a turn are left for later", () => {
    const dirty = new DirtyRows<string>();
    dirty.mark("a", "remove");
    const { turn } = dirty;
    dirty.mark("b", "remove");
    expect([...dirty.upTo(turn, ["remove"])]).toEqual(["a"]);
  });

  it("tell whether any was marked up to a turn", () => {
    const dirty = new DirtyRows<string>();
    expect(dirty.hasUpTo(9, ["put", "remove"])).toBe(false);
    dirty.mark("a", "remove");
    dirty.mark("b", "put");
    expect(dirty.hasUpTo(1, ["put", "remove"])).toBe(true);
    expect(dirty.hasUpTo(1, ["put"])).toBe(false);
    dirty.delete("a");
    expect(dirty.hasUpTo(1, ["put", "remove"])).toBe(false);
    expect(dirty.hasUpTo(2, ["put", "remove"])).toBe(true);
    expect([dirty.has("a"), dirty.has("b")]).toEqual([false, true]);
  });

  it("may be marked many at once, which are older than what is marked later", () => {
    const dirty = new DirtyRows<string>();
    dirty.addAll({ put: ["a", "b", "c", "d"], remove: ["x", "y"] });
    const { turn } = dirty;
    dirty.mark("b", "put");
    dirty.mark("x", "put");
    expect(taken(dirty, turn, 1)).toEqual(["a"]);
    expect(taken(dirty, turn, 9)).toEqual(["c", "d", "y"]);
    expect(dirty.hasUpTo(turn)).toBe(false);
    expect(taken(dirty, dirty.turn, 9)).toEqual(["b", "x"]);
    expect([...dirty.keys()]).toEqual([]);
  });

  it("marked many at once are marked once, those before in their place", () => {
    const dirty = new DirtyRows<string>();
    dirty.mark("b", "remove");
    dirty.addAll({ put: ["a", "b"], remove: [] });
    expect([...dirty.keys()]).toEqual(["a", "b"]);
    expect(taken(dirty, dirty.turn, 9)).toEqual(["b", "a"]);
  });

  it("stay in order when some are taken off, looked for, and taken off again, by seed", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = new Random(seed);
      const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
      const [dirty, plain] = [new DirtyRows<string>(), new Set<string>()];
      const puts = keys.filter(() => random.chance(0.8));
      dirty.addAll({ put: puts, remove: [] });
      for (const key of puts) plain.add(key);
      for (let step = 0; step < 30; step++) {
        const key = random.pick(keys);
        const what = random.next();
        if (what < 0.2) {
          dirty.mark(key, random.chance(0.5) ? "put" : "remove");
          plain.delete(key);
          plain.add(key);
        } else if (what < 0.4) {
          dirty.delete(key);
          plain.delete(key);
        } else if (what < 0.6) {
          expect(dirty.has(key), `seed ${seed}`).toBe(plain.has(key));
        } else {
          const some = [...plain].slice(0, 2);
          expect(taken(dirty, dirty.turn, 2), `seed ${seed}`).toEqual(some);
          for (const each of some) plain.delete(each);
        }
        expect(dirty.hasUpTo(dirty.turn), `seed ${seed}`).toBe(plain.size > 0);
      }
      expect(taken(dirty, dirty.turn, 99), `seed ${seed}`).toEqual([...plain]);
    }
  });
});

describe("Marks", () => {
  it("are counted, whatever order they are deleted in", () => {
    const marks = new Marks<string>();
    marks.addAll(["a", "b", "c"], 1);
    marks.add("d", 2);
    const sizes = ["a", "c", "d", "none", "b"].map((key) => {
      marks.delete(key);
      return marks.size;
    });
    expect(sizes).toEqual([3, 2, 1, 1, 0]);
  });
});

/** So many of the oldest, taken off as a pass takes them off. */
function taken(dirty: DirtyRows<string>, turn: number, count: number): string[] {
  const keys: string[] = [];
  for (const key of dirty.upTo(turn, ["put", "remove"])) {
    dirty.delete(key);
    if (keys.push(key) === count) break;
  }
  return keys;
}
