/** Which routes of MACs alone have time, and for how long. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { IpAddress } from "../src/evpn/ip.ts";
import type { MacAddress } from "../src/evpn/mac.ts";
import { type MacIpRoute, macIpRouteKey } from "../src/evpn/mac-ip-route.ts";
import { type MacRoute, MacRoutes } from "../src/mac-routes.ts";
import { A, adv } from "./mobility/leaf.ts";

let due: number[] = [];
let routes: MacRoutes;

function clock(): number {
  return vi.getMockedSystemTime()?.getTime() ?? 0;
}

function aloneOf(host: number, seq = 0): MacRoute {
  const mac = `02:00:00:00:01:${host.toString(16).padStart(2, "0")}` as MacAddress;
  const mobility = seq === 0 ? undefined : { seq, sticky: false };
  const row: MacIpRoute = { ...adv(A), mac, ip: undefined, mobility };
  return { key: macIpRouteKey(row), row };
}

function withIp(host: number, seq = 0): MacIpRoute {
  return { ...aloneOf(host, seq).row, ip: `10.0.0.${host}` as IpAddress };
}

/** They come one after the other; answers which of them are told at once. */
function come(from: number, to: number): readonly number[] {
  const atOnce: number[] = [];
  for (let host = from; host <= to; host++) {
    routes.told(withIp(host));
    if (routes.isDue(aloneOf(host))) atOnce.push(host);
    routes.allTold();
  }
  return atOnce;
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1000 });
  due = [];
  routes = new MacRoutes(clock, (told) => {
    due.push(...told.map(({ row }) => Number.parseInt(row.mac.slice(-2), 16)));
  });
});

afterEach(() => {
  routes.stop();
  vi.useRealTimers();
});

it("Those of a few hosts are told at once, of more the others when none has come for a while", () => {
  expect(come(1, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(routes.waiting).toBe(2);
  vi.advanceTimersByTime(30);
  // As long as some wait, none overtakes them.
  expect(come(11, 11)).toEqual([]);
  vi.advanceTimersByTime(69);
  expect(due).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(due).toEqual([9, 10, 11]);
  expect(vi.getTimerCount()).toBe(0);
  expect(come(12, 20)).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
});

it("None waits longer than a second, though hosts never stop coming", () => {
  come(1, 9);
  for (let host = 10; host < 30; host++) {
    vi.advanceTimersByTime(49);
    come(host, host);
  }
  expect(due).toEqual([]);
  vi.advanceTimersByTime(20);
  expect(due).toEqual([9]);
});

it("A MAC that is told of without an IP does not wait, nor is it one of the few", () => {
  come(1, 7);
  for (let host = 20; host < 30; host++) expect(routes.isDue(aloneOf(host))).toBe(true);
  expect(come(8, 9)).toEqual([8]);
  expect(routes.isDue(aloneOf(30))).toBe(true);
});

it("A route with an IP stands for the MAC's of the same number alone, in the same breath", () => {
  come(1, 9);
  routes.told(withIp(10, 1));
  routes.told(withIp(11, 2));
  expect(routes.isDue(aloneOf(10, 2))).toBe(true);
  expect(routes.isDue(aloneOf(11, 2))).toBe(false);
  routes.allTold();
  expect(routes.isDue(aloneOf(11, 2))).toBe(true);
});

it("Where the route with the IP goes again, that of the MAC alone waits no longer", () => {
  come(1, 11);
  routes.left(withIp(10));
  expect(due).toEqual([]);
  routes.allTold();
  expect(due).toEqual([10]);
  // Both go, in whatever order: there is nothing to tell.
  routes.left(withIp(11));
  routes.forget(aloneOf(11).key);
  routes.allTold();
  vi.advanceTimersByTime(1000);
  expect(due).toEqual([10, 9]);
});

it("What is wanted otherwise meanwhile is forgotten", () => {
  come(1, 10);
  routes.forget(aloneOf(9).key);
  vi.advanceTimersByTime(1000);
  expect(due).toEqual([10]);
});

it("All that wait are told in haste, and none after the end", () => {
  come(1, 10);
  routes.hurry();
  expect(due).toEqual([9, 10]);
  come(11, 21);
  routes.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(2000);
  expect(due).toEqual([9, 10]);
});
