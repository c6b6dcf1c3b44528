import { beforeEach, describe, expect, it } from "vitest";
import { Standing } from "../../src/linux/standing.ts";

const KEYS = ["a", "b", "c", "d"] as const;

function read(...keys: readonly string[]): ReadonlyMap<string, unknown> {
  return new Map(keys.map((key) => [key, undefined]));
}

describe("Rows that stand, when their table has been read", () => {
  let standing: Standing<string>;

  beforeEach(() => {
    standing = new Standing();
    standing.add("a");
    standing.add("b");
    standing.beginReading();
  });

  function stand(): readonly string[] {
    return KEYS.filter((key) => standing.has(key));
  }

  it("are those that were read", async () => {
    await standing.endReading(read("b", "c"));
    expect(stand()).toEqual(["b", "c"]);
  });

  it("are also those that were put meanwhile", async () => {
    standing.add("d");
    expect(standing.isGone("d", read("a"))).toBe(false);
    await standing.endReading(read("a"));
    expect(stand()).toEqual(["a", "d"]);
  });

  it("are not those that were removed meanwhile", async () => {
    standing.delete("a");
    await standing.endReading(read("a", "b"));
    expect(stand()).toEqual(["b"]);
  });

  it("are those of the next reading, whatever was done before it", async () => {
    standing.add("d");
    await standing.endReading(read("a"));
    standing.beginReading();
    await standing.endReading(read("a"));
    expect(stand()).toEqual(["a"]);
  });

  it("stay when the kernel tells late of their removal before", () => {
    for (const isAsked of [true, false, true]) standing.remove("a", { isAsked });
    standing.add("a");
    expect([standing.gone("a"), standing.gone("a")]).toEqual([false, false]);
    expect(standing.has("a")).toBe(true);
    expect(standing.gone("a")).toBe(true);
    expect(standing.has("a")).toBe(false);
  });

  it("may change while very many that were read are taken in", async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `${i}`);
    const taken = standing.endReading(read(...many));
    standing.delete("9999");
    standing.add("d");
    await taken;
    expect(standing.has("9999")).toBe(false);
    expect(standing.has("9998")).toBe(true);
    expect(stand()).toEqual(["d"]);
  });
});
