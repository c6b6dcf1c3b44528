/** Link-local addresses, by policy: RFC 4291 §2.5.6, RFC 3927. */
import { describe, expect, it } from "vitest";
import { A, adv, B, I4, I6, ip, Leaf, M, M2, VNI } from "./leaf.ts";

const LL6 = ip("fe80::1");
const LL4 = ip("169.254.7.7");

describe("Link-local addresses", () => {
  it("are advertised as any other where nothing is said", () => {
    const leaf = Leaf.ready(A);
    for (const each of [I6, LL6, LL4]) leaf.sees({ ip: each });

    expect(leaf.advertised()).toEqual([
      `${M} - -`,
      `${M} ${LL4} -`,
      `${M} ${I6} -`,
      `${M} ${LL6} -`,
    ]);
  });

  it("prove the MAC alone where they are to be ignored", () => {
    const leaf = Leaf.ready(A, { linkLocal: "ignore" });
    for (const each of [LL6, LL4]) leaf.sees({ ip: each });
    expect(leaf.advertised()).toEqual([`${M} - -`]);
    leaf.sees({ ip: I6 });

    expect(leaf.advertised()).toEqual([`${M} - -`, `${M} ${I6} -`]);
  });

  it("do not come along with a MAC from a leaf that does advertise them, where they are ignored", () => {
    const leaf = Leaf.ready(A, { linkLocal: "ignore" });
    for (const of of [{}, { ip: I4 }, { ip: LL6 }]) leaf.hears(adv(B, of));
    expect(leaf.rows("neighbour").map(({ ip: each }) => each)).toContain(LL6);
    leaf.sees({ signal: "rarp" });

    expect(leaf.advertised()).toEqual([`${M} - 1`, `${M} ${I4} 1`]);
  });

  it("that the operator has said are a host's own are advertised nevertheless", () => {
    const sticky = new Map([[M2, [LL6]]]);
    const settings = { routes: { rd: undefined, imports: undefined, exports: undefined }, sticky };
    const domains = new Map([[VNI, settings]]);
    const leaf = Leaf.ready(A, { linkLocal: "ignore", domains });
    leaf.sees({ mac: M2 });

    expect(leaf.advertised()).toEqual([`${M2} - 0s`, `${M2} ${LL6} 0s`]);
  });
});
