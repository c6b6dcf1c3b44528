import { describe, expect, it } from "vitest";
import { type Contender, contest, decidingStep } from "../../src/mobility/contest.ts";
import { A, adv, B, C, I4, Leaf, M } from "./leaf.ts";

function told(contenders: readonly Contender[]): string[] {
  return contenders.map(({ claim, isOurs, routes, outcome }) => {
    const who = isOurs ? "ours" : claim.vtep;
    const why =
      outcome.kind === "lost" ? `lost to ${outcome.to.vtep} by ${outcome.by}` : outcome.kind;
    return `${who} ${claim.seq} of ${routes.length} routes: ${why}`;
  });
}

describe("The contest for a MAC", () => {
  it("C1.6 is won by our claim, and names the step at which each other has lost", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    leaf.sees();
    leaf.hears(adv(C, { seq: 1 }));
    leaf.hears(adv(C, { seq: 1, ip: I4 }));
    const contenders = contest(leaf.entry());
    expect(told(contenders)).toEqual([
      "ours 1 of 0 routes: won",
      `${B} 0 of 1 routes: lost to ${A} by sequence`,
      `${C} 1 of 2 routes: lost to ${A} by vtep`,
    ]);
    expect(decidingStep(contenders)).toMatchObject({ by: "vtep", loser: { vtep: C } });
  });

  it("has no deciding step where nobody has lost", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    expect(told(contest(leaf.entry()))).toEqual([`${B} 0 of 1 routes: won`]);
    expect(decidingStep(contest(leaf.entry()))).toBeUndefined();
  });

  it("C2.3 is over while the MAC is frozen", () => {
    const leaf = Leaf.ready(A, { duplicates: { moves: 2 } });
    for (const seq of [0, 2]) {
      leaf.hears(adv(B, { seq }));
      leaf.sees();
    }
    leaf.hears(adv(C, { seq: 9 }));
    expect(told(contest(leaf.entry()))).toEqual([
      `${B} 2 of 1 routes: held`,
      `${C} 9 of 1 routes: frozen`,
    ]);
  });

  it("C1.27 does not take a gateway's address for a rival, however high it bids", () => {
    const leaf = Leaf.ready(B);
    leaf.sees();
    leaf.hears(adv(A, { seq: 7, defaultGateway: true }));
    expect(leaf.where(M)).toBe("p1");
    expect(told(contest(leaf.entry()))).toEqual([
      "ours 0 of 0 routes: won",
      `${A} 7 of 1 routes: no-rival`,
    ]);
  });
});

describe("What is told of a move", () => {
  const over = (leaf: Leaf) => {
    const last = leaf.noticesOf("moved").at(-1);
    return last?.kind === "moved" ? last.over : undefined;
  };

  it("C1.3 C1.5 names the claim that lost, and the step at which it did", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 3 }));
    leaf.sees();
    expect(over(leaf)).toEqual({ vtep: B, seq: 3, sticky: false, decidedBy: "sequence" });
    leaf.hears(adv(C, { seq: 9 }));
    expect(over(leaf)).toEqual({ vtep: A, seq: 4, sticky: false, decidedBy: "sequence" });
  });

  it("C1.9 names none where the former place has let go", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 3 }));
    leaf.hears(adv(C, { seq: 2 }));
    leaf.hearsWithdrawn(adv(B, { seq: 3 }));
    expect(leaf.where()).toBe(C);
    expect(over(leaf)).toBeUndefined();
  });

  it("names none where the same route has another next hop from now on", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 1, rd: "10.9.9.9:10" }));
    leaf.hears(adv(C, { seq: 2, rd: "10.9.9.9:10" }));
    expect(leaf.where()).toBe(C);
    expect(over(leaf)).toBeUndefined();
  });
});
