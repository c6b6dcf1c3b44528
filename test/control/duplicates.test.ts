/** The operator's view of duplicates: rows, counts, and how they are cleared; with the real engine. */
import { describe, expect, it } from "vitest";
import type { Command } from "../../src/control/command.ts";
import type { Filter } from "../../src/control/protocol.ts";
import { show } from "../../src/control/queries/show.ts";
import type { DuplicateRow, ShowRows, What } from "../../src/control/rows.ts";
import type { Notice } from "../../src/mobility/notice.ts";
import type { Observation } from "../../src/mobility/observation.ts";
import { obey } from "../../src/obey.ts";
import { History } from "../../src/report/history.ts";
import { Timeline } from "../../src/report/timeline.ts";
import { metricsOf, type Shown, snapshotOf } from "../../src/snapshot.ts";
import { A, adv, B, C, I4, I6, ip, Leaf, M, M2, VNI, vni } from "../mobility/leaf.ts";

const SETTINGS = { duplicates: { moves: 2, windowMs: 10_000, recoverAfterMs: 60_000 } };

function shown({ engine }: Leaf): Shown {
  return {
    version: "0.1.0",
    startedAt: 0,
    engine,
    tables: undefined,
    timeline: new Timeline(),
    history: new History(),
    gobgp: () => ({
      address: "127.0.0.1:50051",
      api: "v4",
      connected: true,
      asn: 65000,
      routerId: A,
      peers: [],
    }),
    kernel: undefined,
  };
}

function ask<W extends What>(leaf: Leaf, what: W, filter: Filter = {}): readonly ShowRows[W][] {
  return [...show(snapshotOf(shown(leaf), leaf.now), { what, filter })].flat();
}

type ClearDuplicate = Extract<Command, { kind: "clear-duplicate" }>;

function order(
  leaf: Leaf,
  command: Partial<ClearDuplicate>,
): { said: unknown; news: Observation[] } {
  const news: Observation[] = [];
  const observe = (observation: Observation): readonly Notice[] => {
    news.push(observation);
    leaf.observe(observation);
    return leaf.notices;
  };
  const whole: ClearDuplicate = {
    kind: "clear-duplicate",
    address: "all",
    vni: undefined,
    ...command,
  };
  return { said: obey(whole, { engine: leaf.engine, observe, by: "socket" }), news };
}

/** The MAC, with its IPs at B, goes to and fro between B and us. */
function pingPong(leaf: Leaf, times = 2): void {
  for (let i = 0; i < times; i++) {
    const seq = leaf.highestSeq(M) + 1;
    for (const held of [undefined, I4, I6]) {
      leaf.hears(adv(B, { seq, ...(held === undefined ? {} : { ip: held }) }));
    }
    leaf.after(500);
    leaf.sees({ signal: "rarp" });
  }
}

function frozen(): Leaf {
  const leaf = Leaf.ready(A, SETTINGS);
  pingPong(leaf);
  return leaf;
}

/** Two hosts of ours use one IP. */
function quarrel(leaf: Leaf): void {
  for (const mac of [M2, M, M2]) leaf.sees({ mac, ip: I4, signal: "arp-request" });
}

const short = ({ mac, ip: of, action, vteps }: DuplicateRow): string =>
  `${mac} ${of ?? "-"} ${action} ${vteps.join(" ")}`;

describe("show duplicates", () => {
  it("is empty on a quiet leaf", () => {
    const leaf = Leaf.ready(A, SETTINGS);
    leaf.sees({ ip: I4 });
    expect(ask(leaf, "duplicates")).toEqual([]);
  });

  it("C2.10 has the frozen MAC, and its IPs after it", () => {
    const leaf = frozen();
    const row = {
      vni: 10,
      mac: M,
      ip: null,
      moves: 2,
      since: "1970-01-01T00:00:02.000Z",
      action: "freeze",
      recoversAt: "1970-01-01T00:01:02.000Z",
      vteps: [B, A],
    };
    expect(ask(leaf, "duplicates")).toEqual([row, { ...row, ip: I4 }, { ...row, ip: I6 }]);
  });

  it("has a MAC that is warned of, which goes on with its IPs", () => {
    const leaf = Leaf.ready(A, {
      duplicates: { ...SETTINGS.duplicates, action: "warn", recoverAfterMs: undefined },
    });
    pingPong(leaf);
    expect(ask(leaf, "duplicates")).toMatchObject([{ mac: M, action: "warn", recoversAt: null }]);
    expect(ask(leaf, "macs")).toMatchObject([{ mac: M, whereabouts: "here" }]);
  });

  it("C3.11 has an IP that two hosts use, with the one that has it now", () => {
    const leaf = Leaf.ready(A, SETTINGS);
    quarrel(leaf);
    expect(ask(leaf, "duplicates").map(short)).toEqual([`${M2} ${I4} freeze ${A}`]);
  });

  it("names an IP once that is a duplicate by itself and by its MAC", () => {
    const leaf = Leaf.ready(A, SETTINGS);
    quarrel(leaf);
    pingPong(leaf);
    const rows = ask(leaf, "duplicates");
    expect(rows.filter((row) => row.ip === I4)).toHaveLength(1);
    expect(rows).toHaveLength(3);
  });

  it("is narrowed by VNI, MAC, IP and VTEP", () => {
    const leaf = frozen();
    expect(ask(leaf, "duplicates", { vni: vni(11) })).toEqual([]);
    expect(ask(leaf, "duplicates", { mac: M2 })).toEqual([]);
    expect(ask(leaf, "duplicates", { ip: I4 })).toHaveLength(1);
    expect(ask(leaf, "duplicates", { vtep: B })).toHaveLength(3);
    expect(ask(leaf, "duplicates", { vtep: C })).toEqual([]);
  });
});

describe("A frozen MAC in the other answers", () => {
  it("is counted as a duplicate, neither here nor there", () => {
    const leaf = frozen();
    expect(ask(leaf, "status")).toMatchObject([{ macs: { local: 0, remote: 0, duplicate: 1 } }]);
    expect(ask(leaf, "vteps")).toEqual([]);
    expect(metricsOf(shown(leaf)).duplicates).toBe(1);
  });

  it("is shown with the VTEP that frames to it go to", () => {
    const leaf = frozen();
    expect(leaf.fdb()).toBe(B);
    expect(ask(leaf, "macs")).toMatchObject([
      { mac: M, whereabouts: "duplicate", vtep: B, port: null, ips: [I4, I6] },
    ]);
  });
});

describe("clear duplicate", () => {
  it("C2.8 is news to the decision like any other, and tells how many it has cleared", () => {
    const leaf = frozen();
    const { said, news } = order(leaf, { address: M });
    expect(said).toEqual({ ok: true, value: { cleared: 1 } });
    expect(news).toEqual([{ kind: "duplicate-cleared", vni: undefined, address: M, by: "socket" }]);
    expect(leaf.noticesOf("duplicate-cleared")).toMatchObject([{ by: "operator", who: "socket" }]);
    expect(ask(leaf, "duplicates")).toEqual([]);
    expect(leaf.where()).toBe("p1");
  });

  it("C3.12 clears an IP", () => {
    const leaf = Leaf.ready(A, SETTINGS);
    quarrel(leaf);
    expect(order(leaf, { address: I4 }).said).toEqual({ ok: true, value: { cleared: 1 } });
    expect(leaf.advertised()).toContain(`${M2} ${I4} -`);
  });

  it("C3.12 clears an IP that nobody holds any more", () => {
    const leaf = Leaf.ready(A, SETTINGS);
    quarrel(leaf);
    leaf.observe({ kind: "port-down", vni: VNI, port: "p1" as never });
    expect(ask(leaf, "duplicates")).toMatchObject([{ mac: null, ip: I4 }]);
    expect(order(leaf, { address: I4 }).said).toEqual({ ok: true, value: { cleared: 1 } });
  });

  it("clears all there are, which may be none", () => {
    const leaf = frozen();
    quarrel(leaf);
    expect(order(leaf, {}).said).toMatchObject({ ok: true });
    expect(ask(leaf, "duplicates")).toEqual([]);
    expect(order(leaf, {}).said).toEqual({ ok: true, value: { cleared: 0 } });
  });

  it("refuses what is no duplicate, or none in that VNI", () => {
    const leaf = frozen();
    expect(order(leaf, { address: M2 }).said).toEqual({
      ok: false,
      error: `Cannot clear ${M2}: it is no duplicate`,
    });
    expect(order(leaf, { address: M, vni: vni(11) }).said).toEqual({
      ok: false,
      error: `Cannot clear ${M} in VNI 11: it is no duplicate`,
    });
    expect(order(leaf, { address: ip("10.9.9.9") }).said).toMatchObject({ ok: false });
    expect(ask(leaf, "duplicates")).toHaveLength(3);
  });
});
