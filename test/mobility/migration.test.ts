/** The word of the hypervisor: rules C9.10 to C9.20 as far as they concern the decision. */
import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { VtepAddress } from "../../src/evpn/vtep.ts";
import type { MigrationStep } from "../../src/mobility/migration.ts";
import { A, adv, B, C, I4, I6, ip, Leaf, M, M2, port, VNI } from "./leaf.ts";

const I7 = ip("10.0.0.7");

function migrate(
  leaf: Leaf,
  step: MigrationStep,
  of: { to?: VtepAddress; ips?: readonly IpAddress[]; port?: string } = {},
): void {
  const { to, ips = [], port: name } = of;
  leaf.observe({
    kind: "word",
    word: {
      kind: "migrate",
      step,
      vni: VNI,
      mac: M,
      to,
      ips,
      port: name === undefined ? undefined : port(name),
    },
  });
}

function withHost(): Leaf {
  const leaf = Leaf.ready(A);
  leaf.sees({ ip: I4 });
  return leaf;
}

function refusals(leaf: Leaf): unknown[] {
  return leaf
    .noticesOf("word-refused")
    .map((notice) => ("refused" in notice ? notice.refused : ""));
}

describe("A host that is attached by word", () => {
  it("is claimed with its IPs without having sent anything", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 2 }));
    const ips = [I4, I6];
    const word = { kind: "attach", vni: VNI, mac: M, port: port("p2"), ips } as const;
    leaf.observe({ kind: "word", word });

    expect(leaf.where()).toBe("p2");
    expect(leaf.advertised()).toEqual([`${M} - 3`, `${M} ${I4} 3`, `${M} ${I6} 3`]);
  });

  it("is refused at a port that is not there, or where the MAC is sticky elsewhere", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { sticky: true }));
    for (const name of ["p9", "p1"]) {
      const word = { kind: "attach", vni: VNI, mac: M, port: port(name), ips: [] } as const;
      leaf.observe({ kind: "word", word });
    }

    expect(refusals(leaf)).toEqual(["unknown-port", "claimed-elsewhere"]);
  });

  it("is detached by word at once, and only from where it is", () => {
    const leaf = withHost();
    const word = { kind: "detach", vni: VNI, mac: M, port: port("p2") } as const;
    leaf.observe({ kind: "word", word });
    expect(refusals(leaf)).toEqual(["not-here"]);
    leaf.observe({ kind: "word", word: { ...word, port: port("p1") } });

    expect(leaf.advertised()).toEqual([]);
    expect(leaf.where()).toBe("nowhere");
  });

  it("and detached does not come back by what the bridge has not forgotten yet", () => {
    const leaf = withHost();
    leaf.observe({ kind: "word", word: { kind: "detach", vni: VNI, mac: M, port: port("p1") } });
    leaf.observe({
      ...{ kind: "seen", vni: VNI, port: port("p1"), mac: M, ip: undefined },
      ...{ signal: "data", evidence: "old" },
    });

    expect(leaf.where()).toBe("nowhere");
    expect(leaf.noticesOf("sighting-ignored")).toMatchObject([{ reason: "stale-evidence" }]);
  });
});

describe("A hot migration", () => {
  it("at the source: started, suspended, taken by the destination, committed", () => {
    const leaf = withHost();
    migrate(leaf, "start", { to: B });
    migrate(leaf, "suspend");
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });
    expect(leaf.advertised()).toEqual([`${M} - -`, `${M} ${I4} -`]);
    leaf.hears(adv(B, { seq: 1 }));
    migrate(leaf, "commit");

    expect(leaf.where()).toBe(B);
    expect(leaf.advertised()).toEqual([]);
    expect(refusals(leaf)).toEqual([]);
    expect(leaf.engine.domain(VNI)?.migrations.size).toBe(0);
  });

  it("at the destination: landed without any frame, with the IPs the RIB knows", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    leaf.hears(adv(B, { ip: I4 }));
    migrate(leaf, "land", { port: "p2" });

    expect(leaf.where()).toBe("p2");
    expect(leaf.advertised()).toEqual([`${M} - 1`, `${M} ${I4} 1`]);
    migrate(leaf, "commit");
    expect(leaf.where()).toBe("p2");
  });

  it("has its IPs at the destination though the source let go before it landed", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    leaf.hears(adv(B, { ip: I4 }));
    migrate(leaf, "start");
    leaf.hearsWithdrawn(adv(B));
    leaf.hearsWithdrawn(adv(B, { ip: I4 }));
    migrate(leaf, "land", { port: "p2" });

    expect(leaf.advertised()).toEqual([`${M} - 1`, `${M} ${I4} 1`]);
  });

  it("that is committed before the destination has said anything leaves the source", () => {
    const leaf = withHost();
    migrate(leaf, "start");
    migrate(leaf, "commit");

    expect(leaf.advertised()).toEqual([]);
  });

  it("needs to be told the port where there are several", () => {
    const leaf = Leaf.ready(A);
    migrate(leaf, "land");
    expect(refusals(leaf)).toEqual(["port-needed"]);
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p2") });
    migrate(leaf, "land");

    expect(leaf.where()).toBe("p1");
  });

  it("that ends at another place than was said is told", () => {
    const leaf = withHost();
    migrate(leaf, "start", { to: B });
    leaf.hears(adv(C, { seq: 1 }));

    expect(leaf.noticesOf("went-elsewhere")).toMatchObject([{ expected: B, vtep: C }]);
  });
});

describe("A cold migration", () => {
  it("C9.18 may change the IPs: those that are said, and no others", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    leaf.hears(adv(B, { ip: I4 }));
    migrate(leaf, "land", { port: "p1", ips: [I7] });

    expect(leaf.advertised()).toEqual([`${M} - 1`, `${M} ${I7} 1`]);
  });
});

describe("A migration that is aborted", () => {
  it("C9.17 before it landed: the source has it, with a higher number", () => {
    const leaf = withHost();
    migrate(leaf, "start");
    migrate(leaf, "suspend");
    migrate(leaf, "abort");

    expect(leaf.where()).toBe("p1");
    expect(leaf.advertised()).toEqual([`${M} - 1`, `${M} ${I4} 1`]);
  });

  it("C9.17 after it landed elsewhere: the source takes it back, IPs and all", () => {
    const leaf = withHost();
    migrate(leaf, "start");
    migrate(leaf, "suspend");
    leaf.hears(adv(B, { seq: 1 }));
    expect(leaf.where()).toBe(B);
    migrate(leaf, "abort");

    expect(leaf.where()).toBe("p1");
    expect(leaf.advertised()).toEqual([`${M} - 2`, `${M} ${I4} 2`]);
  });

  it("gives it up at the destination, even while the source has said nothing yet", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    migrate(leaf, "land", { port: "p1" });
    migrate(leaf, "abort");

    expect(leaf.where()).toBe(B);
    expect(leaf.advertised()).toEqual([]);
  });

  it("at the destination before it landed there is over, and nothing else", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    migrate(leaf, "start");
    migrate(leaf, "abort");

    expect(refusals(leaf)).toEqual([]);
    expect(leaf.where()).toBe(B);
    expect(leaf.engine.domain(VNI)?.migrations.size).toBe(0);
  });

  it("that nobody has begun is refused", () => {
    const leaf = withHost();
    for (const step of ["abort", "commit"] as const) migrate(leaf, step);

    expect(refusals(leaf)).toEqual(["no-migration", "no-migration"]);
    expect(leaf.where()).toBe("p1");
  });
});

describe("A host that stands still", () => {
  function still(): Leaf {
    const leaf = withHost();
    migrate(leaf, "suspend");
    return leaf;
  }

  it("C9.11 keeps its IP from others here, and that is told", () => {
    const leaf = still();
    leaf.sees({ mac: M2, ip: I4, port: "p2" });

    expect(leaf.advertised()).toEqual([`${M} - -`, `${M} ${I4} -`, `${M2} - -`]);
    expect(leaf.noticesOf("reserved-ip-claimed")).toMatchObject([{ mac: M2, ip: I4, owner: M }]);
  });

  it("C9.11 keeps its IP from others elsewhere, and that is told", () => {
    const leaf = still();
    leaf.hears(adv(B, { mac: M2, ip: I4, seq: 5 }));

    expect(leaf.advertised()).toEqual([`${M} - -`, `${M} ${I4} -`]);
    expect(leaf.noticesOf("reserved-ip-claimed")).toMatchObject([
      { mac: M2, by: { kind: "vtep", vtep: B } },
    ]);
  });

  it("is not asked, and not forgotten with the bridge", () => {
    const leaf = still();
    leaf.observe({ kind: "aged-out", vni: VNI, mac: M, port: port("p1") });
    leaf.pass(59_000);

    expect(leaf.asked).toEqual([]);
    expect(leaf.where()).toBe("p1");
  });

  it("for too long is asked, and gone if it does not answer", () => {
    const leaf = still();
    leaf.pass(60_000);
    expect(leaf.noticesOf("migration-timed-out")).toMatchObject([{ phase: "suspended" }]);
    leaf.pass(10_000);

    expect(leaf.where()).toBe("nowhere");
  });

  it("can only be one that is here", () => {
    const leaf = Leaf.ready(A);
    migrate(leaf, "suspend");

    expect(refusals(leaf)).toEqual(["not-here"]);
  });

  it("is not started again", () => {
    const leaf = still();
    migrate(leaf, "start");

    expect(refusals(leaf)).toEqual(["suspended"]);
  });
});

describe("Moves that were said", () => {
  it("C9.19 are no duplicates, however often the host goes to and fro", () => {
    const leaf = Leaf.ready(A, { duplicates: { moves: 3 } });
    leaf.sees({ ip: I4 });
    for (let i = 0; i < 10; i++) {
      migrate(leaf, "start");
      leaf.after(1000);
      leaf.hears(adv(i % 2 === 0 ? B : C, { seq: leaf.highestSeq(M) + 1 }));
      leaf.after(1000);
      migrate(leaf, "land", { port: "p1" });
    }

    expect(leaf.noticesOf("duplicate-detected")).toEqual([]);
    expect(leaf.where()).toBe("p1");
  });

  it("count again once the word is too old", () => {
    const leaf = Leaf.ready(A, { duplicates: { moves: 2 } });
    leaf.sees({ ip: I4 });
    migrate(leaf, "start");
    leaf.pass(600_000);
    for (let i = 0; i < 2; i++) {
      leaf.hears(adv(B, { seq: leaf.highestSeq(M) + 1 }));
      leaf.sees({ ip: I4 });
    }

    expect(leaf.noticesOf("duplicate-detected")).toHaveLength(1);
  });
});

it("The word for a VNI that is not here is refused", () => {
  const leaf = new Leaf(A);
  migrate(leaf, "start");

  expect(refusals(leaf)).toEqual(["unknown-segment"]);
});
