/** Which withdrawals have time, and for how long. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { IpAddress } from "../src/evpn/ip.ts";
import type { MacAddress } from "../src/evpn/mac.ts";
import { type MacIpRoute, macIpRouteKey } from "../src/evpn/mac-ip-route.ts";
import { fdbKey } from "../src/evpn/rows.ts";
import { Withdrawals } from "../src/withdrawals.ts";
import { A, adv } from "./mobility/leaf.ts";

let due: string[] = [];
let withdrawals: Withdrawals;

function clock(): number {
  return vi.getMockedSystemTime()?.getTime() ?? 0;
}

function routeOf(host: number): MacIpRoute {
  return {
    ...adv(A),
    mac: `02:00:00:00:0${host >> 8}:${(host & 255).toString(16).padStart(2, "0")}` as MacAddress,
    ip: `10.0.${host >> 8}.${host & 255}` as IpAddress,
  };
}

function move(host: number): boolean {
  const ours = routeOf(host);
  return withdrawals.isDue(macIpRouteKey(ours), ours);
}

/** So many at once, of hosts of these numbers. */
function moveAll(from: number, to: number): readonly boolean[] {
  return Array.from({ length: to - from + 1 }, (_, i) => move(from + i));
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1000 });
  due = [];
  withdrawals = new Withdrawals(clock, (keys) => due.push(...keys));
});

afterEach(() => {
  withdrawals.stop();
  vi.useRealTimers();
});

it("A few hosts that move are withdrawn at once; of more, the others by and by, the oldest first", () => {
  expect(moveAll(1, 10)).toEqual([...Array<boolean>(8).fill(true), false, false]);
  expect(due).toEqual([]);
  vi.advanceTimersByTime(49);
  expect(due).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(due).toEqual([9, 10].map((host) => macIpRouteKey(routeOf(host))));
  expect(moveAll(11, 18)).toEqual(Array(8).fill(true));
});

it("While hosts move only a few are withdrawn in a lot, and many when none has for a while", () => {
  const [moved, perLot]: [number, number[]] = [400, []];
  for (let host = 1; host <= moved; host += 80) {
    moveAll(host, host + 79);
    vi.advanceTimersByTime(50);
    perLot.push(due.splice(0).length);
  }
  expect(perLot).toEqual([2, 2, 2, 2, 2]);
  // 150 ms more, in which nobody moves.
  vi.advanceTimersByTime(100);
  expect(due.splice(0).length).toBe(4);
  vi.advanceTimersByTime(50);
  expect(due.splice(0).length).toBe(128);
  vi.advanceTimersByTime(50);
  expect(due.splice(0).length).toBe(128);
  vi.advanceTimersByTime(50);
  expect(due.length).toBe(moved - 8 - 10 - 4 - 256);
  expect(vi.getTimerCount()).toBe(0);
});

it("Of very many that wait more are withdrawn, though hosts never stop leaving", () => {
  moveAll(1, 2000);
  const lots = Array.from({ length: 400 }, (_, i) => {
    vi.advanceTimersByTime(50);
    move(2001 + i);
    return due.splice(0).length;
  });
  expect(lots[0]).toBe(2 + 3);
  expect(lots.at(-1)).toBeLessThan(5);
  expect(withdrawals.waiting).toBe(1992 + 400 - lots.reduce((a, b) => a + b));
  expect(withdrawals.waiting).toBeLessThan(1300);
});

it("What is wanted otherwise meanwhile is forgotten", () => {
  moveAll(1, 10);
  withdrawals.forget(macIpRouteKey(routeOf(9)));
  vi.advanceTimersByTime(50);
  expect(due).toEqual([macIpRouteKey(routeOf(10))]);
});

it("Nothing waits when a host is lost whose routes wait; another's loss elsewhere changes nothing", () => {
  moveAll(1, 100);
  withdrawals.left(fdbKey(routeOf(1)));
  withdrawals.left(fdbKey(routeOf(101)));
  expect(due).toEqual([]);
  withdrawals.left(fdbKey(routeOf(100)));
  expect(due.length).toBe(92);
  withdrawals.left(fdbKey(routeOf(100)));
  expect(due.length).toBe(92);
});

it("After the end nothing is due", () => {
  moveAll(1, 10);
  withdrawals.stop();
  vi.advanceTimersByTime(1000);
  expect(due).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
