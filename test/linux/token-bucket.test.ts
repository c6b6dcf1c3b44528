import { describe, expect, it } from "vitest";
import { TokenBucket } from "../../src/linux/token-bucket.ts";

describe("A token bucket", () => {
  it("lets a second's worth through at once, and then so many per second", () => {
    const bucket = new TokenBucket(100, 0);
    expect(bucket.take(64, 0)).toBe(64);
    expect(bucket.take(64, 0)).toBe(36);
    expect(bucket.take(64, 0)).toBe(0);
    expect(bucket.take(64, 100)).toBe(10);
    expect(bucket.take(64, 10_000)).toBe(64);
    expect(bucket.take(64, 10_000)).toBe(36);
  });

  it("keeps what is less than one", () => {
    const bucket = new TokenBucket(10, 0);
    bucket.take(10, 0);
    expect([20, 40, 60, 80, 100].map((at) => bucket.take(1, at))).toEqual([0, 0, 0, 0, 1]);
  });

  it("is full when it has been quiet, and a clock that goes back gives nothing", () => {
    const bucket = new TokenBucket(10, 1000);
    expect(bucket.isFullAt(1000)).toBe(true);
    bucket.take(10, 1000);
    expect(bucket.isFullAt(1900)).toBe(false);
    expect(bucket.take(1, 0)).toBe(0);
    expect(bucket.isFullAt(2000)).toBe(true);
  });
});
