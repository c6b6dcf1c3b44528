/** What outlives the process: rules C1.17 and C2.20. */
import { describe, expect, it } from "vitest";
import { SEQ_MAX } from "../../src/evpn/mac-claim.ts";
import { IDLE_MAX } from "../../src/mobility/domain.ts";
import type { Memory } from "../../src/mobility/memory.ts";
import { A, adv, B, C, I4, Leaf, M, M2, mac, port, VNI } from "./leaf.ts";

/** Another life of the same leaf, which finds what the first has written down, and nothing else. */
function reborn(former: Leaf): Leaf {
  const leaf = new Leaf(former.vtep, { duplicates: { moves: 3 } });
  leaf.after(former.now - leaf.now);
  for (const memory of former.memories.values()) leaf.observe({ kind: "recalled", memory });
  leaf.boots();
  for (const source of ["rib", "kernel", "packets"] as const) leaf.told(source);
  return leaf;
}

describe("What is remembered", () => {
  it("C1.17 keeps numbers from falling when roamd, gobgpd and the host restart at once", () => {
    const former = Leaf.ready(A);
    former.hears(adv(B, { seq: 6 }));
    former.sees();
    expect(former.advertised()).toEqual([`${M} - 7`]);
    const leaf = reborn(former);
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 7`]);
  });

  it("is the numbers of others too, where the MAC was never here", () => {
    const former = Leaf.ready(A);
    former.hears(adv(B, { seq: 6 }));
    const leaf = reborn(former);
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 7`]);
  });

  it("is nothing of MACs that have never moved", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ ip: I4 });
    leaf.hears(adv(B, { mac: M2 }));

    expect(leaf.memories.size).toBe(0);
  });

  it("changes no number that stands: another has bid as high as we, and lost", () => {
    const former = Leaf.ready(A);
    former.hears(adv(C, { seq: 0 }));
    former.sees({ ip: I4 });
    former.hears(adv(B, { seq: 1 }));
    former.hearsWithdrawn(adv(B, { seq: 1 }));
    former.hearsWithdrawn(adv(C, { seq: 0 }));
    const standing = [`${M} - 1`, `${M} ${I4} 1`];
    expect(former.advertised()).toEqual(standing);

    const leaf = new Leaf(A);
    for (const memory of former.memories.values()) leaf.observe({ kind: "recalled", memory });
    leaf.boots();
    for (const ip of [undefined, I4]) {
      const route = adv(A, { seq: 1, ...(ip === undefined ? {} : { ip }) });
      leaf.observe({ kind: "remembered", route });
    }
    leaf.told("rib");
    leaf.sees();
    for (const source of ["kernel", "packets"] as const) leaf.told(source);
    expect(leaf.advertised()).toEqual(standing);
  });

  it("takes no MAC back that was given up before: only a route that stands is ours", () => {
    const former = Leaf.ready(A);
    former.sees();
    former.hears(adv(B, { seq: 1 }));
    expect(former.advertised()).toEqual([]);

    // Meanwhile B has started anew and forgotten its number, as FRR does.
    const leaf = new Leaf(A);
    for (const memory of former.memories.values()) leaf.observe({ kind: "recalled", memory });
    leaf.boots();
    leaf.hears(adv(B));
    leaf.told("rib");
    leaf.sees();
    for (const source of ["kernel", "packets"] as const) leaf.told(source);
    expect(leaf.where()).toBe(B);
    leaf.sees();
    expect(leaf.advertised()).toEqual([`${M} - 2`]);
  });

  it("gives way to what the RIB says now, where that is higher", () => {
    const former = Leaf.ready(A);
    former.hears(adv(B, { seq: 6 }));
    former.sees();
    const leaf = reborn(former);
    leaf.hears(adv(C, { seq: 20 }));
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 21`]);
  });

  it("C2.20 a duplicate is still one after a restart, and recovers at its time", () => {
    const former = Leaf.ready(A, { duplicates: { moves: 3, recoverAfterMs: 60_000 } });
    for (let seq = 1; seq <= 3; seq++) {
      former.hears(adv(B, { seq: former.highestSeq(M) + 1 }));
      former.sees();
    }
    expect(former.where()).toBe("duplicate");
    const leaf = reborn(former);
    leaf.hears(adv(C, { seq: 50 }));
    leaf.sees();
    expect(leaf.where()).toBe("duplicate");
    expect(leaf.fdb()).toBe(B);
    leaf.after(60_000);
    leaf.tick();

    expect(leaf.where()).toBe("p1");
  });

  it("is that a duplicate has been cleared", () => {
    const former = Leaf.ready(A, { duplicates: { moves: 3 } });
    for (let seq = 1; seq <= 3; seq++) {
      former.hears(adv(B, { seq: former.highestSeq(M) + 1 }));
      former.sees();
    }
    former.observe({ kind: "duplicate-cleared", vni: VNI, address: M });

    expect(reborn(former).where()).not.toBe("duplicate");
  });

  it("holds a frozen IP back after a restart", () => {
    const former = Leaf.ready(A, { duplicates: { moves: 3 } });
    for (let i = 0; i < 4; i++) {
      former.sees({ mac: i % 2 === 0 ? M : M2, ip: I4, signal: "arp-request" });
    }
    const leaf = reborn(former);
    leaf.sees({ ip: I4, signal: "arp-reply" });

    expect(leaf.advertised()).toEqual([`${M} - -`]);
  });

  it("C1.26 is never followed by nought, even at the highest number there is", () => {
    const memory: Memory = {
      kind: "mac",
      vni: VNI,
      mac: M,
      sentSeq: 3,
      heardSeq: SEQ_MAX,
      duplicate: undefined,
      held: undefined,
    };
    const leaf = new Leaf(A);
    leaf.observe({ kind: "recalled", memory });
    leaf.boots();
    for (const source of ["rib", "kernel", "packets"] as const) leaf.told(source);
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - ${SEQ_MAX}`]);
  });

  it("is bounded: of MACs that are nowhere, those that went first are forgotten", {
    timeout: 60_000,
  }, () => {
    const leaf = Leaf.ready(A);
    const visitor = (i: number) =>
      mac(
        `02:01:${[16, 8, 0].map((shift) => ((i >> shift) & 255).toString(16).padStart(2, "0")).join(":")}:00`,
      );
    for (let i = 0; i <= IDLE_MAX; i++) {
      leaf.sees({ mac: visitor(i) });
      leaf.observe({ kind: "seq-refused", vni: VNI, mac: visitor(i), seq: 0 });
      leaf.after(1000);
      leaf.tick();
      leaf.observe({ kind: "aged-out", vni: VNI, mac: visitor(i), port: port("p1") });
    }

    expect(leaf.engine.domain(VNI)?.entry(visitor(0))).toBeUndefined();
    expect(leaf.engine.domain(VNI)?.entry(visitor(1))?.sentSeq).toBe(1);
  });
});
