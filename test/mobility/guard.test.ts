/** What is a move, and what a spoof (C6.10, C6.11, C7.14, C9.14). */
import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import { type IpPrefix, parsePrefix } from "../../src/evpn/prefix.ts";
import type { GuardMode } from "../../src/mobility/guard.ts";
import type { Notice } from "../../src/mobility/notice.ts";
import { A, adv, B, I4, I6, ip, Leaf, M, M2, must, VNI } from "./leaf.ts";

const MODES: readonly GuardMode[] = ["off", "warn", "strict"];

function ready(
  guard: GuardMode,
  {
    prefixes = [],
    sticky = [],
  }: { prefixes?: readonly string[]; sticky?: readonly IpAddress[] } = {},
): Leaf {
  const routes = { rd: undefined, imports: undefined, exports: undefined };
  const parsed: readonly IpPrefix[] = prefixes.map((prefix) => must(parsePrefix(prefix)));
  const pinned = new Map(sticky.length === 0 ? [] : [[M, sticky]]);
  return Leaf.ready(A, {
    guard,
    domains: new Map([[VNI, { routes, sticky: pinned, prefixes: parsed }]]),
  });
}

function told(leaf: Leaf): string[] {
  return leaf.notices.flatMap((notice: Notice) =>
    notice.kind === "spoof-suspected" ? [`${notice.action} ${notice.mac} ${notice.owner}`] : [],
  );
}

/** Whose the IP is by our routes. */
function owner(leaf: Leaf, of: IpAddress = I4): string | undefined {
  return leaf.rows("mac-ip-route").find((route) => route.ip === of)?.mac;
}

/** Lets time pass; the owner answers whatever it is asked. */
function passesWhileAnswering(leaf: Leaf, ms: number): void {
  const end = leaf.now + ms;
  let answered = leaf.asked.length;
  while (leaf.now < end) {
    leaf.passes(100);
    for (const { mac, ip, port } of leaf.asked.slice(answered)) {
      leaf.sees({
        mac,
        ip,
        port,
        signal: "answer",
      });
    }
    answered = leaf.asked.length;
  }
}

describe("A claim to the IP of another host behind a port of ours", () => {
  function claimed(guard: GuardMode): Leaf {
    const leaf = ready(guard);
    leaf.sees({ ip: I4 });
    leaf.after(10_000);
    leaf.sees({ mac: M2, ip: I4, port: "p2" });
    return leaf;
  }

  it("is believed without the guard, and nobody is asked or told", () => {
    const leaf = claimed("off");
    expect(owner(leaf)).toBe(M2);
    leaf.passes(5000);
    expect(leaf.asked).toEqual([]);
    expect(told(leaf)).toEqual([]);
  });

  it("is believed by warn; an owner that still answers has the IP again, and it is told", () => {
    const leaf = claimed("warn");
    expect(owner(leaf)).toBe(M2);
    expect(told(leaf)).toEqual([]);
    passesWhileAnswering(leaf, 5000);
    expect(leaf.asked).toMatchObject([{ mac: M, ip: I4, port: "p1" }]);
    expect(leaf.noticesOf("spoof-suspected")).toEqual([
      {
        kind: "spoof-suspected",
        vni: VNI,
        mac: M2,
        ip: I4,
        owner: M,
        ownerAt: { kind: "port", port: "p1" },
        action: "taken-back",
      },
    ]);
    expect(owner(leaf)).toBe(M);
  });

  it("is believed by warn; an owner that has let go is silent, and nothing is told", () => {
    const leaf = claimed("warn");
    leaf.passes(60_000);
    expect(leaf.asked.length).toBe(3);
    expect(told(leaf)).toEqual([]);
  });

  it("C6.11 waits in strict until the owner has answered: it keeps the IP, and it is told", () => {
    const leaf = claimed("strict");
    expect(owner(leaf)).toBe(M);
    expect(leaf.where(M2)).toBe("p2");
    passesWhileAnswering(leaf, 5000);
    expect(owner(leaf)).toBe(M);
    expect(told(leaf)).toEqual([`refused ${M2} ${M}`]);
  });

  it("C6.11 is believed in strict when the owner was silent three times", () => {
    const leaf = claimed("strict");
    leaf.passes(3000);
    expect(owner(leaf)).toBe(M);
    leaf.passes(1000);
    expect(owner(leaf)).toBe(M2);
    expect(told(leaf)).toEqual([]);
    expect(leaf.asked).toHaveLength(3);
  });

  it("is not believed in strict when the claimant has gone meanwhile", () => {
    const leaf = claimed("strict");
    leaf.observe({ kind: "port-down", vni: VNI, port: "p2" as never });
    leaf.passes(5000);
    expect(owner(leaf)).toBe(M);
  });

  it("that is believed after a while is no sign that the claimant is still there", () => {
    const leaf = ready("strict");
    leaf.sees({ ip: I4 });
    leaf.sees({ mac: M2, ip: I6, port: "p2" });
    leaf.after(10_000);
    leaf.sees({ mac: M2, ip: I4, port: "p2" });
    leaf.observe({ kind: "aged-out", vni: VNI, mac: M2, port: "p2" as never });
    leaf.observe({ kind: "port-down", vni: VNI, port: "p1" as never });
    leaf.passes(1000);
    expect(owner(leaf)).toBe(M2);
    leaf.passes(4000);
    expect(leaf.where(M2)).toBe("nowhere");
  });

  it("is believed in strict as soon as the owner has gone", () => {
    const leaf = claimed("strict");
    leaf.observe({ kind: "port-down", vni: VNI, port: "p1" as never });
    leaf.passes(500);
    expect(owner(leaf)).toBe(M2);
  });

  it("that was refused is refused for a while without asking; later the owner is asked again", () => {
    const leaf = claimed("strict");
    passesWhileAnswering(leaf, 5000);
    leaf.asked.length = 0;
    for (let i = 0; i < 20; i++) {
      leaf.sees({ mac: M2, ip: I4, port: "p2" });
      passesWhileAnswering(leaf, 1000);
    }
    expect(leaf.asked).toEqual([]);
    expect(told(leaf)).toHaveLength(1);
    leaf.passes(20_000);
    leaf.sees({ mac: M2, ip: I4, port: "p2" });
    leaf.passes(5000);
    expect(owner(leaf)).toBe(M2);
  });

  it("is decided by what the owner says after a moment, for it may be letting go", () => {
    const leaf = claimed("strict");
    leaf.sees({ ip: I4, signal: "answer" });
    leaf.passes(5000);
    expect(owner(leaf)).toBe(M2);
    expect(told(leaf)).toEqual([]);
  });

  it("by the hypervisor's word needs nobody's leave", () => {
    const leaf = ready("strict");
    leaf.sees({ ip: I4 });
    const port = "p2" as never;
    const word = { kind: "attach", vni: VNI, mac: M2, port, ips: [I4] } as const;
    leaf.observe({ kind: "word", word });
    expect(owner(leaf)).toBe(M2);
  });

  it("asks nobody who has gone, or who is elsewhere by now", () => {
    const leaf = claimed("warn");
    leaf.sees({ port: "p2" });
    leaf.passes(5000);
    expect(leaf.asked).toEqual([]);
  });

  it("raises nothing when a virtual IP fails over and back every second, by warn", () => {
    const leaf = ready("warn");
    for (let i = 0; i < 20; i++) {
      const [mac, port] = i % 2 === 0 ? [M, "p1"] : [M2, "p2"];
      leaf.sees({ mac, port, ip: I4 });
      const asked = leaf.asked.length;
      leaf.passes(600);
      for (const each of leaf.asked.slice(asked)) {
        if (each.mac === mac) leaf.sees({ ...each, signal: "answer" });
      }
      leaf.passes(400);
    }
    expect(told(leaf)).toEqual([]);
    expect(leaf.noticesOf("duplicate-detected")).toEqual([]);
  });

  it("raises nothing when a virtual IP fails over and back twenty times", () => {
    for (const guard of MODES) {
      const leaf = ready(guard);
      for (let i = 0; i < 20; i++) {
        const [mac, port] = i % 2 === 0 ? [M, "p1"] : [M2, "p2"];
        for (let again = 0; again < 5; again++) leaf.sees({ mac, port, ip: I4 });
        // The one that has it answers, the other does not.
        const end = leaf.now + 5000;
        while (leaf.now < end) {
          const before = leaf.asked.length;
          leaf.passes(100);
          for (const asked of leaf.asked.slice(before)) {
            if (asked.mac === mac) leaf.sees({ ...asked, signal: "answer" });
          }
        }
        expect(owner(leaf)).toBe(mac);
      }
      expect(told(leaf)).toEqual([]);
      expect(leaf.noticesOf("duplicate-detected")).toEqual([]);
    }
  });
});

describe("A claim to the IP of a host elsewhere", () => {
  function claimed(guard: GuardMode, signal: "gratuitous-arp" | "arp-request"): Leaf {
    const leaf = ready(guard);
    leaf.hears(adv(B, {}));
    leaf.hears(adv(B, { ip: I4 }));
    leaf.sees({ mac: M2, ip: I4, signal });
    return leaf;
  }

  it("that is announced is believed in every mode, and not told: it may be a handover", () => {
    for (const guard of MODES) {
      const leaf = claimed(guard, "gratuitous-arp");
      expect(owner(leaf)).toBe(M2);
      expect(told(leaf)).toEqual([]);
    }
  });

  it("that is just used is believed without the guard and by warn, which tells it once", () => {
    expect(owner(claimed("off", "arp-request"))).toBe(M2);
    expect(told(claimed("off", "arp-request"))).toEqual([]);
    const leaf = claimed("warn", "arp-request");
    expect(owner(leaf)).toBe(M2);
    expect(told(leaf)).toEqual([`believed ${M2} ${M}`]);
  });

  it("that is just used is refused by strict for half a minute, and told once", () => {
    const leaf = claimed("strict", "arp-request");
    expect(owner(leaf)).toBeUndefined();
    expect(leaf.where(M2)).toBe("p1");
    for (let i = 0; i < 29; i++) {
      leaf.passes(1000);
      leaf.sees({ mac: M2, ip: I4, signal: "arp-request" });
    }
    expect(owner(leaf)).toBeUndefined();
    expect(told(leaf)).toEqual([`refused ${M2} ${M}`]);
    leaf.passes(1000);
    leaf.sees({ mac: M2, ip: I4, signal: "arp-request" });
    expect(owner(leaf)).toBe(M2);
  });

  it("that was refused long ago is a new one", () => {
    const leaf = claimed("strict", "arp-request");
    leaf.passes(3_600_000);
    leaf.sees({ mac: M2, ip: I4, signal: "arp-request" });
    expect(owner(leaf)).toBeUndefined();
  });

  it("is believed at once when its leaf has withdrawn it", () => {
    const leaf = claimed("strict", "arp-request");
    leaf.hearsWithdrawn(adv(B, { ip: I4 }));
    leaf.sees({ mac: M2, ip: I4, signal: "arp-request" });
    expect(owner(leaf)).toBe(M2);
  });
});

describe("An owner here that has lost its IP to a claim from elsewhere", () => {
  function lost(guard: GuardMode): Leaf {
    const leaf = ready(guard);
    leaf.sees({ ip: I4 });
    leaf.sees({ ip: I6, signal: "unsolicited-advertisement" });
    leaf.hears(adv(B, { mac: M2, ip: I4, seq: 1 }));
    expect(owner(leaf)).toBeUndefined();
    return leaf;
  }

  it("is not asked without the guard", () => {
    const leaf = lost("off");
    leaf.passes(10_000);
    expect(leaf.asked).toEqual([]);
  });

  it("is asked, and takes it back with a higher number if it answers", () => {
    for (const guard of ["warn", "strict"] as const) {
      const leaf = lost(guard);
      passesWhileAnswering(leaf, 10_000);
      expect(told(leaf)).toEqual([`taken-back ${M2} ${M}`]);
      expect(leaf.advertised()).toContain(`${M} ${I4} 2`);
    }
  });

  it("that announces it anew has it back, at once or later, and is not taken for robbed", () => {
    for (const guard of ["warn", "strict"] as const) {
      for (const afterMs of [100, 1000, 2600]) {
        const leaf = lost(guard);
        leaf.passes(afterMs);
        leaf.sees({ ip: I4, signal: "gratuitous-arp" });
        expect(leaf.advertised()).toContain(`${M} ${I4} 2`);
        passesWhileAnswering(leaf, 10_000);
        expect(told(leaf)).toEqual([]);
      }
    }
  });

  it("that announces it anew, and was asked a moment before, has it back too", () => {
    const leaf = lost("warn");
    leaf.passes(1500);
    leaf.sees({ ip: I4, signal: "answer" });
    leaf.after(30);
    leaf.sees({ ip: I4, signal: "gratuitous-arp" });
    expect(leaf.advertised()).toContain(`${M} ${I4} 2`);
    leaf.passes(10_000);
    expect(told(leaf)).toEqual([]);
  });

  it("that is silent has handed it over", () => {
    for (const guard of ["warn", "strict"] as const) {
      const leaf = lost(guard);
      leaf.passes(10_000);
      expect(told(leaf)).toEqual([]);
      expect(owner(leaf)).toBeUndefined();
    }
  });

  it("and takes it back again and again is a duplicate in the end", () => {
    const leaf = lost("strict");
    for (let i = 2; i < 30; i += 2) {
      passesWhileAnswering(leaf, 5000);
      leaf.hears(adv(B, { mac: M2, ip: I4, seq: i + 1 }));
    }
    expect(leaf.noticesOf("duplicate-detected")).toMatchObject([{ ip: I4 }]);
    expect(owner(leaf)).toBeUndefined();
  });
});

describe("An IP outside the prefixes of the MAC-VRF", () => {
  const prefixes = ["10.0.0.0/24", "2001:db8::/64"];
  const outside = ip("10.0.1.1");

  function kinds(leaf: Leaf): string[] {
    return leaf.notices.flatMap((n) =>
      n.kind === "ip-outside-prefixes" ? [`${n.action} ${n.ip}`] : [],
    );
  }

  it("C7.14 is believed without the guard, believed and told once by warn, refused by strict", () => {
    for (const [guard, advertised, notices] of [
      ["off", M, []],
      ["warn", M, [`believed ${outside}`]],
      ["strict", undefined, [`refused ${outside}`]],
    ] as const) {
      const leaf = ready(guard, { prefixes });
      for (let i = 0; i < 10; i++) leaf.sees({ ip: outside });
      expect(owner(leaf, outside)).toBe(advertised);
      expect(kinds(leaf)).toEqual(notices);
      expect(leaf.where()).toBe("p1");
    }
  });

  it("is none that is link-local, or of a family without prefixes, and those within are believed", () => {
    const leaf = ready("strict", { prefixes: ["10.0.0.0/24"] });
    for (const inside of [I4, I6, ip("fe80::1"), ip("169.254.0.1")]) leaf.sees({ ip: inside });
    expect(leaf.rows("mac-ip-route")).toHaveLength(5);
    expect(kinds(leaf)).toEqual([]);
  });

  it("is refused from a DHCP server as well", () => {
    const leaf = ready("strict", { prefixes });
    leaf.sees();
    leaf.leases({ ip: outside });
    expect(leaf.advertised()).toEqual([`${M} - -`]);
  });
});

describe("The IP of a sticky host", () => {
  it("C6.10 is nobody else's, whatever the mode; that it is claimed is told once", () => {
    for (const guard of MODES) {
      const leaf = ready(guard, { sticky: [I4] });
      leaf.sees();
      for (let i = 0; i < 10; i++) leaf.sees({ mac: M2, ip: I4, port: "p2" });
      expect(owner(leaf)).toBe(M);
      expect(told(leaf)).toEqual([`refused ${M2} ${M}`]);
    }
  });

  it("C6.10 is nobody else's while the host is not there", () => {
    const leaf = ready("off", { sticky: [I4] });
    leaf.sees({ mac: M2, ip: I4, port: "p2" });
    expect(leaf.advertised()).toEqual([`${M2} - -`]);
    leaf.sees({ ip: I4 });
    expect(owner(leaf)).toBe(M);
  });

  it("C6.10 is kept though another leaf gives it to another MAC, and that is told once", () => {
    const leaf = ready("off", { sticky: [I4] });
    leaf.sees({ ip: I4 });
    for (let seq = 1; seq < 10; seq++) leaf.hears(adv(B, { mac: M2, ip: I4, seq }));
    expect(owner(leaf)).toBe(M);
    expect(told(leaf)).toEqual([`refused ${M2} ${M}`]);
  });

  it("C6.10 is nobody else's where it is sticky at another leaf", () => {
    const leaf = ready("warn");
    leaf.hears(adv(B, { sticky: true }));
    leaf.hears(adv(B, { ip: I4, sticky: true }));
    leaf.sees({ mac: M2, ip: I4 });
    expect(owner(leaf)).toBeUndefined();
    expect(told(leaf)).toEqual([`refused ${M2} ${M}`]);
  });
});

describe("A legitimate move", () => {
  it("brings its IPs along in strict, though nothing is known here but what the RIB says", () => {
    // The complaint of 2011: a switch that knew bindings from DHCP dropped the frames of a VM that had
    // come from another, until its lease was renewed.
    for (const signal of ["gratuitous-arp", "rarp", "data", "arp-request", "dad"] as const) {
      const leaf = ready("strict", { prefixes: ["10.0.0.0/24", "2001:db8::/64"] });
      leaf.hears(adv(B, { seq: 4 }));
      leaf.hears(adv(B, { ip: I4, seq: 4 }));
      leaf.hears(adv(B, { ip: I6, seq: 4 }));
      const hasIp = signal === "gratuitous-arp" || signal === "arp-request";
      leaf.sees(hasIp ? { ip: I4, signal } : { signal });
      expect(leaf.advertised()).toEqual([`${M} - 5`, `${M} ${I4} 5`, `${M} ${I6} 5`]);
      expect(told(leaf)).toEqual([]);
    }
  });

  it("between two ports of one leaf is no spoof", () => {
    const leaf = ready("strict");
    leaf.sees({ ip: I4 });
    leaf.sees({ ip: I4, port: "p2", signal: "arp-request" });
    expect(leaf.where()).toBe("p2");
    leaf.passes(5000);
    expect(leaf.where()).toBe("p2");
    expect(leaf.noticesOf("spoof-suspected")).toEqual([]);
    expect(leaf.noticesOf("at-two-ports")).toEqual([]);
  });
});

describe("The guard", () => {
  it("C9.14 remembers and asks so much and no more, whatever is claimed", () => {
    const limits = { macsPerPort: 10, ipsPerMac: 400 };
    const leaf = Leaf.ready(A, { guard: "strict", limits });
    const all = Array.from({ length: 300 }, (_, i) => ip(`10.2.${i >> 8}.${i & 255}`));
    for (const each of all) leaf.sees({ ip: each });
    for (const each of all) leaf.sees({ mac: M2, ip: each, port: "p2" });
    expect(leaf.engine.domain(VNI)?.guard.challenges.size).toBe(256);
    expect(all.every((each) => owner(leaf, each) === M)).toBe(true);
    leaf.passes(500);
    expect(leaf.asked).toHaveLength(256);
  });
});
