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
    if (routes.isDue(aloneOf(host))) atOnce.push(host);
    routes.told(withIp(host));
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
  expect(come(1, 6)).toEqual([1, 2, 3, 4]);
  expect(routes.waiting).toBe(2);
  vi.advanceTimersByTime(30);
  // As long as some wait, none overtakes them.
  expect(come(7, 7)).toEqual([]);
  vi.advanceTimersByTime(69);
  expect(due).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(due).toEqual([5, 6, 7]);
  expect(vi.getTimerCount()).toBe(0);
  expect(come(8, 12)).toEqual([8, 9, 10, 11]);
});

it("None waits longer than a second, though hosts never stop coming", () => {
  come(1, 5);
  for (let host = 6; host < 26; host++) {
    vi.advanceTimersByTime(49);
    come(host, host);
  }
  expect(due).toEqual([]);
  vi.advanceTimersByTime(20);
  expect(due).toEqual([5]);
});

it("A MAC that is told of without an IP does not wait", () => {
  come(1, 4);
  expect(routes.isDue(aloneOf(5))).toBe(false);
  expect(due).toEqual([]);
  routes.allTold();
  expect(due).toEqual([5]);
  expect(routes.waiting).toBe(0);
});

it("A route with an IP stands for the MAC's of the same number alone", () => {
  come(1, 4);
  routes.isDue(aloneOf(5, 2));
  routes.told(withIp(5, 1));
  routes.told(withIp(6, 2));
  routes.allTold();
  expect(due).toEqual([5]);
  routes.isDue(aloneOf(5, 2));
  routes.told(withIp(5, 2));
  routes.allTold();
  expect(due).toEqual([5]);
  expect(routes.waiting).toBe(1);
});

it("Where the route with the IP goes again, that of the MAC alone waits no longer", () => {
  come(1, 7);
  routes.left(withIp(6));
  expect(due).toEqual([]);
  routes.allTold();
  expect(due).toEqual([6]);
  // Both go: there is nothing to tell.
  routes.left(withIp(7));
  routes.forget(aloneOf(7).key);
  routes.allTold();
  vi.advanceTimersByTime(1000);
  expect(due).toEqual([6, 5]);
});

it("What is wanted otherwise meanwhile is forgotten", () => {
  come(1, 6);
  routes.forget(aloneOf(5).key);
  routes.isDue(aloneOf(7));
  routes.forget(aloneOf(7).key);
  routes.allTold();
  vi.advanceTimersByTime(1000);
  expect(due).toEqual([6]);
});

it("All that wait are told in haste, and none after the end", () => {
  come(1, 6);
  routes.hurry();
  expect(due).toEqual([5, 6]);
  come(7, 13);
  routes.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(2000);
  expect(due).toEqual([5, 6]);
});
