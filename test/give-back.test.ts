import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { giveBackAfter } from "../src/give-back.ts";

describe("Memory that was needed for the start", () => {
  it("goes back to the system when the work is done", async () => {
    const { signal } = new AbortController();
    const told: string[] = [];
    const registry = new FinalizationRegistry<string>((what) => told.push(what));
    let garbage: object | undefined = {};
    registry.register(garbage, "garbage");
    // As much as some ten thousand routes; what has lived that long, only a collection of all takes away.
    const heap = Array.from({ length: 2_000_000 }, (_, i) => ({ i, j: i }));
    garbage = undefined;
    await giveBackAfter(sleep(10), signal);
    await expect.poll(() => told).toEqual(["garbage"]);
    registry.unregister(told);
    expect([heap.length, garbage]).toEqual([2_000_000, undefined]);
  });

  it("is not waited for by one who leaves", async () => {
    const end = new AbortController();
    const done = giveBackAfter(Promise.resolve(), end.signal);
    end.abort();
    const left = done.then(() => "left");
    expect(await Promise.race([left, sleep(500, "stayed")])).toBe("left");
  });
});
