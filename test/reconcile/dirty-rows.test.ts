/** What is to be looked at, in which order. */
import { describe, expect, it } from "vitest";
import { DirtyRows } from "../../src/reconcile/dirty-rows.ts";

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
});
