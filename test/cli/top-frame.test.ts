import { describe, expect, it } from "vitest";
import { type Look, topFrame } from "../../src/cli/top-frame.ts";
import type { ShowRows } from "../../src/control/rows.ts";

const NOW = Date.parse("2026-03-01T12:00:00.000Z");
const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";

function move(secondsAgo: number, mac = A, to: string | null = "swp1"): ShowRows["moves"] {
  return {
    at: new Date(NOW - secondsAgo * 1000).toISOString(),
    vni: 10,
    mac,
    ips: [],
    from: "10.255.0.2",
    to,
    seq: 1,
    signal: "data",
    by: null,
    over: null,
    redirected: 0,
    steps: [],
  };
}

function port(name: string, frames: number, ignored = 0, macs = 1): ShowRows["ports"] {
  return { vni: 10, vlan: null, port: name, state: "up", macs, frames, ignored, ignoredBy: {} };
}

function look(more: Partial<Look> = {}): Look {
  const status = {
    version: "0.1.0",
    ready: true,
    uptimeSeconds: 90,
    macs: { local: 1, remote: 2, duplicate: 0 },
    pending: { kernel: 0, gobgp: 0 },
  } as ShowRows["status"];
  return { at: NOW, status, moves: [], ports: [], ...more };
}

describe("A frame of roam top", () => {
  it("counts moves per second in three times back", () => {
    const moves = [move(299), move(59), move(30), move(9), move(1)];
    expect(topFrame(look({ moves }), undefined, 10).rates).toEqual([
      { seconds: 10, movesPerSecond: 0.2, isLeast: false },
      { seconds: 60, movesPerSecond: 4 / 60, isLeast: false },
      { seconds: 300, movesPerSecond: 5 / 300, isLeast: false },
    ]);
  });

  it("says that there were more where the daemon remembers no older ones", () => {
    const moves = Array.from({ length: 1000 }, () => move(5));
    const { rates } = topFrame(look({ moves }), undefined, 10);
    expect(rates.map(({ isLeast }) => isLeast)).toEqual([true, true, true]);
    const older = [move(100), ...moves.slice(1)];
    const again = topFrame(look({ moves: older }), undefined, 10);
    expect(again.rates.map(({ isLeast }) => isLeast)).toEqual([false, false, true]);
  });

  it("has who moves most first, with where it is now, and the newest moves first", () => {
    const moves = [move(400, B), move(20, B), move(10, A), move(5, A, null)];
    const frame = topFrame(look({ moves }), undefined, 3);
    expect(frame.movers).toEqual([
      { vni: 10, mac: A, moves: 2, place: null, last: move(5).at },
      { vni: 10, mac: B, moves: 1, place: "swp1", last: move(20).at },
    ]);
    expect(frame.moves.map(({ at }) => at)).toEqual([move(5).at, move(10).at, move(20).at]);
  });

  it("has the busiest ports first, of which nothing is known at the first look", () => {
    const ports = [port("swp1", 100), port("swp2", 100, 10)];
    const first = look({ ports });
    expect(topFrame(first, undefined, 10).ports).toMatchObject([
      { port: "swp1", framesPerSecond: null, ignoredPerSecond: null },
      { port: "swp2", framesPerSecond: null },
    ]);
    const second = look({
      at: NOW + 2000,
      ports: [port("swp1", 110), port("swp2", 300, 14), port("swp3", 5)],
    });
    expect(topFrame(second, first, 2).ports).toMatchObject([
      { port: "swp2", framesPerSecond: 100, ignoredPerSecond: 2 },
      { port: "swp1", framesPerSecond: 5, ignoredPerSecond: 0 },
    ]);
  });

  it("takes counters that begin anew for no frames, not for fewer than none", () => {
    const first = look({ ports: [port("swp1", 100)] });
    const second = look({ at: NOW + 1000, ports: [port("swp1", 3)] });
    expect(topFrame(second, first, 10).ports[0]?.framesPerSecond).toBe(0);
  });
});
