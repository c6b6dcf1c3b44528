import { describe, expect, it } from "vitest";
import { BatchSize } from "../../src/gobgp/batch-size.ts";

describe("The size of a batch", () => {
  it("begins small, for nobody knows yet what gobgpd can bear", () => {
    expect(new BatchSize().size).toBe(20);
  });

  it("grows to 500 while gobgpd is quick", () => {
    const batch = new BatchSize();
    for (let i = 0; i < 10; i++) batch.took(2);
    expect(batch.size).toBe(500);
  });

  it("shrinks to 20 while gobgpd stands still for each", () => {
    const batch = new BatchSize();
    for (let i = 0; i < 10; i++) batch.took(2);
    for (let i = 0; i < 10; i++) batch.took(900);
    expect(batch.size).toBe(20);
  });
});
