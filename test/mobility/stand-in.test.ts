/** Hosts that ask whether an address is free, and are answered in its owner's place. */
import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import { A, adv, B, C, I4, I6, Leaf, M, M2, mac, port, VNI } from "./leaf.ts";

const M3 = mac("02:00:00:00:00:03");

/** A leaf that knows the host M with its IPs behind B. */
function leafWith(settings: ConstructorParameters<typeof Leaf>[1] = {}): Leaf {
  const leaf = Leaf.ready(A, { suppresses: true, ...settings });
  leaf.hears(adv(B, { seq: 1 }));
  for (const ip of [I4, I6]) leaf.hears(adv(B, { ip, seq: 1 }));
  return leaf;
}

function reasons(leaf: Leaf): string[] {
  return leaf.notices.flatMap((notice) =>
    notice.kind === "probe-unanswered" ? [notice.reason] : [],
  );
}

describe("A probe for an address whose owner is at another leaf", () => {
  it.each([I4, I6])("C6.4 C6.6 of %s is answered in the owner's place, and it is told", (ip) => {
    const leaf = leafWith();
    leaf.probes({ mac: M2, ip, port: "p2" });
    expect(leaf.said()).toEqual([`${ip} ${M} to ${M2} on p2`]);
    expect(leaf.noticesOf("probe-answered")).toEqual([
      { kind: "probe-answered", vni: VNI, mac: M2, ip, owner: M, port: "p2" },
    ]);
    // Whoever probes does not hold it.
    expect(leaf.where(M2)).toBe("p2");
    expect(leaf.advertised()).toEqual([`${M2} - -`]);
  });

  it("C6.5 is not answered to the owner itself, which has come here", () => {
    const leaf = leafWith();
    for (const ip of [I4, I6]) leaf.probes({ mac: M, ip });
    expect(leaf.said()).toEqual([]);
    expect(leaf.where(M)).toBe("p1");
  });

  it("C6.3 is not answered where nobody is known to have it", () => {
    const leaf = leafWith();
    leaf.probes({ mac: M2, ip: "10.0.0.77" as IpAddress });
    expect(leaf.said()).toEqual([]);
    expect(leaf.noticesOf("probe-unanswered")).toEqual([]);
  });

  it("is left to the owner where Linux carries it there", () => {
    const leaf = leafWith({ suppresses: false });
    leaf.probes({ mac: M2, ip: I4 });
    expect(leaf.said()).toEqual([]);
  });

  it("is left to the owner where that is behind another port of ours", () => {
    const leaf = leafWith();
    leaf.sees({ mac: M, ip: I4, port: "p1" });
    leaf.probes({ mac: M2, ip: I4, port: "p2" });
    expect(leaf.said()).toEqual([]);
  });

  it("C6.15 is not answered when the owner's route is withdrawn", () => {
    const leaf = leafWith();
    leaf.hearsWithdrawn(adv(B, { seq: 1 }));
    leaf.probes({ mac: M2, ip: I4 });
    expect(leaf.said()).toHaveLength(1);
    leaf.hearsWithdrawn(adv(B, { ip: I4, seq: 1 }));
    leaf.probes({ mac: M2, ip: I4 });
    expect(leaf.said()).toEqual([]);
  });

  it("C6.4 is not answered while the owner is on its way, by the word of the hypervisor", () => {
    const leaf = leafWith();
    const word = {
      kind: "migrate",
      vni: VNI,
      mac: M,
      to: undefined,
      ips: [],
      port: undefined,
    } as const;
    leaf.observe({ kind: "word", word: { ...word, step: "start" } });
    leaf.probes({ mac: M2, ip: I4 });
    expect(leaf.said()).toEqual([]);
    expect(reasons(leaf)).toEqual(["moving"]);
  });

  it("C6.4 is not answered to one that comes with this IP by the word of the hypervisor", () => {
    const leaf = leafWith();
    const word = { kind: "migrate", vni: VNI, mac: M2, to: undefined, port: undefined } as const;
    leaf.observe({ kind: "word", word: { ...word, step: "start", ips: [I4] } });
    leaf.probes({ mac: M2, ip: I4 });
    leaf.probes({ mac: M3, ip: I4 });
    expect(leaf.said()).toEqual([`${I4} ${M} to ${M3} on p1`]);
    expect(reasons(leaf)).toEqual(["moving"]);
  });

  it("C6.4 is not answered for two seconds after the IP has come to another MAC", () => {
    const leaf = leafWith();
    leaf.hears(adv(C, { mac: M2, ip: I4, seq: 2 }));
    leaf.said();
    leaf.probes({ mac: M3, ip: I4 });
    expect(reasons(leaf)).toEqual(["moving"]);
    leaf.after(2000);
    leaf.probes({ mac: M3, ip: I4 });
    expect(leaf.said()).toEqual([`${I4} ${M2} to ${M3} on p1`]);
  });

  it("is not answered while the address's former owner is asked whether it has it still", () => {
    const leaf = Leaf.ready(A, { suppresses: true, guard: "warn" });
    leaf.sees({ mac: M, ip: I4 });
    leaf.hears(adv(B, { mac: M2, ip: I4, seq: 1 }));
    leaf.said();
    leaf.passes(2000);
    leaf.probes({ mac: M3, ip: I4 });
    expect(reasons(leaf)).toEqual(["contested"]);
    leaf.passes(10_000);
    leaf.probes({ mac: M3, ip: I4 });
    expect(leaf.said()).toEqual([`${I4} ${M2} to ${M3} on p1`]);
  });

  it("C6.12 is not answered for an address that is at several hosts at once", () => {
    const leaf = leafWith({ duplicates: { moves: 2 } });
    leaf.sees({ mac: M2, ip: I4, signal: "arp-request" });
    leaf.hears(adv(B, { ip: I4, seq: 5 }));
    leaf.sees({ mac: M2, ip: I4, signal: "arp-request" });
    expect(leaf.noticesOf("duplicate-detected")).toMatchObject([{ ip: I4, action: "frozen" }]);
    leaf.passes(10_000);
    leaf.said();
    leaf.probes({ mac: M3, ip: I4 });
    expect(leaf.said()).toEqual([]);
  });

  it("is not answered without end: a port that floods is told so, others are answered", () => {
    const leaf = leafWith();
    for (let i = 0; i < 150; i++) leaf.probes({ mac: M2, ip: I4, port: "p2" });
    expect(leaf.said()).toHaveLength(100);
    expect(reasons(leaf)).toEqual(Array.from({ length: 50 }, () => "rate"));
    leaf.probes({ mac: M3, ip: I4, port: "p1" });
    expect(leaf.said()).toHaveLength(1);
    leaf.after(1000);
    leaf.probes({ mac: M2, ip: I4, port: "p2" });
    expect(leaf.said()).toHaveLength(1);
  });
});

describe("A probe for an address whose machine stands still while it is moved", () => {
  function suspended(settings: ConstructorParameters<typeof Leaf>[1] = {}): Leaf {
    const leaf = Leaf.ready(A, settings);
    for (const ip of [I4, I6]) leaf.sees({ mac: M, ip, signal: "arp-request" });
    const word = { vni: VNI, mac: M, to: undefined, ips: [], port: undefined } as const;
    leaf.observe({ kind: "word", word: { kind: "migrate", step: "suspend", ...word } });
    return leaf;
  }

  it.each([I4, I6])("is answered for it (%s), whether Linux suppresses or not", (ip) => {
    for (const suppresses of [true, false]) {
      const leaf = suspended({ suppresses });
      leaf.probes({ mac: M2, ip, port: "p2" });
      expect(leaf.said()).toEqual([`${ip} ${M} to ${M2} on p2`]);
      // The tap of a machine that is being moved may go first.
      leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });
      leaf.probes({ mac: M2, ip, port: "p2" });
      expect(leaf.said()).toHaveLength(1);
    }
  });

  it("C6.5 is not answered to the machine itself", () => {
    const leaf = suspended({ suppresses: true });
    leaf.probes({ mac: M, ip: I4 });
    expect(leaf.said()).toEqual([]);
  });

  it("is no longer answered for it when the time of that is over", () => {
    const leaf = suspended({ suppresses: true });
    leaf.passes(61_000);
    leaf.probes({ mac: M2, ip: I4, port: "p2" });
    expect(leaf.said()).toEqual([]);
  });
});
