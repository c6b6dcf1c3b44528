import { describe, expect, it } from "vitest";
import { BatchSize } from "../../src/gobgp/batch-size.ts";

describe("The size of a batch", () => {
  it("begins small, for nobody knows yet what gobgpd can bear", () => {
    expect(new BatchSize().of("v3")).toBe(20);
  });

  it("is 500 for any gobgpd of API v4, however busy the machine", () => {
    const batch = new BatchSize();
    for (let i = 0; i < 10; i++) batch.took(900);
    expect(batch.of("v4")).toBe(500);
  });

  it("grows to 500 while gobgpd is quick", () => {
    const batch = new BatchSize();
    for (let i = 0; i < 10; i++) batch.took(2);
    expect(batch.of("v3")).toBe(500);
  });

  it("shrinks to 20 while gobgpd stands still for each", () => {
    const batch = new BatchSize();
    for (let i = 0; i < 10; i++) batch.took(2);
    for (let i = 0; i < 10; i++) batch.took(900);
    expect(batch.of("v3")).toBe(20);
  });
});
