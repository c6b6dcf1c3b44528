/**
 * When a route of ours may stand for a while after its host has gone: until the leaf that has the MAC
 * tells of it without an IP, and only where that leaf is believed rather than we.
 */
import { expect, it } from "vitest";
import { isOutranked, isToldAlone } from "../../src/mobility/mac-entry.ts";
import { A, adv, B, C, I4, Leaf, M, VNI } from "./leaf.ts";

function told(leaf: Leaf): boolean {
  return isToldAlone(leaf.engine.domain(VNI)?.entry(M));
}

it("The owner's own route without an IP counts, and no other's", () => {
  const leaf = Leaf.ready(A);
  leaf.hears(adv(B, { seq: 1 }));
  expect(told(leaf)).toBe(true);
  leaf.hears(adv(C, { seq: 2, ip: I4 }));
  expect(leaf.where()).toBe(C);
  expect(told(leaf)).toBe(false);
  leaf.hears(adv(C, { seq: 2 }));
  expect(told(leaf)).toBe(true);
});

it("Where no other leaf has the MAC there is nothing to wait for", () => {
  const leaf = Leaf.ready(A);
  expect(told(leaf)).toBe(true);
  leaf.sees({ ip: I4 });
  expect(told(leaf)).toBe(true);
});

it("C1.15 A leaf that claims less than a route of ours is not believed while that stands", () => {
  const leaf = Leaf.ready(A);
  const ours = adv(A, { seq: 2 });
  const outranked = (): boolean => isOutranked(ours, leaf.engine.domain(VNI)?.entry(M));
  expect(outranked()).toBe(false);
  leaf.hears(adv(B, { seq: 1 }));
  expect(outranked()).toBe(false);
  leaf.hears(adv(C, { seq: 3 }));
  expect(outranked()).toBe(true);
});
