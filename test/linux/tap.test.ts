/** When a port's socket rests, so that frames that come very fast are read together. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { portName } from "../../src/evpn/port.ts";
import type { DatagramSocket } from "../../src/linux/native.ts";
import { Tap } from "../../src/linux/tap.ts";
import { TokenBucket } from "../../src/linux/token-bucket.ts";
import { Unseen } from "../../src/linux/unseen.ts";

/** What a tap has asked of its socket. */
let asked: string[];
let tap: Tap;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  const note = (what: string, answer: number) => (): number => {
    asked.push(what);
    return answer;
  };
  const socket: DatagramSocket = {
    bind: note("bind", 0),
    setsockopt: note("setsockopt", 0),
    getsockopt: note("getsockopt", 0),
    start: note("start", 0),
    receiveNow: note("receiveNow", 0),
    pause: note("pause", 0),
    resume: note("resume", 0),
    recv: note("recv", 0),
    send: note("send", 0),
    detach: note("detach", -1),
    close: note("close", 0),
  };
  const site = { ifindex: 1, port: portName("p1"), filter: [], isTunnel: false };
  tap = new Tap(site, socket, {
    bucket: new TokenBucket(1000, 0),
    unseen: { rate: new Unseen(() => {}, 50), "no-room": new Unseen(() => {}, 50) },
  });
});
afterEach(() => {
  vi.useRealTimers();
});

/** So many readings, all within so many milliseconds. */
function readings(count: number, { from, within }: { from: number; within: number }): void {
  for (let i = 0; i < count; i++) tap.wasRead(from + (within * i) / (count - 1));
}

describe("A socket", () => {
  it("that is read 16 times within a millisecond rests for one, and is then read on", () => {
    readings(15, { from: 5, within: 0.8 });
    expect(asked).toEqual([]);
    tap.wasRead(5.9);
    expect(asked).toEqual(["pause"]);
    vi.advanceTimersByTime(1);
    expect(asked).toEqual(["pause", "resume"]);
  });

  it("rests again as long as frames come that fast, and no longer", () => {
    readings(16, { from: 5, within: 0.9 });
    vi.advanceTimersByTime(1);
    readings(16, { from: 7, within: 0.9 });
    vi.advanceTimersByTime(1);
    readings(16, { from: 9, within: 1 });
    expect(asked).toEqual(["pause", "resume", "pause", "resume"]);
  });

  it("that is read less often never rests", () => {
    readings(160, { from: 5, within: 20 });
    expect(asked).toEqual([]);
  });

  it("that is closed while it rests is left alone", () => {
    readings(16, { from: 5, within: 0.5 });
    tap[Symbol.dispose]();
    asked = [];
    vi.advanceTimersByTime(10);
    expect(asked).toEqual([]);
  });
});
