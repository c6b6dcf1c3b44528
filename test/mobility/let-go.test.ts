/** The old owner must really let go: rule C9.12, as far as a lost update is concerned. */
import { describe, expect, it } from "vitest";
import { A, adv, B, I4, Leaf, M, port, VNI } from "./leaf.ts";

/** Everything due within this time is done when it is due. */
function pass(leaf: Leaf, ms: number): void {
  const end = leaf.now + ms;
  for (;;) {
    const { deadline } = leaf.engine;
    if (deadline === undefined || deadline > end) break;
    leaf.after(Math.max(0, deadline - leaf.now));
    leaf.tick();
  }
  leaf.after(end - leaf.now);
}

function taken(): Leaf {
  const leaf = Leaf.ready(A);
  leaf.hears(adv(B));
  leaf.sees({ ip: I4 });
  return leaf;
}

describe("The VTEP that had the MAC before", () => {
  it("is left in peace when it lets go in time", () => {
    const leaf = taken();
    pass(leaf, 2999);
    leaf.hearsWithdrawn(adv(B));
    pass(leaf, 60_000);

    expect(leaf.noticesOf("not-let-go")).toEqual([]);
    expect(leaf.advertised()).toEqual([`${M} - 1`, `${M} ${I4} 1`]);
  });

  it("is outbid once more when it does not, and that is told", () => {
    const leaf = taken();
    pass(leaf, 3000);

    expect(leaf.advertised()).toEqual([`${M} - 2`, `${M} ${I4} 2`]);
    expect(leaf.noticesOf("not-let-go")).toMatchObject([{ vtep: B, tries: 0 }]);
  });

  it("that never lets go is outbid three times and no more", () => {
    const leaf = taken();
    pass(leaf, 600_000);

    expect(leaf.advertised()).toEqual([`${M} - 4`, `${M} ${I4} 4`]);
    expect(leaf.noticesOf("not-let-go")).toHaveLength(4);
  });

  it("is forgotten when the MAC has left us meanwhile", () => {
    const leaf = taken();
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });
    pass(leaf, 60_000);

    expect(leaf.noticesOf("not-let-go")).toEqual([]);
  });

  it("of a gateway's MAC need not let go: it stands at many leaves", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { defaultGateway: true }));
    leaf.sees();
    pass(leaf, 60_000);

    expect(leaf.noticesOf("not-let-go")).toEqual([]);
  });
});
