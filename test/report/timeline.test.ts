import { beforeEach, describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import type { Vni } from "../../src/evpn/vni.ts";
import {
  FOLLOWED_MAX,
  MOVE_WITHIN_MS,
  MOVES_MAX,
  Timeline,
  type WrittenRow,
} from "../../src/report/timeline.ts";
import {
  fdb,
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

let timeline: Timeline;

beforeEach(() => {
  timeline = new Timeline();
});

function written(row: WrittenRow, afterMs: number): ReturnType<Timeline["observeWritten"]> {
  return timeline.observeWritten(row, START + afterMs);
}

function macOf(i: number): MacAddress {
  return `02:00:00:${[16, 8, 0].map((bits) => ((i >> bits) & 0xff).toString(16).padStart(2, "0")).join(":")}` as MacAddress;
}

describe("A move from another leaf to us", () => {
  it("shows the frame, the decision, the FDB, the route, and when the old leaf let go", () => {
    const notice = moved(vtep(LEAF2), port("eth1"), { seq: 3 });
    timeline.observeNotice(notice, START + 0.25, { seenAt: START });
    written({ table: "fdb", kind: "remove", row: fdb(LEAF2) }, 0.5);
    const followed = written({ table: "mac-ip-route", kind: "put", row: route(3) }, 1.5);
    timeline.observeNotice(letGo(LEAF2), START + 4);

    expect(timeline.moves()).toEqual([
      {
        at: "2026-01-02T03:04:05.000Z",
        vni: 10,
        mac: MAC,
        ips: [IP],
        from: LEAF2,
        to: "eth1",
        seq: 3,
        signal: "gratuitous-arp",
        by: null,
        over: null,
        steps: [
          { name: "frame", atMs: 0 },
          { name: "decision", atMs: 0.25 },
          { name: "fdb", atMs: 0.5 },
          { name: "route-sent", atMs: 1.5 },
          { name: "old-owner-let-go", atMs: 4 },
        ],
        redirected: 0,
      },
    ]);
    expect(followed).toMatchObject({ direction: "in", tookMs: 1.5, move: { mac: MAC } });
  });

  it("is followed once the first of its routes is sent, and only once", () => {
    timeline.observeNotice(moved(vtep(LEAF2), port("eth1"), { seq: 3 }), START);
    expect(written({ table: "mac-ip-route", kind: "put", row: route(3) }, 1)).toBeDefined();
    expect(written({ table: "mac-ip-route", kind: "put", row: route(3, IP) }, 2)).toBeUndefined();
    expect(timeline.moves()[0]?.steps).toContainEqual({ name: "route-sent", atMs: 1 });
  });

  it("does not take an older route of ours for the one that tells of it", () => {
    timeline.observeNotice(moved(vtep(LEAF2), port("eth1"), { seq: 3 }), START);
    expect(written({ table: "mac-ip-route", kind: "put", row: route(2) }, 1)).toBeUndefined();
    expect(written({ table: "mac-ip-route", kind: "put", row: route(4) }, 2)).toBeDefined();
  });

  it("is not let go of by a leaf that did not have the MAC", () => {
    timeline.observeNotice(moved(vtep(LEAF2), port("eth1")), START);
    timeline.observeNotice(letGo(LEAF3), START + 1);
    expect(timeline.moves()[0]?.steps.map(({ name }) => name)).toEqual(["frame", "decision"]);
  });
});

describe("A move from us to another leaf", () => {
  it("begins with the route, is followed by the FDB, and ends with our last withdrawal", () => {
    timeline.observeNotice(moved(port("eth1"), vtep(LEAF2)), START);
    const followed = written({ table: "fdb", kind: "put", row: fdb(LEAF2) }, 1);
    written({ table: "mac-ip-route", kind: "remove", row: route(0) }, 2);
    written({ table: "mac-ip-route", kind: "remove", row: route(0, IP) }, 3);

    expect(followed).toMatchObject({ direction: "out", tookMs: 1 });
    expect(timeline.moves()[0]).toMatchObject({
      from: "eth1",
      to: LEAF2,
      signal: "route",
      by: null,
      steps: [
        { name: "route", atMs: 0 },
        { name: "decision", atMs: 0 },
        { name: "fdb", atMs: 1 },
        { name: "route-withdrawn", atMs: 3 },
      ],
    });
  });

  it("is not followed by a row that points to a third leaf", () => {
    timeline.observeNotice(moved(port("eth1"), vtep(LEAF2)), START);
    expect(written({ table: "fdb", kind: "put", row: fdb(LEAF3) }, 1)).toBeUndefined();
  });
});

describe("A move between two other leaves", () => {
  it("is followed by the FDB, and knows when the old leaf let go", () => {
    timeline.observeNotice(moved(vtep(LEAF2), vtep(LEAF3)), START);
    expect(written({ table: "fdb", kind: "put", row: fdb(LEAF3) }, 1)).toMatchObject({
      direction: "elsewhere",
    });
    timeline.observeNotice(letGo(LEAF2), START + 2);
    expect(timeline.moves()[0]?.steps.map(({ name }) => name)).toEqual([
      "route",
      "decision",
      "fdb",
      "old-owner-let-go",
    ]);
  });
});

describe("A MAC that leaves and turns up elsewhere", () => {
  it("has moved, with what the old place did first at a time below zero", () => {
    timeline.observeNotice(moved(vtep(LEAF2), nowhere, { seq: undefined }), START - 40);
    timeline.observeNotice(letGo(LEAF2), START - 40);
    timeline.observeNotice(moved(nowhere, port("eth1"), { seq: 2 }), START);

    expect(timeline.moves()).toMatchObject([
      {
        from: LEAF2,
        to: "eth1",
        seq: 2,
        steps: [
          { name: "old-owner-let-go", atMs: -40 },
          { name: "frame", atMs: 0 },
          { name: "decision", atMs: 0 },
        ],
      },
    ]);
  });

  it("has moved away from us when its port went down before", () => {
    const gone = moved(port("eth1"), nowhere, { seq: undefined, signal: "port-down" });
    timeline.observeNotice(gone, START - 500);
    written({ table: "mac-ip-route", kind: "remove", row: route(0) }, -498);
    timeline.observeNotice(moved(nowhere, vtep(LEAF2)), START);
    written({ table: "fdb", kind: "put", row: fdb(LEAF2) }, 1);

    expect(timeline.moves()).toMatchObject([
      {
        from: "eth1",
        to: LEAF2,
        steps: [
          { name: "route-withdrawn", atMs: -498 },
          { name: "route", atMs: 0 },
          { name: "decision", atMs: 0 },
          { name: "fdb", atMs: 1 },
        ],
      },
    ]);
  });

  it("has left and come when it was away for too long", () => {
    timeline.observeNotice(moved(vtep(LEAF2), nowhere), START);
    timeline.observeNotice(moved(nowhere, port("eth1")), START + MOVE_WITHIN_MS + 1);
    expect(timeline.moves()).toEqual([]);
  });

  it("has not moved when it comes back to where it was", () => {
    timeline.observeNotice(moved(port("eth1"), nowhere), START);
    timeline.observeNotice(moved(nowhere, port("eth1")), START + 1);
    expect(timeline.moves()).toEqual([]);
  });
});

describe("The timeline", () => {
  it("shows no arrival as a move", () => {
    timeline.observeNotice(moved(nowhere, port("eth1"), { seq: 0 }), START);
    expect(timeline.moves()).toEqual([]);
    expect(written({ table: "mac-ip-route", kind: "put", row: route(0) }, 1)).toBeUndefined();
  });

  it("gives the rows of a second move to the second", () => {
    timeline.observeNotice(moved(vtep(LEAF2), port("eth1"), { seq: 1 }), START);
    timeline.observeNotice(moved(port("eth1"), vtep(LEAF3), { seq: 2 }), START + 10);
    written({ table: "fdb", kind: "put", row: fdb(LEAF3) }, 11);
    expect(timeline.moves().map(({ steps }) => steps.length)).toEqual([2, 3]);
  });

  it("counts what was redirected for the move away, and when that began", () => {
    const redirect = { vni: VNI, mac: MAC, until: START + 10_000 };
    const redirected = { vni: VNI, mac: MAC, frames: 3 };
    timeline.observeRedirected(redirected);
    timeline.observeNotice(moved(port("eth1"), vtep(LEAF2), { seq: 1 }), START);
    written({ table: "redirect", kind: "put", row: redirect }, 1);
    timeline.observeRedirected(redirected);
    timeline.observeNotice(moved(vtep(LEAF2), port("eth1"), { seq: 2 }), START + 10);
    written({ table: "redirect", kind: "remove", row: redirect }, 11);
    timeline.observeRedirected(redirected);
    const [away, back] = timeline.moves();
    expect(away).toMatchObject({ to: LEAF2, redirected: 6 });
    expect(away?.steps).toContainEqual({ name: "redirect", atMs: 1 });
    expect(back).toMatchObject({ to: "eth1", redirected: 0 });
    expect(back?.steps.map(({ name }) => name)).toEqual(["frame", "decision"]);
  });

  it("answers by VNI, MAC and IP, the newest last", () => {
    const otherMac = "02:00:00:00:00:02" as MacAddress;
    const otherIp = "192.0.2.2" as IpAddress;
    timeline.observeNotice(moved(vtep(LEAF2), port("eth1")), START);
    timeline.observeNotice(
      moved(vtep(LEAF2), port("eth2"), { mac: otherMac, ips: [otherIp] }),
      START + 1,
    );
    timeline.observeNotice(moved(port("eth1"), port("eth3")), START + 2);

    const to = (filter: Parameters<Timeline["moves"]>[0]): readonly (string | null)[] =>
      timeline.moves(filter).map((move) => move.to);
    expect(to({})).toEqual(["eth1", "eth2", "eth3"]);
    expect(to({ last: 2 })).toEqual(["eth2", "eth3"]);
    expect(to({ last: 0 })).toEqual([]);
    expect(to({ mac: MAC })).toEqual(["eth1", "eth3"]);
    expect(to({ mac: MAC, last: 1 })).toEqual(["eth3"]);
    expect(to({ ip: otherIp })).toEqual(["eth2"]);
    expect(to({ vni: VNI })).toHaveLength(3);
    expect(to({ vni: 11 as Vni })).toEqual([]);
  });

  it("forgets the oldest moves, and no longer waits for those that never went on", () => {
    for (let i = 0; i <= FOLLOWED_MAX; i++) {
      timeline.observeNotice(moved(port("eth1"), vtep(LEAF2), { mac: macOf(i) }), START + i);
    }
    const moves = timeline.moves();
    expect(moves).toHaveLength(MOVES_MAX);
    expect(moves.at(-1)?.mac).toBe(macOf(FOLLOWED_MAX));
    const put = (i: number): WrittenRow => ({
      table: "fdb",
      kind: "put",
      row: { ...fdb(LEAF2), mac: macOf(i) },
    });
    expect(written(put(0), 1)).toBeUndefined();
    expect(written(put(1), 1)).toBeDefined();
  });
});
