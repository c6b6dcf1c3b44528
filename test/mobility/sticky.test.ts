/** RFC 7432 §15.2, MAC addresses that may not move: rules C2.12 to C2.16. */
import { describe, expect, it } from "vitest";
import type { Vni } from "../../src/evpn/vni.ts";
import type { DomainSettings } from "../../src/mobility/settings.ts";
import { A, adv, B, C, I4, Leaf, M, port, VNI } from "./leaf.ts";

const domains: ReadonlyMap<Vni, DomainSettings> = new Map([
  [
    VNI,
    {
      routes: { rd: undefined, imports: undefined, exports: undefined },
      sticky: new Map([[M, [I4]]]),
    },
  ],
]);
const stickyHere = { domains };

describe("A MAC that is sticky elsewhere", () => {
  it("C2.12 is not advertised and not re-pointed when it is seen here, and this is told", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { sticky: true }));
    leaf.sees();

    expect(leaf.advertised()).toEqual([]);
    expect(leaf.fdb()).toBe(B);
    expect(leaf.noticesOf("sticky-violated")).toMatchObject([
      { owner: { vtep: B }, by: { kind: "port", port: "p1" } },
    ]);
  });

  it("takes the MAC from us whatever our number", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(C, { seq: 8 }));
    leaf.sees();
    leaf.hears(adv(B, { sticky: true }));

    expect(leaf.advertised()).toEqual([]);
    expect(leaf.fdb()).toBe(B);
    expect(leaf.noticesOf("outranked")).toMatchObject([{ decidedBy: "sticky" }]);
  });

  it("C2.12 is pinned where it is, by a new row for the same place if it becomes sticky later", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 1 }));
    expect(leaf.rows("fdb")).toMatchObject([{ vtep: B, pinned: false }]);
    leaf.hears(adv(B, { seq: 1, sticky: true }));
    expect(leaf.rows("fdb")).toMatchObject([{ vtep: B, pinned: true }]);
    leaf.sees();
    expect(leaf.rows("fdb")).toMatchObject([{ vtep: B, pinned: true }]);
  });

  it("C2.16 may be taken over again once it is claimed without the flag", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { sticky: true }));
    leaf.hears(adv(B, { seq: 1 }));

    expect(leaf.rows("fdb")).toMatchObject([{ vtep: B, pinned: false }]);
  });

  it("C2.16 is learned as any other once that route is withdrawn; stickiness does not stick", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { sticky: true }));
    leaf.hearsWithdrawn(adv(B));
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 1`]);
  });
});

describe("A MAC that is sticky here", () => {
  it("C2.13 is advertised with the flag and with 0", () => {
    const leaf = Leaf.ready(A, stickyHere);
    leaf.hears(adv(B, { seq: 7 }));
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 0s`, `${M} ${I4} 0s`]);
  });

  it("C2.14 stays here whatever number others claim it with, and this is told", () => {
    const leaf = Leaf.ready(B, stickyHere);
    leaf.sees();
    leaf.hears(adv(A, { seq: 99 }));

    expect(leaf.where()).toBe("p1");
    expect(leaf.noticesOf("sticky-violated")).toMatchObject([
      { owner: { vtep: B }, by: { kind: "vtep", vtep: A } },
    ]);
  });

  it("C2.15 is at the lower VTEP when it is sticky at two, and both tell", () => {
    const lower = Leaf.ready(A, stickyHere);
    lower.sees();
    lower.hears(adv(B, { sticky: true }));
    expect(lower.where()).toBe("p1");
    expect(lower.noticesOf("sticky-violated")).toHaveLength(1);

    const higher = Leaf.ready(B, stickyHere);
    higher.sees();
    higher.hears(adv(A, { sticky: true }));
    expect(higher.where()).toBe(A);
    expect(higher.noticesOf("sticky-violated")).toHaveLength(1);
    higher.sees();
    expect(higher.where()).toBe(A);
  });

  it("C2.15 is told as well when the other VTEP was first", () => {
    const lower = Leaf.ready(A, stickyHere);
    lower.hears(adv(B, { sticky: true }));
    lower.sees();
    expect(lower.where()).toBe("p1");
    expect(lower.noticesOf("sticky-violated")).toHaveLength(1);
    lower.sees();
    expect(lower.noticesOf("sticky-violated")).toHaveLength(1);
  });

  it("is bid higher where the speaker refuses 0, for GoBGP does not look at the flag", () => {
    const leaf = Leaf.ready(A, stickyHere);
    leaf.hears(adv(B, { seq: 7 }));
    leaf.sees();
    leaf.observe({ kind: "seq-refused", vni: VNI, mac: M, seq: 0 });
    leaf.after(1000);
    leaf.tick();

    expect(leaf.advertised()).toEqual([`${M} - 8s`, `${M} ${I4} 8s`]);
  });

  it("C2.17 and no longer is one after a change of the configuration is bid for as any other", () => {
    const leaf = new Leaf(A);
    leaf.boots();
    leaf.observe({ kind: "remembered", route: adv(A, { sticky: true }) });
    leaf.told("rib");
    leaf.sees();
    leaf.told("kernel");
    leaf.told("packets");
    expect(leaf.advertised()).toEqual([`${M} - -`]);
    leaf.hears(adv(B, { seq: 1 }));

    expect(leaf.where()).toBe(B);
  });

  it("goes when its port goes", () => {
    const leaf = Leaf.ready(A, stickyHere);
    leaf.sees();
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });

    expect(leaf.advertised()).toEqual([]);
  });
});
