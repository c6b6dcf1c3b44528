/** Why a MAC is where it is, asked of a real engine with made-up tables outside. */
import { describe, expect, it } from "vitest";
import type { ExplainRow } from "../../src/control/explain-row.ts";
import { readFilter } from "../../src/control/protocol.ts";
import { show } from "../../src/control/queries/show.ts";
import type { Snapshot, TableView } from "../../src/control/snapshot.ts";
import type { TableName } from "../../src/evpn/rows.ts";
import { History } from "../../src/report/history.ts";
import { Timeline } from "../../src/report/timeline.ts";
import { snapshotOf } from "../../src/snapshot.ts";
import { A, adv, B, C, I4, I6, Leaf, M, M2, VNI } from "../mobility/leaf.ts";
import { world } from "./world.ts";

function tablesOf(leaf: Leaf, more: Partial<Record<TableName, Partial<TableView>>> = {}) {
  const keyed = (table: TableName): Map<string, object> =>
    new Map(leaf.rowsAt(table).map(({ key, row }) => [key, row]));
  const view = (table: TableName): TableView => ({
    desired: keyed(table),
    actual: keyed(table),
    waiting: new Map(),
    isRight: () => true,
    ...more[table],
  });
  return {
    fdb: view("fdb"),
    flood: view("flood"),
    neighbour: view("neighbour"),
    redirect: view("redirect"),
    "mac-ip-route": view("mac-ip-route"),
    "imet-route": view("imet-route"),
  } as unknown as Snapshot["tables"];
}

function snapshot(leaf: Leaf): Snapshot {
  const history = new History();
  const timeline = new Timeline((move) => history.moved(move));
  for (const notice of leaf.notices) {
    timeline.observeNotice(notice, leaf.now);
    history.told(notice, leaf.now);
  }
  const { gobgp } = world();
  const shown = {
    version: "0",
    startedAt: 0,
    engine: leaf.engine,
    tables: undefined,
    timeline,
    history,
    gobgp: () => gobgp,
    kernel: undefined,
  };
  return { ...snapshotOf(shown, leaf.now), tables: tablesOf(leaf) };
}

function explain(of: Snapshot, typed: Record<string, unknown>): ExplainRow[] {
  const filter = readFilter("explain", typed);
  if (!filter.ok) throw new TypeError(filter.error);
  return [...show(of, { what: "explain", filter: filter.value })].flat();
}

describe("explain a MAC", () => {
  it("that came here: who lost, what was seen, what runs, and what stands", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 2, ip: I4 }));
    leaf.sees();
    leaf.after(1500);
    const [row] = explain(snapshot(leaf), { mac: M });
    expect(row).toMatchObject({
      vni: VNI,
      mac: M,
      whereabouts: "here",
      port: "p1",
      seq: 3,
      ips: [I4],
      why: `At port p1: sequence 3 beats 2 of ${B}`,
      deciding: { step: "sequence", winner: { vtep: A, seq: 3 }, loser: { vtep: B }, at: null },
      ip: null,
      ignored: [],
      evidence: { port: "p1", learnedFrom: "data", ageSeconds: 1.5, ips: [{ ip: I4 }] },
      waiting: null,
      refused: null,
      numbers: { sent: 3, heard: 2 },
      duplicates: { moves: 1, of: 5, windowSeconds: 180, duplicate: null, exempt: false },
    });
    expect(row?.claims).toMatchObject([
      { origin: "local", vtep: A, seq: 3, outcome: "won", decidedBy: null, to: null },
      { origin: "remote", vtep: B, seq: 2, outcome: "lost", decidedBy: "sequence", to: A },
    ]);
    expect(row?.claims[0]?.routes.map(({ ip }) => ip)).toEqual([null, I4]);
    expect(row?.timers.map(({ name }) => name)).toEqual(["probe", "let-go", "duplicate-window"]);
    expect(row?.rows.map(({ table, state }) => `${table} ${state}`)).toEqual([
      "mac-ip-route right",
      "mac-ip-route right",
    ]);
    expect(row?.happened.at(-1)).toMatchObject({ kind: "moved", from: B, to: "p1" });
  });

  it("whose old owner has let go: by what it came", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    leaf.sees();
    leaf.hearsWithdrawn(adv(B));
    const [row] = explain(snapshot(leaf), { mac: M });
    expect(row?.deciding).toMatchObject({ step: "sequence", loser: { vtep: B, seq: 0 } });
    expect(row?.deciding?.at).not.toBeNull();
    expect(row?.why).toMatch(/^At port p1 alone by now: sequence 1 beat 0 of 192.0.2.2 at /);
  });

  it("that nobody claims in a way that counts: what is ignored, and why", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 1 }));
    leaf.hearsWithdrawn(adv(B, { seq: 1 }));
    leaf.hears(adv(C, { seq: 1, routeTargets: ["65000:99"] }));
    expect(explain(snapshot(leaf), { mac: M })).toMatchObject([
      {
        whereabouts: "nowhere",
        claims: [],
        deciding: null,
        ignored: [{ nexthop: C, ip: null, reason: "no matching route target" }],
        numbers: { sent: null, heard: 1 },
      },
    ]);
  });

  it("C2.3 that is frozen: where it is held, and what was seen and not acted upon", () => {
    const leaf = Leaf.ready(A, { duplicates: { moves: 2 } });
    for (const seq of [0, 2]) {
      leaf.hears(adv(B, { seq }));
      leaf.sees();
    }
    const [row] = explain(snapshot(leaf), { mac: M });
    expect(row).toMatchObject({
      whereabouts: "duplicate",
      claims: [{ vtep: B, seq: 2, outcome: "held" }],
      waiting: { port: "p1", learnedFrom: "data" },
      duplicates: { duplicate: "frozen" },
    });
    expect(row?.timers).toMatchObject([{ name: "recovery", inSeconds: 1800 }]);
  });

  it("C2.12 that is sticky elsewhere: what was seen here, and that it changes nothing", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { sticky: true }));
    leaf.sees();
    const [row] = explain(snapshot(leaf), { mac: M });
    expect(row?.deciding).toMatchObject({ step: "sticky", winner: { vtep: B }, loser: null });
    expect(row?.refused).toContain("may not move from 192.0.2.2, and is at port p1 as well");
  });

  it("whose rows are not right: which, and why not", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { ip: I4 }));
    const key = `${VNI}|${M}`;
    const failure = { key, kind: "later", reason: "ENOBUFS" } as const;
    const waiting = new Map([[key, { failure, attempts: 1, retryAt: 5000 }]]);
    const neighbour = { actual: new Map(), isRight: () => false };
    const route = { actual: new Map([["left over", { vni: VNI, mac: M }]]), isRight: () => false };
    const tables = tablesOf(leaf, {
      fdb: { actual: new Map(), waiting },
      neighbour,
      "mac-ip-route": route,
    });
    const [row] = explain({ ...snapshot(leaf), tables }, { mac: M });
    expect(row?.rows).toMatchObject([
      { table: "fdb", key, standing: null, state: "retrying", reason: "ENOBUFS" },
      { table: "neighbour", key: `${VNI}|${I4}`, standing: null, state: "writing" },
      { table: "mac-ip-route", key: "left over", wanted: null, state: "writing" },
    ]);
    expect(row?.rows[0]?.retryAt).toBe(new Date(5000).toISOString());
  });

  it("of which nothing is known has no answer", () => {
    expect(explain(snapshot(Leaf.ready(A)), { mac: M })).toEqual([]);
  });
});

describe("explain an IP", () => {
  const asked = (leaf: Leaf, ip = I4) =>
    explain(snapshot(leaf), { ip }).map((row) => [row.mac, row.ip?.holds, row.ip?.decidedBy]);

  it("is the better claim's of two MACs behind other leaves", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { ip: I4, seq: 1 }));
    leaf.hears(adv(C, { mac: M2, ip: I4, seq: 2 }));
    expect(asked(leaf)).toEqual([
      [M, false, "sequence"],
      [M2, true, null],
    ]);
  });

  it("is that of the host that has shown itself here with it", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { ip: I4, seq: 9 }));
    leaf.sees({ mac: M2, ip: I4 });
    expect(asked(leaf)).toEqual([
      [M, false, "host-here"],
      [M2, true, null],
    ]);
  });

  it("is not a MAC's by the word of a leaf that does not have the MAC", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 2, ip: I6 }));
    leaf.hears(adv(C, { ip: I4, seq: 1 }));
    expect(asked(leaf)).toEqual([[M, false, "other-owner"]]);
  });

  it("goes with the MAC to a leaf that has told the MAC alone so far", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(C, { ip: I4, seq: 1 }));
    leaf.hears(adv(B, { seq: 2 }));
    expect(asked(leaf)).toEqual([[M, true, null]]);
  });

  it("that nobody has has no answer", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { ip: I4 }));
    expect(asked(leaf, I6)).toEqual([]);
  });
});

describe("The history of an IP", () => {
  it("has the moves of whoever holds it, before it held it too", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    leaf.sees();
    leaf.sees({ ip: I4 });
    const rows = [...show(snapshot(leaf), { what: "history", filter: { ip: I4 } })].flat();
    expect(rows.map(({ kind }) => kind)).toEqual(["moved", "ip-learned"]);
  });
});
