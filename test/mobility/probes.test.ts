/** Asking hosts: rules C3.5, C3.13, C4.2, C4.4, and when silence means something. */
import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { patienceOf } from "../../src/mobility/probes.ts";
import { A, adv, B, C, I4, I6, ip, Leaf, M, M2, mac, port, VNI } from "./leaf.ts";

const probe = { idleMs: 120_000, attempts: 3, intervalMs: 1000 };
/** The longest that any host is left alone: the idle time and a third of it. */
const PATIENCE_MS = 160_000;

function ready(): Leaf {
  return Leaf.ready(A, { probe });
}

/** The IPs asked about since the last call. */
function asked(leaf: Leaf): string[] {
  return leaf.asked.splice(0).map(({ port, mac, ip }) => `${port} ${mac} ${ip}`);
}

/** The bridge's table is read once more, and the host stands in it as before. */
function readAgain(leaf: Leaf): void {
  leaf.observe({
    ...{ kind: "seen", vni: VNI, port: port("p1"), mac: M, ip: undefined },
    ...{ signal: "data", evidence: "old" },
  });
}

describe("A host that has come with a frame that names no IP", () => {
  function arrives(): Leaf {
    const leaf = ready();
    leaf.hears(adv(B));
    leaf.hears(adv(B, { ip: I4 }));
    leaf.hears(adv(B, { ip: I6 }));
    leaf.sees({ signal: "rarp" });
    for (const of of [{}, { ip: I4 }, { ip: I6 }]) leaf.hearsWithdrawn(adv(B, of));
    return leaf;
  }

  it("C4.2 has the IPs the RIB knew at once, and is asked for each on its port", () => {
    const leaf = arrives();
    expect(leaf.advertised()).toEqual([`${M} - 1`, `${M} ${I4} 1`, `${M} ${I6} 1`]);
    leaf.tick();

    expect(asked(leaf)).toEqual([`p1 ${M} ${I4}`, `p1 ${M} ${I6}`]);
  });

  it("C3.13 keeps those that answer, and loses those that do not", () => {
    const leaf = arrives();
    leaf.tick();
    leaf.sees({ ip: I4, signal: "answer" });
    leaf.pass(10_000);

    expect(leaf.advertised()).toEqual([`${M} - 1`, `${M} ${I4} 1`]);
    expect(leaf.noticesOf("ip-unverified")).toMatchObject([{ mac: M, ip: I6 }]);
    expect(asked(leaf).filter((line) => line.endsWith(I6))).toHaveLength(3);
  });

  it("is asked no more when it has shown all of them in whatever way", () => {
    const leaf = arrives();
    leaf.sees({ ip: I4, signal: "gratuitous-arp" });
    leaf.sees({ ip: I6, signal: "unsolicited-advertisement" });
    leaf.pass(10_000);

    expect(asked(leaf)).toEqual([]);
    expect(leaf.noticesOf("ip-unverified")).toEqual([]);
  });

  it("is asked nothing while it finds out whether it may use an address", () => {
    const leaf = arrives();
    leaf.sees({ signal: "arp-probe" });
    leaf.pass(1999);
    expect(asked(leaf)).toEqual([]);
    leaf.pass(1);

    expect(asked(leaf)).toHaveLength(2);
  });

  it("is forgotten as a question when it has gone on to another leaf", () => {
    const leaf = arrives();
    leaf.hears(adv(B, { seq: 2 }));
    leaf.asked.length = 0;
    leaf.pass(10_000);

    // Only the check at the port it was taken from.
    expect(asked(leaf)).toHaveLength(2);
    expect(leaf.noticesOf("ip-unverified")).toEqual([]);
  });
});

describe("A host that is silent", () => {
  it("is asked after the idle time, and left alone when it answers", () => {
    const leaf = ready();
    leaf.sees({ ip: I4 });
    leaf.pass(119_999);
    expect(asked(leaf)).toEqual([]);
    leaf.pass(patienceOf(M, probe) - 119_999);
    expect(asked(leaf)).toEqual([`p1 ${M} ${I4}`]);
    leaf.sees({ ip: I4, signal: "answer" });
    leaf.pass(100_000);

    expect(asked(leaf)).toEqual([]);
    expect(leaf.where()).toBe("p1");
  });

  it("is not asked as long as it is heard", () => {
    const leaf = ready();
    leaf.sees({ ip: I4 });
    for (let i = 0; i < 10; i++) {
      leaf.pass(100_000);
      leaf.sees({ ip: I4, signal: "arp-request" });
    }

    expect(asked(leaf)).toEqual([]);
  });

  it("is gone when it has answered once, and does no longer", () => {
    const leaf = ready();
    leaf.sees({ ip: I4 });
    leaf.pass(PATIENCE_MS);
    leaf.sees({ ip: I4, signal: "answer" });
    leaf.pass(PATIENCE_MS + 10_000);

    expect(leaf.where()).toBe("nowhere");
    expect(leaf.noticesOf("moved").at(-1)).toMatchObject({ signal: "silent" });
  });

  it("is gone though the bridge's table, in which it stands, is read again and again", () => {
    const leaf = ready();
    leaf.sees({ ip: I4 });
    leaf.sees({ ip: I4, signal: "answer" });
    for (let i = 0; i < 5; i++) {
      leaf.pass(60_000);
      readAgain(leaf);
    }

    expect(leaf.where()).toBe("nowhere");
    expect(leaf.noticesOf("moved").at(-1)).toMatchObject({ signal: "silent" });
  });

  it("and gone comes back by a table once it was heard, or the bridge had forgotten it", () => {
    for (const heard of [true, false]) {
      const leaf = ready();
      leaf.sees({ ip: I4 });
      leaf.sees({ ip: I4, signal: "answer" });
      leaf.pass(PATIENCE_MS + 5000);
      expect(leaf.where()).toBe("nowhere");
      if (heard) {
        leaf.sees({ ip: I4 });
        leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });
        leaf.observe({ kind: "port-up", vni: VNI, port: port("p1") });
      } else leaf.observe({ kind: "aged-out", vni: VNI, mac: M, port: port("p1") });
      readAgain(leaf);

      expect(leaf.where()).toBe("p1");
    }
  });

  it("and is asked is not saved by a table that is read meanwhile", () => {
    const leaf = ready();
    leaf.sees({ ip: I4 });
    leaf.sees({ ip: I4, signal: "answer" });
    leaf.observe({ kind: "aged-out", vni: VNI, mac: M, port: port("p1") });
    leaf.pass(1500);
    readAgain(leaf);
    leaf.pass(1500);

    expect(leaf.where()).toBe("nowhere");
  });

  it("stays when it has never answered: it may be one that does not answer strangers", () => {
    const leaf = ready();
    leaf.sees({ ip: I4 });
    leaf.pass(1_000_000);

    expect(leaf.where()).toBe("p1");
  });

  it("C4.4 is asked before it is forgotten when the bridge has forgotten it", () => {
    const leaf = ready();
    leaf.sees({ ip: I4 });
    leaf.observe({ kind: "aged-out", vni: VNI, mac: M, port: port("p1") });
    leaf.tick();
    expect(asked(leaf)).toEqual([`p1 ${M} ${I4}`]);
    expect(leaf.where()).toBe("p1");
    leaf.sees({ ip: I4, signal: "answer" });
    leaf.pass(10_000);
    expect(leaf.where()).toBe("p1");

    leaf.observe({ kind: "aged-out", vni: VNI, mac: M, port: port("p1") });
    leaf.pass(3000);
    expect(leaf.where()).toBe("nowhere");
    expect(leaf.advertised()).toEqual([]);
  });

  it("and has no IP is left to the bridge's ageing", () => {
    const leaf = ready();
    leaf.sees();
    leaf.pass(1_000_000);
    expect(asked(leaf)).toEqual([]);
    leaf.observe({ kind: "aged-out", vni: VNI, mac: M, port: port("p1") });

    expect(leaf.where()).toBe("nowhere");
  });
});

describe("The port a host was taken from", () => {
  function taken(): Leaf {
    const leaf = ready();
    leaf.sees({ ip: I4 });
    leaf.hears(adv(B, { seq: 1 }));
    return leaf;
  }

  it("C3.5 is asked once whether the host is there still", () => {
    const leaf = taken();
    leaf.pass(10_000);

    expect(asked(leaf)).toEqual([`p1 ${M} ${I4}`]);
    expect(leaf.where()).toBe(B);
  });

  it("gets it back by data alone, when no answer comes to explain them", () => {
    const leaf = taken();
    leaf.tick();
    leaf.sees({ signal: "data" });
    leaf.pass(49);
    expect(leaf.where()).toBe(B);
    leaf.pass(1);

    expect(leaf.where()).toBe("p1");
    expect(leaf.advertised()).toEqual([`${M} - 2`]);
    expect(leaf.taught.at(-1)).toEqual({ vni: VNI, mac: M, port: "p1" });
  });

  it("does not get it back by what a table says that is read meanwhile, and was right before", () => {
    for (const patience of [0, 5000]) {
      const leaf = taken();
      leaf.tick();
      leaf.pass(patience);
      readAgain(leaf);
      leaf.pass(5000);

      expect(leaf.where()).toBe(B);
      expect(leaf.advertised()).toEqual([]);
      expect(leaf.noticesOf("sighting-ignored")).toMatchObject([{ reason: "stale-evidence" }]);
    }
  });

  it("does not get it back by data that the bridge has forgotten by then", () => {
    const leaf = taken();
    leaf.tick();
    leaf.sees({ signal: "data" });
    leaf.observe({ kind: "aged-out", vni: VNI, mac: M, port: port("p1") });
    leaf.pass(5000);

    expect(leaf.where()).toBe(B);
  });

  it("does not get it back by data that the bridge has learned from the answer", () => {
    const leaf = taken();
    leaf.tick();
    leaf.sees({ signal: "data" });
    leaf.pass(1);
    leaf.sees({ ip: I4, signal: "answer" });
    leaf.pass(900);

    expect(leaf.where()).toBe(B);
  });

  it("gets it back by an answer to somebody else", () => {
    const leaf = taken();
    leaf.sees({ ip: I4, signal: "arp-reply" });

    expect(leaf.where()).toBe("p1");
  });

  it("does not get it back by a late answer; that it is alive at both is told, once", () => {
    const leaf = taken();
    leaf.tick();
    leaf.sees({ ip: I4, signal: "answer" });
    leaf.sees({ signal: "data" });
    leaf.sees({ ip: I4, signal: "answer" });

    expect(leaf.where()).toBe(B);
    expect(leaf.advertised()).toEqual([]);
    expect(leaf.noticesOf("alive-twice")).toMatchObject([{ mac: M, port: "p1", vtep: B }]);
  });

  it("is alive at both without a word when it may move as it likes, as a virtual router's MAC", () => {
    const vrrp = "00:00:5e:00:01:33" as MacAddress;
    const leaf = ready();
    leaf.sees({ mac: vrrp, ip: I4 });
    leaf.hears(adv(B, { mac: vrrp, seq: 1 }));
    leaf.tick();
    leaf.sees({ mac: vrrp, ip: I4, signal: "answer" });

    expect(leaf.where(vrrp)).toBe(B);
    expect(leaf.noticesOf("alive-twice")).toEqual([]);
  });

  it("gets it back when it says so in another way", () => {
    const leaf = taken();
    leaf.sees({ ip: I4, signal: "gratuitous-arp" });

    expect(leaf.advertised()).toEqual([`${M} - 2`, `${M} ${I4} 2`]);
  });

  it("gets it back by any frame when the moment is over", () => {
    const leaf = taken();
    leaf.pass(2000);
    leaf.sees({ signal: "data" });

    expect(leaf.where()).toBe("p1");
  });

  it("gets it back by any frame when the moment is over, also after a late answer", () => {
    const leaf = taken();
    leaf.tick();
    leaf.sees({ ip: I4, signal: "answer" });
    expect(leaf.where()).toBe(B);
    leaf.pass(2000);
    expect(leaf.rows("fdb")).toMatchObject([{ vtep: B, pinned: false }]);
    leaf.sees({ signal: "data" });

    expect(leaf.where()).toBe("p1");
  });

  it("is no other port: there any frame counts at once", () => {
    const leaf = taken();
    leaf.sees({ port: "p2", signal: "data" });

    expect(leaf.where()).toBe("p2");
  });
});

describe("A host that has come to two leaves one right after the other (C1.7, C1.13)", () => {
  /** It came here and to the other leaf before either heard of it, and the other has won the tie. */
  function tied({ isSticky = false } = {}): Leaf {
    const leaf = Leaf.ready(B, { probe });
    leaf.sees({ ip: I4 });
    leaf.hears(adv(A, { seq: 0, sticky: isSticky }));
    expect(leaf.where()).toBe(A);
    asked(leaf);
    leaf.tick();
    return leaf;
  }

  it("is asked for where it has lost the tie, and is there with a higher number if it answers", () => {
    const leaf = tied();
    expect(asked(leaf)).toEqual([`p1 ${M} ${I4}`]);
    leaf.sees({ signal: "data" });
    leaf.sees({ ip: I4, signal: "answer" });

    expect(leaf.where()).toBe("p1");
    expect(leaf.advertised()).toEqual([`${M} - 1`, `${M} ${I4} 1`]);
    expect(leaf.noticesOf("alive-twice")).toEqual([]);
  });

  it("stays where it is if it does not answer, and is asked three times", () => {
    const leaf = tied();
    leaf.pass(10_000);

    expect(leaf.where()).toBe(A);
    expect(leaf.advertised()).toEqual([]);
    expect(asked(leaf)).toEqual(Array(3).fill(`p1 ${M} ${I4}`));
  });

  it("stays where it went on to: an answer that is older than that is late", () => {
    const leaf = tied();
    leaf.hears(adv(C, { seq: 1 }));
    leaf.sees({ ip: I4, signal: "answer" });

    expect(leaf.where()).toBe(C);
    expect(leaf.noticesOf("alive-twice")).toMatchObject([{ mac: M, port: "p1", vtep: C }]);
  });

  it("stays where it is sticky", () => {
    const leaf = tied({ isSticky: true });
    leaf.sees({ ip: I4, signal: "answer" });

    expect(leaf.where()).toBe(A);
    expect(leaf.noticesOf("sticky-violated")).toEqual([]);
  });
});

describe("A host that is heard", () => {
  const OTHER = ip("10.0.0.7");

  /** It shows one IP again and again; to questions about these it answers. */
  function speaks(leaf: Leaf, answersTo: readonly IpAddress[], ms: number): string[] {
    const questions: string[] = [];
    const speaksAt = [leaf.now];
    for (const end = leaf.now + ms; leaf.now < end; leaf.pass(500)) {
      for (const question of asked(leaf)) {
        questions.push(question);
        for (const each of answersTo) {
          if (question.endsWith(` ${each}`)) leaf.sees({ ip: each, signal: "answer" });
        }
      }
      if (leaf.now - (speaksAt.at(-1) ?? 0) < 20_000) continue;
      speaksAt.push(leaf.now);
      leaf.sees({ ip: I4, signal: "arp-request" });
    }
    return questions;
  }

  function has(...ips: readonly IpAddress[]): Leaf {
    const leaf = ready();
    for (const each of ips) leaf.sees({ ip: each });
    return leaf;
  }

  it("C6.14 is asked about each IP that it has not shown for the idle time", () => {
    const leaf = has(I4, OTHER, I6);
    expect(speaks(leaf, [I4, OTHER, I6], 119_000)).toEqual([]);
    const questions = speaks(leaf, [I4, OTHER, I6], 42_000);

    expect(questions).toContain(`p1 ${M} ${OTHER}`);
    expect(questions).toContain(`p1 ${M} ${I6}`);
    speaks(leaf, [I4, OTHER, I6], 2_000_000);
    expect(leaf.advertised()).toHaveLength(4);
    expect(leaf.noticesOf("ip-let-go")).toEqual([]);
  });

  it("C6.14 loses the IP alone to which it does not answer while it does to another", () => {
    const leaf = has(I4, OTHER, I6);
    const questions = speaks(leaf, [I4, I6], PATIENCE_MS + 5000);

    expect(questions.filter((line) => line.endsWith(` ${OTHER}`))).toHaveLength(3);
    expect(leaf.advertised()).toEqual([`${M} - -`, `${M} ${I4} -`, `${M} ${I6} -`]);
    expect(leaf.noticesOf("ip-let-go")).toMatchObject([{ mac: M, ip: OTHER }]);
  });

  it("keeps those of a family in which it answers to none: it may not answer strangers", () => {
    const leaf = has(I4, OTHER, I6);
    speaks(leaf, [I6], 1_000_000);

    expect(leaf.advertised()).toHaveLength(4);
  });

  it("loses the only one of a family if it has answered to it before", () => {
    const leaf = has(I4, I6);
    speaks(leaf, [I4, I6], PATIENCE_MS + 5000);
    expect(leaf.advertised()).toHaveLength(3);
    speaks(leaf, [I4], PATIENCE_MS + 5000);

    expect(leaf.advertised()).toEqual([`${M} - -`, `${M} ${I4} -`]);
  });

  it("keeps an IP that the operator has said is its own", () => {
    const sticky = new Map([[M, [OTHER]]]);
    const settings = { routes: { rd: undefined, imports: undefined, exports: undefined }, sticky };
    const leaf = Leaf.ready(A, { probe, domains: new Map([[VNI, settings]]) });
    for (const each of [I4, OTHER]) leaf.sees({ ip: each });
    speaks(leaf, [I4], 1_000_000);

    expect(leaf.advertised()).toHaveLength(3);
  });

  it("is asked nothing while it finds out whether it may use an address", () => {
    const leaf = has(I4, OTHER);
    const due = leaf.now + patienceOf(M, probe);
    leaf.pass(due - leaf.now - 20_000);
    leaf.sees({ ip: I4 });
    leaf.pass(due - leaf.now - 1);
    leaf.sees({ signal: "arp-probe" });
    leaf.pass(1999);
    expect(asked(leaf)).toEqual([]);
    leaf.pass(1);

    expect(asked(leaf)).toContain(`p1 ${M} ${OTHER}`);
  });

  it("has not let go an IP that another has got while it was asked", () => {
    const leaf = has(I4, OTHER);
    for (; leaf.asked.length === 0; leaf.pass(500)) leaf.sees({ ip: I4, signal: "arp-request" });
    expect(asked(leaf)).toContain(`p1 ${M} ${OTHER}`);
    leaf.sees({ mac: M2, ip: OTHER });
    leaf.sees({ ip: I4, signal: "answer" });
    leaf.pass(5000);

    expect(leaf.noticesOf("ip-let-go")).toEqual([]);
    expect(leaf.advertised()).toContain(`${M2} ${OTHER} -`);
  });

  it("is asked for an IP that another has claimed meanwhile no more", () => {
    const leaf = has(I4, OTHER);
    leaf.sees({ mac: M2, ip: OTHER });
    speaks(leaf, [I4], PATIENCE_MS + 5000);

    expect(leaf.noticesOf("ip-let-go")).toEqual([]);
    expect(leaf.advertised()).toContain(`${M2} ${OTHER} -`);
  });
});

describe("Many hosts that have come at once", () => {
  function bridgeForgets(leaf: Leaf): void {
    for (const { mac: of } of leaf.rows("mac-ip-route")) {
      leaf.observe({ kind: "aged-out", vni: VNI, mac: of, port: port("p1") });
    }
  }

  function many(count: number): Leaf {
    const leaf = ready();
    for (let i = 0; i < count; i++) {
      const bytes = [i >> 8, i & 255].map((byte) => byte.toString(16).padStart(2, "0"));
      leaf.sees({
        mac: mac(`02:00:00:00:${bytes.join(":")}`),
        ip: ip(`10.0.${i >> 8}.${i & 255}`),
      });
    }
    return leaf;
  }

  it("and fall silent at once are not all asked at once", () => {
    const leaf = many(400);
    leaf.after(PATIENCE_MS);
    leaf.tick();
    leaf.tick();

    expect(leaf.asked.length).toBe(256);
  });

  it("C4.4 are all asked in the end, and none is left whom the bridge has forgotten", () => {
    const leaf = many(1000);
    bridgeForgets(leaf);
    leaf.tick();
    expect(leaf.asked.length).toBe(256);
    leaf.pass(20_000);

    expect(new Set(leaf.asked.map((question) => question.mac)).size).toBe(1000);
    expect(leaf.advertised()).toEqual([]);
  });

  it("C3.5 and have gone to another leaf at once are asked, but for those that are too many", () => {
    const leaf = many(400);
    for (const { mac: of } of leaf.rows("mac-ip-route")) leaf.hears(adv(B, { mac: of, seq: 1 }));
    leaf.pass(20_000);

    expect(leaf.asked.length).toBe(256);
    const checks = [...(leaf.engine.domain(VNI)?.entries() ?? [])].map(({ check }) => check);
    expect(checks).toEqual(Array.from({ length: 400 }, () => undefined));
  });

  it("and answer make room for the others at once", () => {
    const leaf = many(1000);
    bridgeForgets(leaf);
    const answered: number[] = [];
    for (let i = 0; i < 5; i++) {
      leaf.tick();
      const questions = leaf.asked.splice(0);
      answered.push(questions.length);
      for (const { mac: of, ip: about } of questions) {
        leaf.sees({ mac: of, ip: about, signal: "answer" });
      }
      leaf.after(500);
    }

    expect(answered).toEqual([256, 256, 256, 232, 0]);
    expect(leaf.rows("mac-ip-route")).toHaveLength(2000);
  });

  it("C6.14 are asked over a third of the idle time", () => {
    const leaf = many(1000);
    leaf.pass(120_000);
    const perSecond = new Array<number>(40).fill(0);
    for (const second of perSecond.keys()) {
      leaf.pass(1000);
      for (const { mac: of, ip: about } of leaf.asked.splice(0)) {
        perSecond[second] = (perSecond[second] ?? 0) + 1;
        leaf.sees({ mac: of, ip: about, signal: "answer" });
      }
    }

    expect(perSecond.reduce((sum, count) => sum + count)).toBe(1000);
    expect(Math.max(...perSecond)).toBeLessThan(75);
  });
});
