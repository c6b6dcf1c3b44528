/** Which routes have time, and for how long. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { IpAddress } from "../src/evpn/ip.ts";
import type { MacAddress } from "../src/evpn/mac.ts";
import { type MacIpRoute, macIpRouteKey } from "../src/evpn/mac-ip-route.ts";
import { fdbKey } from "../src/evpn/rows.ts";
import { LaterRoutes } from "../src/later-routes.ts";
import { A, adv } from "./mobility/leaf.ts";

let due: string[] = [];
let later: LaterRoutes;

function clock(): number {
  return vi.getMockedSystemTime()?.getTime() ?? 0;
}

function routeOf(host: number): MacIpRoute {
  return {
    ...adv(A),
    mac: `02:00:00:00:00:${host.toString(16).padStart(2, "0")}` as MacAddress,
    ip: `10.0.0.${host}` as IpAddress,
  };
}

function move(host: number): boolean {
  const ours = routeOf(host);
  const key = macIpRouteKey(ours);
  return later.withdraw({ table: "mac-ip-route", key, row: undefined }, ours);
}

function tell(host: number): void {
  const row = { ...routeOf(host), ip: undefined };
  later.tell({ table: "mac-ip-route", key: macIpRouteKey(row), row });
}

/** So many at once, of hosts of these numbers. */
function moveAll(from: number, to: number): readonly boolean[] {
  return Array.from({ length: to - from + 1 }, (_, i) => move(from + i));
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1000 });
  due = [];
  later = new LaterRoutes(clock, (routes) => {
    for (const { key, row } of routes) due.push(`${row === undefined ? "-" : "+"}${key}`);
  });
});

afterEach(() => {
  later.stop();
  vi.useRealTimers();
});

it("A few hosts that move are withdrawn at once; of more, the others by and by, the oldest first", () => {
  expect(moveAll(1, 10)).toEqual([...Array<boolean>(8).fill(true), false, false]);
  expect(due).toEqual([]);
  vi.advanceTimersByTime(49);
  expect(due).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(due).toEqual([9, 10].map((host) => `-${macIpRouteKey(routeOf(host))}`));
  expect(moveAll(11, 18)).toEqual(Array(8).fill(true));
});

it("While hosts move only a few are withdrawn in a lot, and many when none has for a while", () => {
  const [moved, perLot]: [number, number[]] = [250, []];
  for (let host = 1; host <= moved; host += 50) {
    moveAll(host, host + 49);
    vi.advanceTimersByTime(50);
    perLot.push(due.splice(0).length);
  }
  expect(perLot).toEqual([8, 8, 8, 8, 8]);
  // 150 ms more, in which nobody moves.
  vi.advanceTimersByTime(100);
  expect(due.splice(0).length).toBe(16);
  vi.advanceTimersByTime(50);
  expect(due.splice(0).length).toBe(128);
  vi.advanceTimersByTime(50);
  expect(due.length).toBe(moved - 8 - 40 - 16 - 128);
  expect(vi.getTimerCount()).toBe(0);
});

it("What only says once more where a host is comes a moment later, also of one host", () => {
  tell(1);
  vi.advanceTimersByTime(49);
  expect(due).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(due).toEqual([`+${macIpRouteKey({ ...routeOf(1), ip: undefined })}`]);
});

it("What is wanted otherwise meanwhile is forgotten", () => {
  moveAll(1, 10);
  later.forget(macIpRouteKey(routeOf(9)));
  vi.advanceTimersByTime(50);
  expect(due).toEqual([`-${macIpRouteKey(routeOf(10))}`]);
});

it("Nothing waits when a host is lost whose routes wait; another's loss elsewhere changes nothing", () => {
  moveAll(1, 100);
  later.left(fdbKey(routeOf(1)));
  later.left(fdbKey(routeOf(101)));
  expect(due).toEqual([]);
  later.left(fdbKey(routeOf(100)));
  expect(due.length).toBe(92);
  later.left(fdbKey(routeOf(100)));
  expect(due.length).toBe(92);
});

it("After the end nothing is due", () => {
  moveAll(1, 10);
  later.stop();
  vi.advanceTimersByTime(1000);
  expect(due).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
