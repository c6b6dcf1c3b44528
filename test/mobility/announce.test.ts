/** C6.16: hosts are told in the new owner's place that an IP has come to another MAC. */
import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { Signal } from "../../src/evpn/signal.ts";
import { A, adv, B, BRIDGE_MAC, C, I4, I6, Leaf, M, M2, port, VNI } from "./leaf.ts";

const vip = (i: number): IpAddress => `10.9.${i >> 8}.${i & 255}` as IpAddress;

/** A leaf on which the VIP is M's, behind B. */
function leafWith(settings: ConstructorParameters<typeof Leaf>[1] = {}): Leaf {
  const leaf = Leaf.ready(A, { suppresses: true, ...settings });
  for (const ip of [I4, I6]) leaf.hears(adv(B, { ip, seq: 1 }));
  leaf.after(10_000);
  return leaf;
}

describe("An IP that comes to another MAC", () => {
  it("C6.16 at another leaf is announced to the hosts behind our ports, once", () => {
    const leaf = leafWith();
    expect(leaf.said()).toEqual([]);
    leaf.hears(adv(C, { mac: M2, ip: I4, seq: 2 }));
    expect(leaf.said()).toEqual([`${I4} ${M2} to ports`]);
    expect(leaf.noticesOf("ip-announced")).toEqual([
      { kind: "ip-announced", vni: VNI, mac: M2, ip: I4, to: ["ports"] },
    ]);
    leaf.hearsWithdrawn(adv(B, { ip: I4, seq: 1 }));
    leaf.hears(adv(C, { mac: M2, ip: I4, seq: 3 }));
    expect(leaf.said()).toEqual([]);
  });

  it("C6.16 after nobody has had it for a moment is announced as well", () => {
    const leaf = leafWith();
    leaf.hearsWithdrawn(adv(B, { ip: I6, seq: 1 }));
    expect(leaf.said()).toEqual([]);
    leaf.hears(adv(C, { mac: M2, ip: I6, seq: 2 }));
    expect(leaf.said()).toEqual([`${I6} ${M2} to ports`]);
  });

  it("C6.16 from a host of ours to one at another leaf is announced to the hosts here", () => {
    const leaf = Leaf.ready(A, { suppresses: true });
    leaf.sees({ mac: M, ip: I4 });
    leaf.hears(adv(B, { mac: M2, ip: I4, seq: 1 }));
    expect(leaf.said()).toEqual([`${I4} ${M2} to ports`]);
  });

  it.each<[Signal, IpAddress]>([
    ["gratuitous-arp", I4],
    ["unsolicited-advertisement", I6],
  ])(
    "C6.16 here, by %s, is announced where the bridge does not carry it: into the tunnel",
    (signal, ip) => {
      const leaf = leafWith();
      leaf.sees({ mac: M2, ip, signal });
      expect(leaf.said()).toEqual([`${ip} ${M2} to tunnel`]);
    },
  );

  it("C6.16 here, by a frame to one host alone, is announced on the other ports too", () => {
    const leaf = leafWith();
    leaf.sees({ mac: M2, ip: I4, signal: "arp-reply", port: "p2" });
    expect(leaf.said()).toEqual([`${I4} ${M2} to ports but p2`, `${I4} ${M2} to tunnel`]);
  });

  it("is not announced into a tunnel that Linux keeps open to the host's own word", () => {
    const leaf = leafWith({ suppresses: false });
    leaf.sees({ mac: M2, ip: I4, signal: "gratuitous-arp" });
    expect(leaf.said()).toEqual([]);
  });

  it("is not announced into a tunnel that takes frames of its bridge alone", () => {
    const leaf = leafWith();
    const devices = { bridge: "br10", vxlan: "vx10", ownMacs: [BRIDGE_MAC] };
    const segment = { vni: VNI, vtep: A, ...devices, suppresses: true, isShared: true } as const;
    leaf.observe({ kind: "segment-up", segment });
    leaf.sees({ mac: M2, ip: I4, signal: "gratuitous-arp" });
    expect(leaf.said()).toEqual([]);
  });

  it("and with it the MAC is at another leaf is no news: hosts know the right MAC", () => {
    const leaf = leafWith();
    leaf.hears(adv(C, { ip: I4, seq: 2 }));
    leaf.sees({ mac: M, ip: I6, signal: "gratuitous-arp" });
    expect(leaf.said()).toEqual([]);
  });

  it("before the start is over is not announced: it may have been long ago", () => {
    const leaf = new Leaf(A, { suppresses: true });
    leaf.boots();
    leaf.hears(adv(B, { ip: I4, seq: 1 }));
    leaf.hears(adv(C, { mac: M2, ip: I4, seq: 2 }));
    for (const source of ["rib", "kernel", "packets"] as const) leaf.told(source);
    expect(leaf.said()).toEqual([]);
    leaf.hears(adv(B, { ip: I4, seq: 3 }));
    expect(leaf.said()).toEqual([`${I4} ${M} to ports`]);
  });

  it("is announced with the last state alone where somebody else claims it for a moment", () => {
    const leaf = leafWith();
    leaf.sees({ mac: M2, ip: I4, signal: "gratuitous-arp", port: "p2" });
    leaf.said();
    leaf.after(10_000);
    // M at B still claims it, and M2 loses it here to a third: M is never announced in between.
    leaf.sees({ mac: M, ip: I4, signal: "gratuitous-arp", port: "p1" });
    expect(leaf.said()).toEqual([`${I4} ${M} to tunnel`]);
  });

  it("again and again makes no storm: the last owner is announced in the end", () => {
    const leaf = leafWith({ duplicates: { moves: 1000 } });
    for (let i = 2; i < 202; i++) {
      leaf.hears(adv(i % 2 === 0 ? C : B, { mac: i % 2 === 0 ? M2 : M, ip: I4, seq: i }));
      leaf.pass(10);
    }
    leaf.pass(1000);
    const said = leaf.said();
    // 200 changes in two seconds.
    expect(said.length).toBeLessThanOrEqual(6);
    expect(said.at(-1)).toBe(`${I4} ${M} to ports`);
  });

  it("with many others at once is announced in its turn, and none is forgotten", () => {
    const leaf = Leaf.ready(A, { suppresses: true });
    const many = Array.from({ length: 130 }, (_, i) => vip(i));
    for (const ip of many) leaf.hears(adv(B, { ip, seq: 1 }));
    leaf.after(10_000);
    for (const ip of many) leaf.hears(adv(C, { mac: M2, ip, seq: 2 }));
    expect(leaf.said()).toHaveLength(100);
    leaf.pass(999);
    expect(leaf.said()).toEqual([]);
    leaf.pass(1);
    expect(leaf.said()).toHaveLength(30);
    leaf.pass(10_000);
    expect(leaf.said()).toEqual([]);
  });

  it("C6.12 and is held to be at several hosts is announced for none of them", () => {
    const leaf = leafWith({ duplicates: { moves: 1 } });
    leaf.sees({ mac: M2, ip: I4, signal: "arp-request", port: "p2" });
    expect(leaf.noticesOf("duplicate-detected")).toMatchObject([{ ip: I4 }]);
    expect(leaf.said()).toEqual([]);
  });

  it("is announced to nobody where there is nobody else", () => {
    const leaf = Leaf.ready(A);
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p2") });
    leaf.sees({ mac: M, ip: I4 });
    leaf.sees({ mac: M2, ip: I4, signal: "arp-reply" });
    expect(leaf.said()).toEqual([]);
    expect(leaf.noticesOf("ip-announced")).toEqual([]);
  });
});
