import { describe, expect, it } from "vitest";
import { portName } from "../../src/evpn/port.ts";
import { type AnyNotice, countsOf, levelOf, sentenceOf } from "../../src/report/notices.ts";
import { LEAF2, LEAF3, letGo, MAC, moved, nowhere, port, SELF, VNI, vtep } from "./fixtures.ts";

describe("A move", () => {
  it.each([
    ["in", moved(vtep(LEAF2), port("eth1")), "info"],
    ["out", moved(port("eth1"), vtep(LEAF2)), "info"],
    ["within", moved(port("eth1"), port("eth2")), "info"],
    ["elsewhere", moved(vtep(LEAF2), vtep(LEAF3)), "debug"],
    ["arrived", moved(nowhere, port("eth1")), "debug"],
    ["left", moved(port("eth1"), nowhere), "debug"],
  ] as const)(
    "that goes %s is counted so, and is loud if a host of ours moves",
    (way, notice, level) => {
      expect(levelOf(notice)).toBe(level);
      expect(countsOf(notice)).toEqual([
        ["roamd_moves_total", way],
        ["roamd_decisions_total", "moved"],
      ]);
    },
  );
});

describe("A sentence", () => {
  it.each<[AnyNotice, string]>([
    [
      moved(vtep(LEAF2), port("eth1"), { seq: 3 }),
      "MAC 02:00:00:00:00:01 in VNI 10 went from 10.255.0.2 to port eth1, sequence number 3 (gratuitous-arp)",
    ],
    [
      moved(port("eth1"), nowhere, { seq: undefined, signal: "port-down" }),
      "MAC 02:00:00:00:00:01 in VNI 10 went from port eth1 to nowhere (port-down)",
    ],
    [letGo(LEAF2), "10.255.0.2 let go of MAC 02:00:00:00:00:01 in VNI 10"],
    [
      {
        kind: "outranked",
        vni: VNI,
        mac: MAC,
        ours: { vtep: SELF, seq: 1, sticky: false },
        theirs: { vtep: LEAF2, seq: 2, sticky: false },
        decidedBy: "sequence",
      },
      "Gave up MAC 02:00:00:00:00:01 in VNI 10 to 10.255.0.2, by sequence: 2 against 1",
    ],
    [
      { kind: "gobgp-disconnected", address: "127.0.0.1:50051", reason: "connection refused" },
      "Cannot reach gobgpd at 127.0.0.1:50051: connection refused",
    ],
    [
      {
        kind: "row-failed",
        table: "fdb",
        row: "10|02:00:00:00:00:01",
        failure: "later",
        reason: "ENOBUFS",
      },
      "Cannot write row 10|02:00:00:00:00:01 of table fdb: ENOBUFS",
    ],
    [
      { kind: "word-given", vni: VNI, mac: MAC, word: "land", by: "alice at 192.0.2.9" },
      "Was told by alice at 192.0.2.9 to land MAC 02:00:00:00:00:01 in VNI 10",
    ],
    [
      { kind: "word-given", vni: VNI, mac: MAC, word: "land" },
      "Was told to land MAC 02:00:00:00:00:01 in VNI 10",
    ],
    [
      {
        kind: "word-refused",
        vni: VNI,
        mac: MAC,
        word: "abort",
        refused: "no-migration",
        by: "socket",
      },
      "Was told by socket to abort MAC 02:00:00:00:00:01 in VNI 10, and did not: no-migration",
    ],
    [
      { kind: "control-refused", reason: "replayed", peer: "192.0.2.9" },
      "Refused a request of 192.0.2.9 over TCP: replayed",
    ],
  ])("says what happened: %#", (notice, sentence) => {
    expect(sentenceOf(notice)).toBe(sentence);
  });
});

describe("A request that was refused", () => {
  it("is counted by its reason, and loud", () => {
    const notice: AnyNotice = { kind: "control-refused", reason: "clock", peer: "192.0.2.9" };
    expect(levelOf(notice)).toBe("warn");
    expect(countsOf(notice)).toContainEqual(["roamd_control_refused_total", "clock"]);
  });
});

describe("What says nothing", () => {
  it("is counted by its reason, and is not loud", () => {
    const frame: AnyNotice = {
      kind: "sighting-ignored",
      vni: VNI,
      mac: MAC,
      port: portName("eth1"),
      reason: "own-mac",
    };
    const route: AnyNotice = { kind: "route-ignored", reason: "own-nexthop" };
    expect(countsOf(frame)).toContainEqual(["roamd_frames_ignored_total", "own-mac"]);
    expect(countsOf(route)).toContainEqual(["roamd_routes_ignored_total", "own-nexthop"]);
    expect([frame, route].map(levelOf)).toEqual(["debug", "debug"]);
  });
});

describe("A version of gobgpd that is known to be dangerous", () => {
  it("is an error where it is refused, else a warning", () => {
    const notice = {
      kind: "dangerous-version",
      versions: "4.0 to 4.5",
      reason: "MAC-only routes",
    } as const;
    expect(levelOf({ ...notice, refused: true })).toBe("error");
    expect(levelOf({ ...notice, refused: false })).toBe("warn");
  });
});
