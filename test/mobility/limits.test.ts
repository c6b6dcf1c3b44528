/** What one port and one host may cost (C7.18, C9.14). */
import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { HELD_MAX } from "../../src/mobility/start-gate.ts";
import { A, adv, B, I4, I6, ip, Leaf, M, mac, port, VNI } from "./leaf.ts";

const LIMITS = { macsPerPort: 16, ipsPerMac: 8 };

function macNumber(i: number): MacAddress {
  return mac(`02:00:00:01:${hexByte(i >> 8)}:${hexByte(i & 255)}`);
}

function ipNumber(i: number): IpAddress {
  return ip(`10.1.${i >> 8}.${i & 255}`);
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

function hits(leaf: Leaf): unknown[] {
  return leaf.noticesOf("limit-hit");
}

describe("A port", () => {
  it("C9.14 has so many MACs and no more, by whatever signal; it is told once", () => {
    const leaf = Leaf.ready(A, { limits: LIMITS });
    for (let i = 0; i < 100; i++) leaf.sees({ mac: macNumber(i), signal: "data" });
    for (let i = 100; i < 200; i++) leaf.sees({ mac: macNumber(i), ip: ipNumber(i) });
    expect(leaf.rows("mac-ip-route")).toHaveLength(16);
    expect([...(leaf.engine.domain(VNI)?.entries() ?? [])]).toHaveLength(16);
    expect(hits(leaf)).toEqual([
      { kind: "limit-hit", vni: VNI, port: "p1", mac: undefined, limit: "macs-per-port", most: 16 },
    ]);
  });

  it("that is full harms no other port, and those behind it are still heard", () => {
    const leaf = Leaf.ready(A, { limits: LIMITS });
    for (let i = 0; i < 100; i++) leaf.sees({ mac: macNumber(i) });
    leaf.hears(adv(B, {}));
    leaf.sees({ ip: I4, port: "p2" });
    leaf.sees({ mac: macNumber(3), ip: I6 });
    expect(leaf.advertised()).toContain(`${M} ${I4} 1`);
    expect(leaf.advertised()).toContain(`${macNumber(3)} ${I6} -`);
  });

  it("that is full takes no MAC from another port or from another leaf", () => {
    const leaf = Leaf.ready(A, { limits: LIMITS });
    leaf.sees({ ip: I4, port: "p2" });
    leaf.hears(adv(B, { mac: macNumber(999) }));
    for (let i = 0; i < 100; i++) leaf.sees({ mac: macNumber(i) });
    leaf.sees({ ip: I4, port: "p1" });
    leaf.sees({ mac: macNumber(999), port: "p1" });
    expect(leaf.where()).toBe("p2");
    expect(leaf.where(macNumber(999))).toBe(B);
  });

  it("has room again when some have gone, and is told anew only after it was well below", () => {
    const leaf = Leaf.ready(A, { limits: LIMITS });
    const leaves = (i: number): void =>
      leaf.observe({ kind: "aged-out", vni: VNI, port: port("p1"), mac: macNumber(i) });
    for (let i = 0; i < 20; i++) leaf.sees({ mac: macNumber(i) });
    leaves(0);
    leaf.sees({ mac: macNumber(50) });
    leaf.sees({ mac: macNumber(51) });
    expect(leaf.where(macNumber(50))).toBe("p1");
    expect(leaf.where(macNumber(51))).toBe("nowhere");
    expect(hits(leaf)).toHaveLength(1);
    for (let i = 1; i < 6; i++) leaves(i);
    for (let i = 100; i < 120; i++) leaf.sees({ mac: macNumber(i) });
    expect(hits(leaf)).toHaveLength(2);
  });

  it("that went down and up begins from nought", () => {
    const leaf = Leaf.ready(A, { limits: LIMITS });
    for (let i = 0; i < 20; i++) leaf.sees({ mac: macNumber(i) });
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });
    leaf.observe({ kind: "port-up", vni: VNI, port: port("p1") });
    for (let i = 20; i < 36; i++) leaf.sees({ mac: macNumber(i) });
    expect(leaf.rows("mac-ip-route")).toHaveLength(16);
  });

  it("that is renamed keeps its count", () => {
    const leaf = Leaf.ready(A, { limits: LIMITS });
    for (let i = 0; i < 10; i++) leaf.sees({ mac: macNumber(i) });
    const [from, to] = [port("p1"), port("swp1")];
    leaf.observe({ kind: "port-renamed", vni: VNI, from, to });
    for (let i = 10; i < 30; i++) leaf.sees({ mac: macNumber(i), port: "swp1" });
    expect(leaf.rows("mac-ip-route")).toHaveLength(16);
  });
});

describe("The start", () => {
  it("C9.14 holds back so much of one port and no more, and all of the others", () => {
    const leaf = new Leaf(A, { limits: LIMITS });
    leaf.boots();
    for (let i = 0; i < HELD_MAX + 1000; i++) leaf.sees({ mac: macNumber(i) });
    leaf.sees({ ip: I4, port: "p2" });
    for (const source of ["rib", "kernel", "packets"] as const) leaf.told(source);
    expect(leaf.where()).toBe("p2");
    expect(leaf.rows("mac-ip-route")).toHaveLength(18);
    expect(hits(leaf)).toHaveLength(1);
  });
});

describe("A host", () => {
  function full(): Leaf {
    const leaf = Leaf.ready(A, { limits: LIMITS });
    for (let i = 0; i < 50; i++) leaf.sees({ ip: ipNumber(i) });
    return leaf;
  }

  it("C7.18 has so many IPs and no more; it is told once", () => {
    const leaf = full();
    expect(leaf.rows("mac-ip-route")).toHaveLength(9);
    expect(hits(leaf)).toEqual([
      { kind: "limit-hit", vni: VNI, port: "p1", mac: M, limit: "ips-per-mac", most: 8 },
    ]);
  });

  it("that is full is still seen, moves with its IPs, and takes none from others", () => {
    const leaf = full();
    leaf.sees({ mac: macNumber(1), ip: I4, port: "p2" });
    leaf.sees({ ip: I4, port: "p2" });
    expect(leaf.where()).toBe("p2");
    expect(leaf.advertised()).toContain(`${macNumber(1)} ${I4} -`);
    expect(leaf.rows("mac-ip-route")).toHaveLength(11);
  });

  it("that is full is asked which IPs it still uses, and gets others for those", () => {
    const leaf = full();
    leaf.passes(0);
    expect(leaf.asked).toHaveLength(8);
    leaf.sees({ ip: ipNumber(2), signal: "answer" });
    leaf.sees({ ip: ipNumber(5), signal: "answer" });
    leaf.passes(10_000);
    leaf.sees({ ip: I6, signal: "unsolicited-advertisement" });
    expect(leaf.advertised()).toEqual([
      `${M} - -`,
      `${M} ${ipNumber(2)} -`,
      `${M} ${ipNumber(5)} -`,
      `${M} ${I6} -`,
    ]);
  });

  it("that answers to nothing keeps what it has, and is not asked all the time", () => {
    const leaf = full();
    leaf.passes(10_000);
    leaf.asked.length = 0;
    for (let i = 50; i < 100; i++) leaf.sees({ ip: ipNumber(i) });
    leaf.passes(10_000);
    expect(leaf.asked).toEqual([]);
    expect(leaf.rows("mac-ip-route")).toHaveLength(9);
    expect(hits(leaf)).toHaveLength(1);
  });

  it("that comes with more IPs from elsewhere has them all: they were its there", () => {
    const leaf = Leaf.ready(A, { limits: LIMITS });
    for (let i = 0; i < 20; i++) leaf.hears(adv(B, { ip: ipNumber(i) }));
    leaf.sees();
    expect(leaf.rows("mac-ip-route")).toHaveLength(21);
  });
});

describe("One MAC after another at two ports that both hand over an IP", () => {
  it("C9.14 all too quickly is a duplicate, whoever says that it is a handover", () => {
    const leaf = Leaf.ready(A, { duplicates: { moves: 5, action: "freeze" } });
    for (let i = 0; i < 1000; i++) {
      leaf.sees({ mac: macNumber(i % 2), ip: I4, port: i % 2 === 0 ? "p1" : "p2" });
      leaf.after(1);
    }
    expect(leaf.noticesOf("duplicate-detected")).toHaveLength(1);
    expect(leaf.advertised()).toEqual([`${macNumber(0)} - -`, `${macNumber(1)} - -`]);
  });

  it("once in a second is a handover, as often as it may happen", () => {
    const leaf = Leaf.ready(A, { duplicates: { moves: 5, action: "freeze" } });
    for (let i = 0; i < 20; i++) {
      leaf.sees({ mac: macNumber(i % 2), ip: I4, port: i % 2 === 0 ? "p1" : "p2" });
      leaf.after(1000);
    }
    expect(leaf.noticesOf("duplicate-detected")).toEqual([]);
  });
});
