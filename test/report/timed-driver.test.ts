import { describe, expect, it } from "vitest";
import type { Driver } from "../../src/reconcile/driver.ts";
import { timedDriver } from "../../src/report/timed-driver.ts";

const { signal } = new AbortController();

function bench(write: Driver<string, number>["write"]): {
  driver: Driver<string, number>;
  took: number[];
} {
  const took: number[] = [];
  let now = 0;
  const driver = timedDriver<string, number>(
    { list: async () => new Map([["a", 1]]), write, agree: (a, b) => a === b },
    { clock: () => (now += 5), took: (ms) => took.push(ms) },
  );
  return { driver, took };
}

describe("A driver with a stopwatch", () => {
  it("does what the driver does, and tells how long writing took", async () => {
    const failure = { key: "a", reason: "full", kind: "later" } as const;
    const { driver, took } = bench(async () => [failure]);
    expect(await driver.write([{ kind: "put", key: "a", row: 1 }], signal)).toEqual([failure]);
    expect(await driver.list(signal)).toEqual(new Map([["a", 1]]));
    expect([driver.agree(1, 1), driver.agree(1, 2)]).toEqual([true, false]);
    expect(took).toEqual([5]);
  });

  it("tells of a write that was broken off as well", async () => {
    const { driver, took } = bench(() => Promise.reject(new Error("closed")));
    await expect(driver.write([], signal)).rejects.toThrow("closed");
    expect(took).toEqual([5]);
  });
});
