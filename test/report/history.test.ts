import { beforeEach, describe, expect, it } from "vitest";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { HAPPENINGS_MAX, History, OF_ONE_HOST_MAX } from "../../src/report/history.ts";
import { type HistoryRow, readHistoryRow } from "../../src/report/history-row.ts";
import { Timeline } from "../../src/report/timeline.ts";
import {
  IP,
  LEAF2,
  LEAF3,
  letGo,
  MAC,
  moved,
  nowhere,
  port,
  route,
  VNI,
  vtep,
} from "./fixtures.ts";

const START = Date.parse("2026-01-02T03:04:05.000Z");
const MAC2 = "02:00:00:00:00:02" as MacAddress;

let history: History;
let timeline: Timeline;
let kept: Map<number, () => HistoryRow>;

beforeEach(() => {
  kept = new Map();
  history = new History((id, row) => kept.set(id, row));
  timeline = new Timeline(
    (move) => history.moved(move),
    (host) => history.knows(host),
  );
});

function rows(): HistoryRow[] {
  return [...history.rows()];
}

function outranked(): Parameters<History["told"]>[0] {
  const ours = { vtep: LEAF3, seq: 1, sticky: false };
  const theirs = { vtep: LEAF2, seq: 2, sticky: false };
  return { kind: "outranked", vni: VNI, mac: MAC, ours, theirs, decidedBy: "sequence" };
}

describe("The history of a host", () => {
  it("takes in that one comes up at another leaf only where something is known of it", () => {
    timeline.observeNotice(moved(nowhere, vtep(LEAF2)), START);
    expect(rows()).toEqual([]);
    history.told(outranked(), START);
    timeline.observeNotice(moved(nowhere, vtep(LEAF2)), START + 1);
    expect(rows().map(({ kind }) => kind)).toEqual(["outranked", "moved"]);
  });

  it("has its moves with every step, the last of which come later", () => {
    const over = { vtep: LEAF2, seq: 2, sticky: false, decidedBy: "sequence" } as const;
    const notice = moved(vtep(LEAF2), port("eth1"), { seq: 3, over });
    timeline.observeNotice(notice, START + 0.2, { seenAt: START });
    timeline.observeWritten({ table: "mac-ip-route", kind: "put", row: route(3) }, START + 1.5);
    timeline.observeNotice(letGo(LEAF2), START + 40);

    expect(rows()).toEqual([
      {
        at: "2026-01-02T03:04:05.000Z",
        vni: 10,
        mac: MAC,
        ips: [IP],
        kind: "moved",
        text: `MAC ${MAC} in VNI 10 went from ${LEAF2} to port eth1, sequence number 3 (gratuitous-arp)`,
        times: 1,
        from: LEAF2,
        to: "eth1",
        seq: 3,
        signal: "gratuitous-arp",
        by: null,
        over,
        steps: [
          { name: "frame", atMs: 0 },
          { name: "decision", atMs: 0.2 },
          { name: "route-sent", atMs: 1.5 },
          { name: "old-owner-let-go", atMs: 40 },
        ],
        redirected: 0,
      },
    ]);
  });

  it("has how many frames were sent on, which is known later still", () => {
    timeline.observeNotice(moved(port("eth1"), vtep(LEAF2), { seq: 1 }), START);
    timeline.observeRedirected({ vni: VNI, mac: MAC, frames: 37 });
    expect(rows()).toMatchObject([{ to: LEAF2, redirected: 37 }]);
  });

  it("has the steps of a host that came up here as well, which is no move", () => {
    const notice = moved(nowhere, port("eth1"), { seq: 0 });
    timeline.observeNotice(notice, START);
    const followed = timeline.observeWritten(
      { table: "mac-ip-route", kind: "put", row: route(0) },
      START + 2,
    );
    expect(followed).toBeUndefined();
    expect(timeline.moves()).toEqual([]);
    expect(rows()[0]).toMatchObject({ from: null, to: "eth1" });
    expect(rows()[0]?.steps).toContainEqual({ name: "route-sent", atMs: 2 });
  });

  it("does not begin with coming up behind another leaf, and goes on with it", () => {
    timeline.observeNotice(moved(nowhere, vtep(LEAF2)), START);
    expect(rows()).toEqual([]);
    timeline.observeNotice(moved(vtep(LEAF2), nowhere), START + 1);
    timeline.observeNotice(moved(nowhere, vtep(LEAF2)), START + 100_000);
    expect(rows().map(({ from, to }) => [from, to])).toEqual([
      [LEAF2, null],
      [null, LEAF2],
    ]);
  });

  it("has no news of a host that comes up where it was, as after a restart of ours", () => {
    timeline.observeNotice(moved(vtep(LEAF2), port("eth1"), { seq: 3 }), START);
    const again = new History();
    for (const [id, row] of kept) again.recall(id, row());
    const later = new Timeline((move) => again.moved(move));
    later.observeNotice(moved(nowhere, port("eth1"), { seq: 3 }), START + 1000);
    later.observeWritten({ table: "mac-ip-route", kind: "put", row: route(3) }, START + 1001);
    expect([...again.rows()]).toEqual(rows());
    later.observeNotice(moved(port("eth1"), nowhere), START + 2000);
    later.observeNotice(moved(nowhere, port("eth1"), { seq: 3 }), START + 100_000);
    expect([...again.rows()].map(({ to }) => to)).toEqual(["eth1", null, "eth1"]);
  });

  it("has what else is told of it, and counts what is told again", () => {
    history.told(outranked(), START);
    history.told(outranked(), START + 5000);
    expect(rows()).toMatchObject([
      { kind: "outranked", times: 2, at: "2026-01-02T03:04:10.000Z", signal: null, steps: [] },
    ]);
    history.told(letGo(LEAF2), START);
    history.told({ kind: "ready" }, START);
    expect(rows()).toHaveLength(1);
  });

  it("is bounded: the oldest of a host that moves all the time are forgotten", () => {
    for (let i = 0; i <= OF_ONE_HOST_MAX; i++) {
      timeline.observeNotice(moved(port("a"), port("b"), { seq: i }), START + i);
    }
    expect(rows()).toHaveLength(OF_ONE_HOST_MAX);
    expect(rows()[0]?.seq).toBe(1);
  });

  it("is bounded: hosts that have only come up are forgotten first", () => {
    timeline.observeNotice(moved(port("a"), port("b"), { mac: MAC2 }), START);
    for (let i = 0; i < HAPPENINGS_MAX; i++) {
      const mac = `02:00:01:00:${(i >> 8).toString(16).padStart(2, "0")}:${(i & 255).toString(16).padStart(2, "0")}`;
      timeline.observeNotice(moved(nowhere, port("a"), { mac: mac as MacAddress }), START + i);
    }
    expect(history.size).toBe(HAPPENINGS_MAX);
    expect(rows().filter(({ mac }) => mac === MAC2)).toHaveLength(1);
    expect(rows().filter(({ mac }) => mac === "02:00:01:00:00:00")).toEqual([]);
  });

  it("is kept, each change anew, and recalled as it was", () => {
    timeline.observeNotice(moved(vtep(LEAF2), port("eth1"), { seq: 3 }), START);
    timeline.observeNotice(letGo(LEAF2), START + 40);
    history.told(outranked(), START + 50);

    const again = new History();
    for (const [id, row] of [...kept]) {
      const read = readHistoryRow(JSON.parse(JSON.stringify(row())));
      expect(read).toBeDefined();
      if (read !== undefined) again.recall(id, read);
    }
    expect([...again.rows()]).toEqual(rows());
    expect(again.toKeep().map(([id]) => id)).toEqual([...kept.keys()]);
  });

  it("does not give two happenings one number after it was recalled", () => {
    const row = { ...(rows()[0] as HistoryRow), kind: "outranked", mac: MAC, vni: 10 };
    history.recall(7, row);
    timeline.observeNotice(moved(port("a"), port("b")), START);
    expect(history.toKeep().map(([id]) => id)).toEqual([7, 8]);
  });
});

describe("A row of the history that was kept", () => {
  const whole = {
    at: "2026-01-02T03:04:05.000Z",
    vni: 10,
    mac: MAC,
    ips: [IP],
    kind: "moved",
    text: "It went",
    times: 1,
    from: null,
    to: "eth1",
    seq: 3,
    signal: "data",
    by: null,
    over: { vtep: LEAF2, seq: 2, sticky: false, decidedBy: "sequence" },
    steps: [{ name: "frame", atMs: 0 }],
  };

  it("is read where it is whole", () => {
    expect(readHistoryRow(whole)).toEqual(whole);
  });

  it.each([
    ["a number", 7],
    ["nothing", null],
    ["no time", { ...whole, at: "noon" }],
    ["no VNI", { ...whole, vni: "10" }],
    ["no MAC", { ...whole, mac: undefined }],
    ["IPs that are none", { ...whole, ips: [4] }],
    ["a place that is none", { ...whole, to: 3 }],
    ["a step without a time", { ...whole, steps: [{ name: "frame" }] }],
    ["half of a claim", { ...whole, over: { vtep: LEAF2 } }],
  ])("is none where it is %s", (_what, value) => {
    expect(readHistoryRow(value)).toBeUndefined();
  });
});
