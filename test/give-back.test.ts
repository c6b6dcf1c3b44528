import { Session } from "node:inspector";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { giveBackAfter } from "../src/give-back.ts";

function heapOf(heapTotal: number): void {
  vi.spyOn(process, "memoryUsage").mockReturnValue({ ...process.memoryUsage(), heapTotal });
}

afterEach(() => void vi.restoreAllMocks());

describe("Memory that was needed for the start", () => {
  it("goes back to the system when the work is done", async () => {
    const { signal } = new AbortController();
    const told: string[] = [];
    const registry = new FinalizationRegistry<string>((what) => told.push(what));
    registry.register({}, "garbage");
    heapOf(200 << 20);
    await giveBackAfter(sleep(10), signal);
    await expect.poll(() => told).toEqual(["garbage"]);
    registry.unregister(told);
  });

  it("is not worth a stop where it is little", async () => {
    const asked = vi.spyOn(Session.prototype, "post");
    heapOf(60 << 20);
    await giveBackAfter(Promise.resolve(), new AbortController().signal);
    expect(asked).not.toHaveBeenCalled();
    heapOf(70 << 20);
    await giveBackAfter(Promise.resolve(), new AbortController().signal);
    expect(asked).toHaveBeenCalledOnce();
  });

  it("is not waited for by one who leaves", async () => {
    const end = new AbortController();
    const done = giveBackAfter(Promise.resolve(), end.signal);
    end.abort();
    const left = done.then(() => "left");
    expect(await Promise.race([left, sleep(500, "stayed")])).toBe("left");
  });
});
