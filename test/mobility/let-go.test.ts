/** The old owner must really let go: rule C9.12, as far as a lost update is concerned. */
import { describe, expect, it } from "vitest";
import { mac } from "../../labs/runner/signals.ts";
import { A, adv, B, I4, Leaf, M, port, VNI } from "./leaf.ts";

const MANY = Array.from({ length: 6 }, (_, i) => mac(`02:00:00:00:0a:0${i}`));

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

  it("is outbid once more when it does not and the host, being asked, is here; that is told", () => {
    const leaf = taken();
    leaf.asked.length = 0;
    leaf.pass(3000);
    expect(leaf.asked).toEqual([{ vni: VNI, port: port("p1"), mac: M, ip: I4 }]);
    leaf.sees({ ip: I4, signal: "answer" });
    leaf.pass(1000);

    expect(leaf.advertised()).toEqual([`${M} - 2`, `${M} ${I4} 2`]);
    expect(leaf.noticesOf("not-let-go")).toMatchObject([{ vtep: B, tries: 0 }]);
  });

  it("is not outbid for a host that does not answer: it may be elsewhere by now", () => {
    const leaf = taken();
    leaf.pass(60_000);

    expect(leaf.advertised()).toEqual([`${M} - 1`, `${M} ${I4} 1`]);
    expect(leaf.noticesOf("not-let-go")).toHaveLength(4);
  });

  it("is outbid for a host that can not be asked", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    leaf.sees();
    leaf.pass(3000);

    expect(leaf.advertised()).toEqual([`${M} - 2`]);
  });

  it("that never lets go is outbid three times and no more", () => {
    const leaf = taken();
    for (let second = 0; second < 600; second++) {
      leaf.sees({ ip: I4, signal: "arp-reply" });
      leaf.pass(1000);
    }

    expect(leaf.advertised()).toEqual([`${M} - 4`, `${M} ${I4} 4`]);
    expect(leaf.noticesOf("not-let-go")).toHaveLength(4);
  });

  it("is forgotten when the MAC has left us meanwhile", () => {
    const leaf = taken();
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });
    leaf.pass(60_000);

    expect(leaf.noticesOf("not-let-go")).toEqual([]);
  });

  it("is not outbid while it lets go of others that have come to us, one after the other", () => {
    const leaf = taken();
    for (const [i, mac] of MANY.entries()) {
      leaf.hears(adv(B, { mac }));
      leaf.sees({ mac });
      leaf.pass(1000);
      leaf.hearsWithdrawn(adv(B, { mac }));
      expect(leaf.noticesOf("not-let-go"), `after ${i + 1} s`).toEqual([]);
    }
    leaf.pass(2999);
    expect(leaf.noticesOf("not-let-go")).toEqual([]);
    leaf.pass(1);
    leaf.sees({ ip: I4, signal: "answer" });
    leaf.pass(1000);
    expect(leaf.noticesOf("not-let-go")).toMatchObject([{ mac: M, tries: 0 }]);
  });

  it("of a gateway's MAC need not let go: it stands at many leaves", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { defaultGateway: true }));
    leaf.sees();
    leaf.pass(60_000);

    expect(leaf.noticesOf("not-let-go")).toEqual([]);
  });
});
