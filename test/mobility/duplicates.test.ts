/** RFC 7432 §15.1 and RFC 9721 §8, addresses that move too often: rules C2.1 to C2.11, C2.19, C3.11, C3.12. */
import { describe, expect, it } from "vitest";
import { ipsOf } from "../../src/mobility/mac-entry.ts";
import { A, adv, B, C, I4, I6, ip, Leaf, M, M2, mac, port, VNI } from "./leaf.ts";

const MINUTE = 60_000;
const quick = { duplicates: { moves: 3, windowMs: 10_000, recoverAfterMs: MINUTE } };

/** B takes the MAC and we take it back, `times` times, one second apart. */
function pingPong(leaf: Leaf, times: number, of = M): void {
  for (let i = 0; i < times; i++) {
    leaf.after(500);
    leaf.hears(adv(B, { mac: of, seq: leaf.highestSeq(of) + 1 }));
    leaf.after(500);
    leaf.sees({ mac: of, signal: "rarp" });
  }
}

describe("A MAC that moves to us again and again", () => {
  it("C2.1 four times in 180 s is a MAC that moves", () => {
    const leaf = Leaf.ready(A);
    pingPong(leaf, 4);

    expect(leaf.noticesOf("duplicate-detected")).toEqual([]);
    expect(leaf.where()).toBe("p1");
  });

  it("C2.2 the fifth time is a duplicate, and the operator hears of it with both VTEPs", () => {
    const leaf = Leaf.ready(A);
    pingPong(leaf, 5);

    expect(leaf.where()).toBe("duplicate");
    expect(leaf.noticesOf("duplicate-detected")).toMatchObject([
      { mac: M, ip: undefined, moves: 5, vteps: [B, A], action: "frozen" },
    ]);
  });

  it("C2.3 and frozen is neither sent nor processed, whatever comes", () => {
    const leaf = Leaf.ready(A);
    pingPong(leaf, 5);
    expect(leaf.advertised()).toEqual([]);
    leaf.sees({ ip: I4 });
    leaf.hears(adv(C, { seq: 99 }));
    leaf.hears(adv(C, { seq: 99, ip: I6 }));

    expect(leaf.advertised()).toEqual([]);
    expect(leaf.fdb()).toBe(B);
    expect(leaf.rows("neighbour")).toEqual([]);
    expect(ipsOf(leaf.entry())).toEqual([]);
  });

  it("C2.3 and frozen takes an IP from a host of ours: elsewhere it is believed", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ mac: M2, ip: I4 });
    pingPong(leaf, 5);
    leaf.hears(adv(C, { seq: 99, ip: I4 }));

    expect(leaf.advertised()).toEqual([`${M2} - -`]);
  });

  it("C2.3, C2.18 and frozen is pinned where it is held, until it is a duplicate no longer", () => {
    const leaf = Leaf.ready(A, quick);
    leaf.hears(adv(B));
    expect(leaf.rows("fdb")).toMatchObject([{ vtep: B, pinned: false }]);
    pingPong(leaf, 3);
    expect(leaf.rows("fdb")).toMatchObject([{ vtep: B, pinned: true }]);
    leaf.hears(adv(C, { seq: 99 }));
    expect(leaf.rows("fdb")).toMatchObject([{ vtep: B, pinned: true }]);
    leaf.observe({ kind: "duplicate-cleared", vni: VNI, address: M });

    expect(leaf.rows("fdb")).toMatchObject([{ vtep: C, pinned: false }]);
  });

  it("C2.6 with warning only is never pinned", () => {
    const leaf = Leaf.ready(A, { duplicates: { ...quick.duplicates, action: "warn" } });
    pingPong(leaf, 8);
    leaf.hears(adv(B, { seq: 99 }));

    expect(leaf.rows("fdb")).toMatchObject([{ vtep: B, pinned: false }]);
  });

  it("C2.4 the window slides and includes its edge", () => {
    const inside = Leaf.ready(A, { duplicates: { moves: 2, windowMs: 180_000 } });
    pingPong(inside, 1);
    inside.after(179_500);
    inside.hears(adv(B, { seq: 50 }));
    inside.after(500);
    inside.sees();
    expect(inside.noticesOf("duplicate-detected")).toHaveLength(1);

    const outside = Leaf.ready(A, { duplicates: { moves: 2, windowMs: 180_000 } });
    pingPong(outside, 1);
    outside.after(179_501);
    outside.hears(adv(B, { seq: 50 }));
    outside.after(500);
    outside.sees();
    expect(outside.noticesOf("duplicate-detected")).toEqual([]);
  });

  it("C2.6 with warning only goes on moving, and is told once", () => {
    const leaf = Leaf.ready(A, { duplicates: { ...quick.duplicates, action: "warn" } });
    pingPong(leaf, 8);

    expect(leaf.where()).toBe("p1");
    expect(leaf.noticesOf("duplicate-detected")).toMatchObject([{ action: "warned" }]);
  });

  it("C2.7 recovers after its time: counters at nought, and claimed again if it is here", () => {
    const leaf = Leaf.ready(A, quick);
    pingPong(leaf, 3);
    const seq = leaf.highestSeq(M);
    expect(leaf.entry().duplicate?.recoversAt).toBe(leaf.now + MINUTE);
    leaf.after(MINUTE - 1);
    leaf.tick();
    expect(leaf.where()).toBe("duplicate");
    leaf.after(1);
    leaf.tick();

    expect(leaf.where()).toBe("p1");
    expect(leaf.advertised()).toEqual([`${M} - ${seq + 1}`]);
    expect(leaf.noticesOf("duplicate-cleared")).toMatchObject([{ mac: M, by: "time" }]);
    expect(leaf.entry().moveTimes).toHaveLength(1);
  });

  it("recovers to where the others claim it when one has outbid the claim it was frozen at", () => {
    const leaf = Leaf.ready(A, quick);
    pingPong(leaf, 3);
    leaf.hears(adv(C, { seq: 99 }));
    leaf.after(MINUTE);
    leaf.tick();

    expect(leaf.where()).toBe(C);
    expect(leaf.advertised()).toEqual([]);
  });

  it("is outbid for its IP by another host, though it is frozen here: elsewhere it is not", () => {
    const leaf = Leaf.ready(A, quick);
    pingPong(leaf, 3);
    leaf.hears(adv(C, { seq: 20 }));
    leaf.hears(adv(C, { seq: 20, ip: I4 }));
    leaf.sees({ mac: M2, ip: I4 });

    expect(leaf.advertised()).toEqual([`${M2} - 21`, `${M2} ${I4} 21`]);
  });

  it("C2.8 is cleared by the operator at once", () => {
    const leaf = Leaf.ready(A, quick);
    pingPong(leaf, 3);
    leaf.observe({ kind: "duplicate-cleared", vni: VNI, address: M });

    expect(leaf.where()).toBe("p1");
    expect(leaf.noticesOf("duplicate-cleared")).toMatchObject([{ mac: M, by: "operator" }]);
  });

  it("is not cleared by clearing another, and is by clearing all", () => {
    const leaf = Leaf.ready(A, quick);
    pingPong(leaf, 3);
    leaf.observe({ kind: "duplicate-cleared", vni: undefined, address: M2 });
    expect(leaf.where()).toBe("duplicate");
    leaf.observe({ kind: "duplicate-cleared", vni: undefined, address: undefined });

    expect(leaf.where()).toBe("p1");
  });

  it("C2.9 is none of ours where it moves between others", () => {
    const leaf = Leaf.ready(A, quick);
    for (let seq = 1; seq < 20; seq++) leaf.hears(adv(seq % 2 === 0 ? B : C, { seq }));
    // Nor do those moves count when it comes to us.
    leaf.sees();

    expect(leaf.noticesOf("duplicate-detected")).toEqual([]);
    expect(leaf.where()).toBe("p1");
  });

  it("C2.10 takes its IPs along into the freeze and out of it", () => {
    const leaf = Leaf.ready(A, quick);
    leaf.sees({ ip: I4 });
    pingPong(leaf, 3);
    leaf.sees({ ip: I4 });
    expect(leaf.advertised()).toEqual([]);
    leaf.observe({ kind: "duplicate-cleared", vni: VNI, address: M });

    expect(leaf.advertised().map((route) => route.split(" ")[1])).toEqual(["-", I4]);
  });

  it("C2.11 has not moved when it repeats itself at one place", () => {
    const leaf = Leaf.ready(A);
    for (let i = 0; i < 100; i++) leaf.sees({ ip: I4 });

    expect(leaf.entry().moveTimes).toEqual([]);
    expect(leaf.noticesOf("duplicate-detected")).toEqual([]);
  });

  it("C2.19 may do so as a virtual router", () => {
    const leaf = Leaf.ready(A);
    const virtual = mac("00:00:5e:00:01:07");
    pingPong(leaf, 20, virtual);

    expect(leaf.noticesOf("duplicate-detected")).toEqual([]);
    expect(leaf.where(virtual)).toBe("p1");
  });

  it("is not claimed after recovery on a port that has gone meanwhile", () => {
    const leaf = Leaf.ready(A, quick);
    pingPong(leaf, 3);
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });
    leaf.observe({ kind: "duplicate-cleared", vni: VNI, address: M });

    expect(leaf.where()).toBe(B);
  });
});

describe("An IP that goes from MAC to MAC", () => {
  function flip(leaf: Leaf, times: number, signal: "arp-request" | "gratuitous-arp"): void {
    for (let i = 0; i < times; i++) {
      leaf.after(1000);
      leaf.sees({ mac: i % 2 === 0 ? M2 : M, ip: I4, signal });
    }
  }

  it("C3.11 in ordinary use is at two hosts at once: frozen itself, its MACs are not", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ ip: I4 });
    leaf.sees({ ip: I6 });
    flip(leaf, 5, "arp-request");

    expect(leaf.noticesOf("duplicate-detected")).toMatchObject([
      { mac: M2, ip: I4, action: "frozen" },
    ]);
    expect(leaf.advertised()).toEqual([`${M} - -`, `${M} ${I6} -`, `${M2} - -`]);
    expect(leaf.where()).toBe("p1");
    expect(leaf.where(M2)).toBe("p1");
  });

  it("C3.12 has its routes back when the operator clears it", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ ip: I4 });
    flip(leaf, 5, "arp-request");
    leaf.observe({ kind: "duplicate-cleared", vni: VNI, address: I4 });

    expect(leaf.advertised()).toEqual([`${M} - -`, `${M2} - -`, `${M2} ${I4} -`]);
    expect(leaf.noticesOf("duplicate-cleared")).toMatchObject([{ ip: I4, by: "operator" }]);
  });

  it("comes back by itself after its time, and as a neighbour where it is elsewhere", () => {
    const leaf = Leaf.ready(A, quick);
    leaf.hears(adv(B, { ip: I4 }));
    leaf.sees({ mac: M2, ip: I4, signal: "arp-request" });
    leaf.hears(adv(B, { ip: I4, seq: 5 }));
    leaf.sees({ mac: M2, ip: I4, signal: "arp-request" });
    leaf.hears(adv(B, { ip: I4, seq: 9 }));
    leaf.sees({ mac: M2, ip: I4, signal: "arp-request" });
    leaf.hears(adv(B, { ip: I4, seq: 20 }));
    expect(leaf.noticesOf("duplicate-detected")).toHaveLength(1);
    expect(leaf.rows("neighbour")).toEqual([]);
    leaf.after(MINUTE);
    leaf.tick();

    expect(leaf.rows("neighbour")).toMatchObject([{ ip: I4, mac: M }]);
  });

  it("by announcement is a virtual IP: twenty failovers raise no alarm, and only the IP moves", () => {
    const here = Leaf.ready(A);
    here.sees({ ip: I4, signal: "gratuitous-arp" });
    here.sees({ ip: ip("10.0.0.11"), signal: "arp-reply" });
    here.sees({ mac: M2, ip: ip("10.0.0.12"), signal: "arp-reply" });
    flip(here, 20, "gratuitous-arp");
    expect(here.noticesOf("duplicate-detected")).toEqual([]);
    expect(here.advertised()).toEqual(
      [`${M} - -`, `${M} 10.0.0.11 -`, `${M} ${I4} -`, `${M2} - -`, `${M2} 10.0.0.12 -`].sort(),
    );
  });

  it("between two leaves by announcement raises none either, and leaves the other IPs alone", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ ip: I4 });
    for (let i = 0; i < 20; i++) {
      leaf.after(1000);
      leaf.hears(adv(B, { mac: M2, ip: I4, seq: leaf.highestSeq(M) + 1 }));
      expect(leaf.rows("neighbour")).toMatchObject([{ ip: I4, mac: M2 }]);
      leaf.after(1000);
      leaf.sees({ ip: I4 });
      expect(leaf.rows("neighbour")).toEqual([]);
    }

    expect(leaf.noticesOf("duplicate-detected")).toEqual([]);
    expect(leaf.fdb(M2)).toBe(B);
  });
});
