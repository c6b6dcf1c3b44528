/** Which hosts are routers: kept where it is known, for the answers that are given in their place. */
import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { A, adv, B, C, I4, I6, Leaf, M, M2, VNI } from "./leaf.ts";

function advertises(leaf: Leaf, router: boolean, { mac = M, yields = false } = {}): void {
  leaf.observe({
    kind: "seen",
    vni: VNI,
    port: "p1" as never,
    mac,
    ip: I6,
    signal: "unsolicited-advertisement",
    router,
    ...(yields ? { yields: true as const } : {}),
  });
}

function neighbours(leaf: Leaf): string[] {
  const rows = leaf.rows("neighbour");
  return rows.map(
    ({ ip, mac, router }) => `${ip} ${mac}${router === undefined ? "" : ` ${router}`}`,
  );
}

describe("A router", () => {
  it("C6.9 that was here is one at another leaf as well: of its IPv6 addresses it is said", () => {
    const leaf = Leaf.ready(A);
    advertises(leaf, true);
    for (const ip of [I4, I6]) leaf.hears(adv(B, { ip, seq: 1 }));
    expect(neighbours(leaf)).toEqual([`${I4} ${M}`, `${I6} ${M} true`]);
  });

  it("C6.8 elsewhere is known by the advertisement it sends to all", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { ip: I6, seq: 1 }));
    expect(neighbours(leaf)).toEqual([`${I6} ${M}`]);
    leaf.observe({ kind: "router-heard", vni: VNI, mac: M });
    expect(neighbours(leaf)).toEqual([`${I6} ${M} true`]);
    // An IP that is told of later is a router's as well.
    const another = "2001:db8::2" as IpAddress;
    leaf.hears(adv(B, { ip: another, seq: 1 }));
    expect(neighbours(leaf)).toContain(`${another} ${M} true`);
  });

  it("that nobody claims is nobody's, and one here speaks for itself", () => {
    const leaf = Leaf.ready(A);
    const stranger = "02:00:00:00:00:77" as MacAddress;
    leaf.observe({ kind: "router-heard", vni: VNI, mac: stranger });
    expect(leaf.engine.domain(VNI)?.entry(stranger)).toBeUndefined();
    advertises(leaf, false);
    leaf.observe({ kind: "router-heard", vni: VNI, mac: M });
    expect(leaf.entry().router).toBe(false);
  });

  it("that says it is none any more is none", () => {
    const leaf = Leaf.ready(A);
    advertises(leaf, true);
    advertises(leaf, false);
    leaf.hears(adv(B, { ip: I6, seq: 1 }));
    expect(neighbours(leaf)).toEqual([`${I6} ${M} false`]);
  });

  it("stays one in what is said in its place", () => {
    const leaf = Leaf.ready(A, { suppresses: true });
    advertises(leaf, true);
    leaf.hears(adv(B, { ip: I6, seq: 1 }));
    leaf.probes({ mac: M2, ip: I6 });
    expect(leaf.said()).toEqual([`${I6} ${M} router to ${M2} on p1`]);
  });

  it("whose virtual address goes to another, of which nothing was said yet, is followed by one", () => {
    const leaf = Leaf.ready(A, { suppresses: true });
    advertises(leaf, true);
    leaf.hears(adv(C, { mac: M2, ip: I6, seq: 1 }));
    expect(leaf.said()).toEqual([`${I6} ${M2} router to ports`]);
  });
});

describe("An advertisement that does not insist (O=0)", () => {
  it("C6.17 takes an IP from nobody, wherever the owner is", () => {
    for (const guard of ["off", "warn", "strict"] as const) {
      const leaf = Leaf.ready(A, { guard });
      leaf.hears(adv(B, { mac: M2, ip: I6, seq: 1 }));
      advertises(leaf, false, { yields: true });
      expect(leaf.advertised()).toEqual([`${M} - -`]);
      expect(neighbours(leaf)).toEqual([`${I6} ${M2}`]);
    }
  });

  it("C6.17 is believed where nobody else has the IP", () => {
    const leaf = Leaf.ready(A);
    advertises(leaf, false, { yields: true });
    expect(leaf.advertised()).toContain(`${M} ${I6} -`);
  });

  it("C6.17 is believed of a host that has moved with its IP", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { ip: I6, seq: 1 }));
    advertises(leaf, false, { yields: true });
    expect(leaf.advertised()).toContain(`${M} ${I6} 2`);
  });
});
