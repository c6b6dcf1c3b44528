/** The old owner must really let go: rule C9.12, as far as a lost update is concerned. */
import { describe, expect, it } from "vitest";
import { A, adv, B, I4, Leaf, M, port, VNI } from "./leaf.ts";

function taken(): Leaf {
  const leaf = Leaf.ready(A);
  leaf.hears(adv(B));
  leaf.sees({ ip: I4 });
  return leaf;
}

describe("The VTEP that had the MAC before", () => {
  it("is left in peace when it lets go in time", () => {
    const leaf = taken();
    leaf.pass(2999);
    leaf.hearsWithdrawn(adv(B));
    leaf.pass(60_000);

    expect(leaf.noticesOf("not-let-go")).toEqual([]);
    expect(leaf.advertised()).toEqual([`${M} - 1`, `${M} ${I4} 1`]);
  });

  it("is outbid once more when it does not, and that is told", () => {
    const leaf = taken();
    leaf.pass(3000);

    expect(leaf.advertised()).toEqual([`${M} - 2`, `${M} ${I4} 2`]);
    expect(leaf.noticesOf("not-let-go")).toMatchObject([{ vtep: B, tries: 0 }]);
  });

  it("that never lets go is outbid three times and no more", () => {
    const leaf = taken();
    leaf.pass(600_000);

    expect(leaf.advertised()).toEqual([`${M} - 4`, `${M} ${I4} 4`]);
    expect(leaf.noticesOf("not-let-go")).toHaveLength(4);
  });

  it("is forgotten when the MAC has left us meanwhile", () => {
    const leaf = taken();
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });
    leaf.pass(60_000);

    expect(leaf.noticesOf("not-let-go")).toEqual([]);
  });

  it("of a gateway's MAC need not let go: it stands at many leaves", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { defaultGateway: true }));
    leaf.sees();
    leaf.pass(60_000);

    expect(leaf.noticesOf("not-let-go")).toEqual([]);
  });
});
