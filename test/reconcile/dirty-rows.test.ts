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

  it("tell the oldest turn of both kinds", () => {
    const dirty = new DirtyRows<string>();
    expect(dirty.oldest).toBeUndefined();
    dirty.mark("a", "remove");
    dirty.mark("b", "put");
    expect(dirty.oldest).toBe(1);
    dirty.delete("a");
    expect(dirty.oldest).toBe(2);
    expect([dirty.has("a"), dirty.has("b")]).toEqual([false, true]);
  });
});
