/** RFC 9721, a MAC with many IPs and an IP with many MACs: rules C3, and C1.25. */
import { describe, expect, it } from "vitest";
import { A, adv, B, C, I4, I6, ip, Leaf, M, M2, port, VNI } from "./leaf.ts";

const I5 = ip("10.0.0.5");
const D = ip("192.0.2.4");

describe("An IP of a MAC of ours", () => {
  it("C3.1 is advertised with the number of its MAC", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 2 }));
    leaf.sees();
    leaf.sees({ ip: I4 });

    expect(leaf.advertised()).toEqual([`${M} - 3`, `${M} ${I4} 3`]);
    expect(leaf.noticesOf("ip-learned")).toMatchObject([{ ip: I4, signal: "gratuitous-arp" }]);
  });

  it("C3.2 that was another MAC's elsewhere brings that MAC's number along", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { mac: M2, ip: I4, seq: 4 }));
    leaf.sees({ ip: I4 });

    expect(leaf.advertised()).toEqual([`${M} - 5`, `${M} ${I4} 5`]);
    expect(leaf.rows("neighbour")).toEqual([]);
    expect(leaf.noticesOf("ip-moved")).toMatchObject([{ ip: I4, mac: M, from: M2 }]);
  });

  it("C3.3 gets one more than the higher of both MACs' numbers", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { mac: M2, ip: I4, seq: 4 }));
    leaf.hears(adv(B, { seq: 7 }));
    leaf.sees({ ip: I4 });

    expect(leaf.advertised()).toEqual([`${M} - 8`, `${M} ${I4} 8`]);
  });

  it("C3.4 takes the other IPs of its new MAC along to the new number", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ ip: I5 });
    leaf.hears(adv(B, { mac: M2, ip: I4, seq: 4 }));
    leaf.sees({ ip: I4 });

    expect(leaf.advertised()).toEqual([`${M} - 5`, `${M} ${I4} 5`, `${M} ${I5} 5`]);
  });

  it("C3.10 that comes to another MAC of ours leaves the first, and no number changes", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ ip: I4 });
    leaf.sees({ mac: M2, ip: I4, port: "p2" });

    expect(leaf.advertised()).toEqual([`${M} - -`, `${M2} - -`, `${M2} ${I4} -`]);
  });

  it("is given up when another VTEP claims it for another MAC with a higher number", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ ip: I4 });
    leaf.hears(adv(B, { mac: M2, ip: I4, seq: 1 }));

    expect(leaf.advertised()).toEqual([`${M} - -`]);
    expect(leaf.rows("neighbour")).toMatchObject([{ ip: I4, mac: M2 }]);
  });

  it("is kept when the other claim to it is no better", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ ip: I4 });
    leaf.hears(adv(B, { mac: M2, ip: I4 }));

    expect(leaf.advertised()).toEqual([`${M} - -`, `${M} ${I4} -`]);
    expect(leaf.rows("neighbour")).toEqual([]);
  });
});

describe("An IP of a MAC of ours that an old route gives to a MAC of others", () => {
  it("is kept: the leaf that has that MAC by now tells another IP", () => {
    for (const isFirst of [true, false]) {
      const leaf = Leaf.ready(A);
      const old = adv(C, { seq: 1, ip: I4 });
      if (isFirst) leaf.hears(old);
      leaf.hears(adv(B, { seq: 2 }));
      leaf.hears(adv(B, { seq: 2, ip: I6 }));
      leaf.sees({ mac: M2, ip: I4 });
      if (!isFirst) leaf.hears(old);

      expect(leaf.advertised()).toEqual([`${M2} - -`, `${M2} ${I4} -`]);
      expect(leaf.noticesOf("ip-moved")).toEqual([]);
    }
  });
});

it("An IP of a MAC of ours is given up when the route that gives it to another comes to be believed", () => {
  const leaf = Leaf.ready(A);
  leaf.sees({ mac: M2, ip: I4 });
  leaf.hears(adv(B, { seq: 5, ip: I5 }));
  leaf.hears(adv(C, { seq: 4, ip: I4 }));
  expect(leaf.advertised()).toEqual([`${M2} - -`, `${M2} ${I4} -`]);
  leaf.hearsWithdrawn(adv(B, { ip: I5 }));

  expect(leaf.advertised()).toEqual([`${M2} - -`]);
  expect(leaf.rows("neighbour")).toEqual([{ vni: VNI, ip: I4, mac: M }]);
});

describe("A host with many IPs", () => {
  it("C1.25 moves here as a whole, with one number", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    for (const of of [I4, I5, I6]) leaf.hears(adv(B, { ip: of }));
    leaf.sees({ ip: I4 });

    expect(leaf.advertised()).toEqual(
      [`${M} - 1`, `${M} ${I4} 1`, `${M} ${I5} 1`, `${M} ${I6} 1`].sort(),
    );
    expect(leaf.rows("neighbour")).toEqual([]);
  });

  it("C1.25 brings its IPs along from a leaf that has told the MAC alone so far", () => {
    const leaf = Leaf.ready(ip("192.0.2.9"));
    leaf.hears(adv(A, { ip: I4 }));
    leaf.hears(adv(B, { seq: 1 }));
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 2`, `${M} ${I4} 2`]);
  });

  it("does not bring along an IP that a host of ours has meanwhile", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { ip: I4 }));
    leaf.sees({ mac: M2, ip: I4 });
    leaf.hears(adv(B, { ip: I4 }));
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 1`, `${M2} - 1`, `${M2} ${I4} 1`]);
  });

  it("does not bring along an IP that is known to be another host's elsewhere by now", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { ip: I4 }));
    leaf.hears(adv(B, { mac: M2, ip: I4, seq: 1 }));
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 1`]);
    expect(leaf.rows("neighbour")).toMatchObject([{ ip: I4, mac: M2 }]);
  });

  it("C3.6 is let go as a whole to a lower VTEP with the same number, told of one IP", () => {
    const leaf = Leaf.ready(B);
    leaf.sees({ ip: I4 });
    leaf.sees({ ip: I6 });
    leaf.hears(adv(A, { ip: I4 }));

    expect(leaf.advertised()).toEqual([]);
    expect(leaf.fdb()).toBe(A);
  });

  it("leaves as a whole: its neighbours point to the new leaf", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ ip: I4 });
    leaf.sees({ ip: I6 });
    leaf.hears(adv(B, { seq: 1, ip: I4 }));

    expect(leaf.advertised()).toEqual([]);
    expect(leaf.rows("neighbour")).toMatchObject([{ ip: I4, mac: M }]);
  });
});

describe("A neighbour", () => {
  it("is the MAC with the best claim to the IP", () => {
    const leaf = Leaf.ready(ip("192.0.2.9"));
    leaf.hears(adv(A, { ip: I4 }));
    leaf.hears(adv(B, { mac: M2, ip: I4, seq: 1 }));
    expect(leaf.rows("neighbour")).toMatchObject([{ mac: M2 }]);
    leaf.hearsWithdrawn(adv(B, { mac: M2, ip: I4 }));

    expect(leaf.rows("neighbour")).toMatchObject([{ mac: M }]);
  });

  it("is none where a host of ours has the IP, and comes back when that leaves", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { mac: M2, ip: I4 }));
    leaf.sees({ ip: I4 });
    expect(leaf.rows("neighbour")).toEqual([]);
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });

    expect(leaf.rows("neighbour")).toMatchObject([{ mac: M2 }]);
  });

  it("is told only by the owner of the MAC", () => {
    const leaf = Leaf.ready(ip("192.0.2.9"));
    leaf.hears(adv(A, { ip: I4 }));
    leaf.hears(adv(B, { seq: 1, ip: I5 }));

    expect(leaf.fdb()).toBe(B);
    expect(leaf.rows("neighbour")).toMatchObject([{ ip: I5 }]);
  });

  it("C1.25 stays while the MAC's new owner has told the MAC alone, and ends with the old routes", () => {
    const leaf = Leaf.ready(ip("192.0.2.9"));
    leaf.hears(adv(A));
    leaf.hears(adv(A, { ip: I4 }));
    leaf.hears(adv(A, { ip: I6 }));
    leaf.hears(adv(B, { seq: 1 }));

    expect(leaf.fdb()).toBe(B);
    expect(leaf.rows("neighbour")).toMatchObject([{ ip: I4 }, { ip: I6 }]);

    leaf.hearsWithdrawn(adv(A, { ip: I6 }));
    expect(leaf.rows("neighbour")).toMatchObject([{ ip: I4 }]);
    leaf.hearsWithdrawn(adv(A, { ip: I4 }));
    expect(leaf.rows("neighbour")).toEqual([]);
  });

  it("is what the new owner tells as soon as it tells an IP, however many others there were", () => {
    const leaf = Leaf.ready(ip("192.0.2.9"));
    leaf.hears(adv(A, { ip: I4 }));
    leaf.hears(adv(A, { ip: I6 }));
    leaf.hears(adv(B, { seq: 1 }));
    leaf.hears(adv(B, { seq: 1, ip: I4 }));

    expect(leaf.rows("neighbour")).toMatchObject([{ ip: I4 }]);
  });

  it("C1.25 is what the last owner has told, not one before it", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 2, ip: I4 }));
    leaf.hears(adv(C, { seq: 3, ip: I5 }));
    leaf.hears(adv(D, { seq: 4 }));

    expect(leaf.rows("neighbour")).toEqual([{ vni: VNI, ip: I5, mac: M }]);
  });

  it("is what the owner tells, though another has told other IPs with a higher number", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 5 }));
    leaf.hears(adv(B, { seq: 2, ip: I4 }));
    leaf.hears(adv(C, { seq: 4, ip: I5 }));

    expect(leaf.rows("neighbour")).toEqual([{ vni: VNI, ip: I4, mac: M }]);
  });

  it("C3.3 that is believed of a new owner is outbid with one more than the MAC's new number", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 4, ip: I4 }));
    leaf.hears(adv(C, { seq: 5 }));
    leaf.sees({ mac: M2, ip: I4 });

    expect(leaf.advertised()).toEqual([`${M2} - 6`, `${M2} ${I4} 6`]);
  });

  it("that is believed of a new owner does not count with the MAC's new number", () => {
    const leaf = Leaf.ready(ip("192.0.2.9"));
    leaf.hears(adv(A, { ip: I4 }));
    leaf.hears(adv(A, { mac: M2, ip: I4, seq: 1 }));
    leaf.hears(adv(B, { seq: 2 }));
    expect(leaf.rows("neighbour")).toMatchObject([{ mac: M2 }]);
    leaf.hears(adv(B, { seq: 2, ip: I4 }));

    expect(leaf.rows("neighbour")).toMatchObject([{ mac: M }]);
  });
});
