/** Which IPs hosts have by the word of DHCP servers. */
import { describe, expect, it } from "vitest";
import { LEASES_MAX } from "../../src/mobility/leases.ts";
import { A, adv, B, I4, I6, ip, Leaf, M, M2, mac, port, VNI } from "./leaf.ts";

const HOUR = 3_600_000;

function learnedFrom(leaf: Leaf): string | undefined {
  return leaf.entry().local?.ips.get(I4)?.learnedFrom;
}

describe("A lease", () => {
  it("of a host that is here binds the IP as if it had been seen", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.leases({});
    expect(leaf.advertised()).toEqual([`${M} - -`, `${M} ${I4} -`]);
    expect(learnedFrom(leaf)).toBe("dhcp");
    expect(leaf.noticesOf("ip-learned")).toMatchObject([{ mac: M, ip: I4, signal: "dhcp" }]);
    expect(leaf.asked).toEqual([]);
  });

  it("of a host that is elsewhere says nothing of where it is", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { ip: I4 }));
    leaf.leases({});
    expect(leaf.where()).toBe(B);
    expect(leaf.advertised()).toEqual([]);
    const other = Leaf.ready(A);
    other.leases({});
    expect(other.where()).toBe("nowhere");
  });

  it("goes with its time, if the host has never used the IP", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.leases({});
    leaf.passes(HOUR - 1);
    expect(leaf.advertised()).toContain(`${M} ${I4} -`);
    leaf.passes(1);
    expect(leaf.advertised()).toEqual([`${M} - -`]);
    expect(leaf.noticesOf("lease-ended")).toEqual([
      { kind: "lease-ended", vni: VNI, mac: M, ip: I4 },
    ]);
    expect(leaf.where()).toBe("p1");
  });

  it("that is over takes nothing from a host that has shown itself to use the IP", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.leases({});
    leaf.sees({ ip: I4, signal: "arp-request" });
    expect(learnedFrom(leaf)).toBe("arp-request");
    leaf.leases({ seconds: 7200 });
    expect(learnedFrom(leaf)).toBe("arp-request");
    leaf.passes(3 * HOUR);
    expect(leaf.advertised()).toContain(`${M} ${I4} -`);
    expect(leaf.noticesOf("lease-ended")).toEqual([]);
  });

  it("that is renewed lasts longer, one without an end for ever", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.leases({});
    leaf.passes(HOUR / 2);
    leaf.leases({});
    leaf.leases({ ip: I6, seconds: undefined });
    leaf.passes(HOUR / 2);
    expect(leaf.advertised()).toContain(`${M} ${I4} -`);
    leaf.passes(HOUR / 2);
    expect(leaf.advertised()).toEqual([`${M} - -`, `${M} ${I6} -`]);
    leaf.passes(1000 * HOUR);
    expect(leaf.advertised()).toEqual([`${M} - -`, `${M} ${I6} -`]);
  });

  it("that the server ends is over, for its holder alone", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.leases({});
    leaf.leases({ mac: M2, seconds: 0 });
    expect(leaf.advertised()).toContain(`${M} ${I4} -`);
    leaf.leases({ seconds: 0 });
    expect(leaf.advertised()).toEqual([`${M} - -`]);
    leaf.leases({ seconds: 0 });
  });

  it("takes no IP from a host that has it: servers can be forged", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ ip: I4 });
    leaf.sees({ mac: M2, port: "p2" });
    leaf.leases({ mac: M2 });
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p2") });
    leaf.observe({ kind: "port-up", vni: VNI, port: port("p2") });
    leaf.sees({ mac: M2, port: "p2" });
    leaf.hears(adv(B, { mac: mac("02:00:00:00:00:03"), ip: I6 }));
    leaf.leases({ mac: M2, ip: I6 });
    expect(leaf.advertised()).toEqual([`${M} - -`, `${M} ${I4} -`, `${M2} - -`]);
  });

  it("of somebody else does not end a host's own", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.leases({});
    leaf.leases({ mac: M2, seconds: undefined });
    leaf.passes(HOUR);
    expect(leaf.noticesOf("lease-ended")).toHaveLength(1);
  });

  it("with an IP that no host can have binds nothing", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.leases({ ip: ip("224.0.0.1") });
    expect(leaf.advertised()).toEqual([`${M} - -`]);
  });

  it("that is known before the host is here binds when it comes, and the host is asked", () => {
    const leaf = Leaf.ready(A);
    leaf.leases({});
    leaf.sees({ signal: "rarp" });
    expect(leaf.advertised()).toContain(`${M} ${I4} -`);
    leaf.passes(0);
    expect(leaf.asked).toEqual([{ vni: VNI, port: port("p1"), mac: M, ip: I4 }]);
    leaf.passes(10_000);
    expect(leaf.advertised()).toEqual([`${M} - -`]);
    expect(leaf.noticesOf("ip-unverified")).toMatchObject([{ mac: M, ip: I4 }]);
  });

  it("that is known before binds for good, if the host answers", () => {
    const leaf = Leaf.ready(A);
    leaf.leases({});
    leaf.sees({ signal: "rarp" });
    leaf.passes(0);
    leaf.sees({ ip: I4, signal: "answer" });
    leaf.passes(10_000);
    expect(leaf.advertised()).toContain(`${M} ${I4} -`);
  });

  it("told while the sources tell their start binds when the host comes out of it", () => {
    const leaf = new Leaf(A);
    leaf.boots();
    leaf.sees();
    leaf.leases({});
    for (const source of ["rib", "kernel", "packets"] as const) leaf.told(source);
    expect(leaf.advertised()).toContain(`${M} - -`);
    leaf.sees();
    leaf.leases({});
    expect(leaf.advertised()).toContain(`${M} ${I4} -`);
  });

  it("is remembered for so many IPs and no more", () => {
    const leaf = Leaf.ready(A);
    for (let i = 0; i < LEASES_MAX + 10; i++) {
      leaf.leases({ ip: ip(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`) });
    }
    expect(leaf.engine.domain(VNI)?.leases.size).toBe(LEASES_MAX);
  });
});

describe("A host with a lease", () => {
  it("that never answers is kept when the bridge forgets it, until the lease is over", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.leases({});
    leaf.leases({ ip: I6, seconds: 1800 });
    leaf.passes(300_000);
    leaf.observe({ kind: "aged-out", vni: VNI, port: port("p1"), mac: M });
    leaf.passes(HOUR / 2);
    expect(leaf.advertised()).toEqual([`${M} - -`, `${M} ${I4} -`]);
    leaf.passes(HOUR);
    expect(leaf.where()).toBe("nowhere");
    expect(leaf.advertised()).toEqual([]);
    expect(leaf.engine.domain(VNI)?.leases.kept.size).toBe(0);
  });

  it("that was heard again meanwhile is as any other then", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.leases({});
    leaf.observe({ kind: "aged-out", vni: VNI, port: port("p1"), mac: M });
    leaf.passes(60_000);
    leaf.sees({ ip: I4, signal: "arp-request" });
    leaf.passes(2 * HOUR);
    expect(leaf.advertised()).toContain(`${M} ${I4} -`);
  });

  it("that has answered before and does not now is gone, lease or not", () => {
    const leaf = Leaf.ready(A);
    leaf.leases({});
    leaf.sees();
    leaf.passes(0);
    leaf.sees({ ip: I4, signal: "answer" });
    leaf.observe({ kind: "aged-out", vni: VNI, port: port("p1"), mac: M });
    leaf.passes(10_000);
    expect(leaf.where()).toBe("nowhere");
  });

  it("loses the IP to a host that uses it, as any other", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.leases({});
    leaf.sees({ mac: M2, ip: I4, port: "p2" });
    expect(leaf.advertised()).toEqual([`${M} - -`, `${M2} - -`, `${M2} ${I4} -`]);
    leaf.passes(2 * HOUR);
    expect(leaf.advertised()).toContain(`${M2} ${I4} -`);
  });

  it("takes its IPs along when it moves, wherever the lease is known", () => {
    const leaf = Leaf.ready(B, { guard: "strict" });
    leaf.hears(adv(A, {}));
    leaf.hears(adv(A, { ip: I4 }));
    leaf.sees();
    expect(leaf.advertised()).toEqual([`${M} - 1`, `${M} ${I4} 1`]);
  });
});
