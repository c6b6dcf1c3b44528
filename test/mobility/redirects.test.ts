/** What still comes for a MAC that has gone: for how long it is sent on, and when not. */
import { beforeEach, describe, expect, it } from "vitest";
import type { RedirectRow } from "../../src/evpn/rows.ts";
import { A, adv, B, C, Leaf, M, port, VNI } from "./leaf.ts";

const LASTS = 10_000;

let leaf: Leaf;

/** M is here, with 1. */
function here(settings: ConstructorParameters<typeof Leaf>[1] = { redirectMs: LASTS }): Leaf {
  const made = Leaf.ready(B, settings);
  made.hears(adv(A));
  made.sees();
  made.hearsWithdrawn(adv(A));
  return made;
}

beforeEach(() => {
  leaf = here();
});

const rows = (): RedirectRow[] => leaf.rows("redirect");

describe("C9.10 Frames in flight", () => {
  it("are sent on from the loss of a MAC until the time is over", () => {
    expect(rows()).toEqual([]);
    leaf.hears(adv(A, { seq: 2 }));
    expect(rows()).toEqual([{ vni: VNI, mac: M, until: leaf.now + LASTS }]);
    leaf.passes(LASTS - 1);
    expect(rows()).toHaveLength(1);
    leaf.passes(1);
    expect(rows()).toEqual([]);
  });

  it("are sent on when a tie is lost", () => {
    leaf.hears(adv(A, { seq: 1 }));
    expect(rows()).toHaveLength(1);
  });

  it("are not sent on any more once the MAC is back", () => {
    leaf.hears(adv(A, { seq: 2 }));
    leaf.after(1000);
    leaf.sees({ signal: "gratuitous-arp" });
    expect(rows()).toEqual([]);
    leaf.passes(LASTS);
    expect(rows()).toEqual([]);
  });

  it("are not sent on where that is turned off, or can not be", () => {
    leaf = here({ redirectMs: 0 });
    leaf.hears(adv(A, { seq: 2 }));
    expect(rows()).toEqual([]);

    leaf = here();
    leaf.observe({ kind: "cannot-redirect" });
    leaf.hears(adv(A, { seq: 2 }));
    expect(rows()).toEqual([]);
  });

  it("are not sent on out of a VXLAN device for many VNIs", () => {
    const { segment } = leaf.engine.domain(VNI) ?? {};
    if (segment === undefined) throw new Error("There is no segment");
    leaf.observe({ kind: "segment-up", segment: { ...segment, isShared: true } });
    leaf.hears(adv(A, { seq: 2 }));
    expect(leaf.fdb()).toBe(A);
    expect(rows()).toEqual([]);
  });

  it("of a MAC that was never here are none of our business", () => {
    leaf = Leaf.ready(B, { redirectMs: LASTS });
    leaf.hears(adv(A));
    leaf.hears(adv(C, { seq: 1 }));
    expect(rows()).toEqual([]);
  });
});

describe("C9.19 A MAC that goes on", () => {
  it("is followed to the latest place, for as long again", () => {
    leaf.hears(adv(A, { seq: 2 }));
    leaf.passes(LASTS - 1000);
    leaf.hears(adv(C, { seq: 3 }));
    expect(leaf.fdb()).toBe(C);
    expect(rows()).toEqual([{ vni: VNI, mac: M, until: leaf.now + LASTS }]);
  });

  it("that stays where it is does not make the time longer", () => {
    leaf.hears(adv(A, { seq: 2 }));
    const [before] = rows();
    leaf.passes(1000);
    leaf.hears(adv(A, { seq: 3 }));
    expect(rows()).toEqual([before]);
  });

  it("is not followed to nowhere", () => {
    leaf.hears(adv(A, { seq: 2 }));
    leaf.hearsWithdrawn(adv(A));
    expect(rows()).toEqual([]);
  });
});

describe("No circle arises, for", () => {
  it("nothing is sent on to a claim that ours had outranked, though the MAC is gone from here", () => {
    leaf = Leaf.ready(B, { redirectMs: LASTS });
    leaf.hears(adv(A, { seq: 1 }));
    leaf.sees();
    // A has not withdrawn yet, and sends on to us.
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });
    expect(leaf.fdb()).toBe(A);
    expect(rows()).toEqual([]);
  });

  it("nor when the higher claim is withdrawn and a lower one is left", () => {
    leaf.hears(adv(A));
    leaf.hears(adv(C, { seq: 2 }));
    expect(rows()).toHaveLength(1);
    leaf.hearsWithdrawn(adv(C));
    expect(leaf.fdb()).toBe(A);
    expect(rows()).toEqual([]);
  });

  it("nor in a tie that we have won once", () => {
    leaf.hears(adv(C, { seq: 2 }));
    leaf.sees({ signal: "gratuitous-arp" });
    leaf.hears(adv(C, { seq: 3 }));
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });
    expect(leaf.fdb()).toBe(C);
    expect(rows()).toEqual([]);
  });
});

describe("After a restart", () => {
  function restarted(told: () => void): void {
    const { memories } = leaf;
    leaf = new Leaf(B, { redirectMs: LASTS });
    for (const memory of memories.values()) leaf.observe({ kind: "recalled", memory });
    leaf.boots();
    told();
    leaf.told("rib");
    leaf.observe({ kind: "redirecting", vni: VNI, mac: M, until: leaf.now + 5000 });
    leaf.told("kernel");
    leaf.told("packets");
  }

  it("what was redirected is so for the rest of the time", () => {
    restarted(() => leaf.hears(adv(A, { seq: 2 })));
    expect(rows()).toEqual([{ vni: VNI, mac: M, until: leaf.now + 5000 }]);
    leaf.passes(5000);
    expect(rows()).toEqual([]);
  });

  it("it ends if the MAC is elsewhere only by a claim that ours had outranked", () => {
    restarted(() => leaf.hears(adv(A)));
    expect(rows()).toEqual([]);
  });

  it("it ends if the MAC is nowhere, or its time is over", () => {
    restarted(() => {});
    expect(rows()).toEqual([]);
  });
});

describe("A VXLAN device that goes", () => {
  it("takes along what was redirected", () => {
    leaf.hears(adv(A, { seq: 2 }));
    leaf.observe({ kind: "segment-down", vni: VNI });
    expect(rows()).toEqual([]);
    leaf.passes(LASTS);
  });
});
