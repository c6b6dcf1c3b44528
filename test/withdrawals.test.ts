/** Which withdrawals have time, and for how long. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { IpAddress } from "../src/evpn/ip.ts";
import type { MacAddress } from "../src/evpn/mac.ts";
import { type MacIpRoute, type MacIpRouteKey, macIpRouteKey } from "../src/evpn/mac-ip-route.ts";
import { fdbKey } from "../src/evpn/rows.ts";
import { Withdrawals } from "../src/withdrawals.ts";
import { A, adv } from "./mobility/leaf.ts";

let due: string[] = [];
let withdrawals: Withdrawals;
/** Hosts of which the other leaf tells without an IP. */
let succeeded: Set<string>;

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
  succeeded = new Set();
  withdrawals = new Withdrawals(
    clock,
    (keys) => due.push(...keys),
    ({ mac }) => succeeded.has(mac),
  );
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

/** The routes of so many hosts that wait, as a leaf gives them up: of the MAC alone, then with the IP. */
function moveWithBoth(hosts: readonly number[]): void {
  moveAll(1, 8);
  for (const host of hosts) {
    for (const ours of [{ ...routeOf(host), ip: undefined }, routeOf(host)]) {
      expect(withdrawals.isDue(macIpRouteKey(ours), ours)).toBe(false);
    }
  }
}

function aloneOf(host: number): string {
  return macIpRouteKey({ ...routeOf(host), ip: undefined });
}

it("The route of a MAC alone waits for that of the other leaf, and holds up no other", () => {
  moveWithBoth([11, 12]);
  vi.advanceTimersByTime(150);
  expect(due).toEqual([11, 12].map((host) => macIpRouteKey(routeOf(host))));
  // They wait for nothing but their heirs.
  expect(moveAll(21, 28)).toEqual(Array(8).fill(true));
  succeeded.add(routeOf(12).mac);
  vi.advanceTimersByTime(50);
  expect(due.slice(2)).toEqual([aloneOf(12)]);
  succeeded.add(routeOf(11).mac);
  vi.advanceTimersByTime(50);
  expect(due.slice(3)).toEqual([aloneOf(11)]);
  expect(vi.getTimerCount()).toBe(0);
});

it("So it does where only a few move, and is withdrawn at once where the other leaf has told it before", () => {
  const alone = (host: number): boolean => {
    const ours = { ...routeOf(host), ip: undefined };
    return withdrawals.isDue(macIpRouteKey(ours), ours);
  };
  succeeded.add(routeOf(1).mac);
  expect([alone(1), move(1), alone(2), move(2)]).toEqual([true, true, false, true]);
  expect(withdrawals.waiting).toBe(1);
  vi.advanceTimersByTime(500);
  expect(due).toEqual([]);
  expect(move(3)).toBe(true);
  succeeded.add(routeOf(2).mac);
  vi.advanceTimersByTime(50);
  expect(due).toEqual([aloneOf(2)]);
  expect(vi.getTimerCount()).toBe(0);
  alone(4);
  withdrawals.hurry();
  alone(5);
  withdrawals.forget(aloneOf(5) as MacIpRouteKey);
  vi.advanceTimersByTime(20_000);
  expect(due.slice(1)).toEqual([aloneOf(4)]);
});

it("Those that wait for the other leaf's in vain hold up no others that do", () => {
  moveAll(1, 8);
  for (let host = 100; host < 500; host++) {
    const ours = { ...routeOf(host), ip: undefined };
    withdrawals.isDue(macIpRouteKey(ours), ours);
  }
  vi.advanceTimersByTime(1000);
  expect(due).toEqual([]);
  // The other leaf has told of the last of them, and of the first it never will.
  for (let host = 200; host < 500; host++) succeeded.add(routeOf(host).mac);
  vi.advanceTimersByTime(50);
  expect(due.length).toBe(128);
  vi.advanceTimersByTime(100);
  expect(due.length).toBe(300);
  expect(withdrawals.waiting).toBe(100);
});

it("Together they are no more than gobgpd passes on", () => {
  const hosts = Array.from({ length: 200 }, (_, i) => 100 + i);
  moveWithBoth(hosts);
  vi.advanceTimersByTime(1000);
  expect(due.splice(0).length).toBe(200);
  for (const host of hosts) succeeded.add(routeOf(host).mac);
  moveAll(400, 800);
  vi.advanceTimersByTime(200);
  due.splice(0);
  vi.advanceTimersByTime(50);
  expect(due.length).toBe(128);
});

it("The route of a MAC alone does not wait for ever for a leaf that tells none", () => {
  moveWithBoth([11]);
  vi.advanceTimersByTime(9950);
  expect(due).toEqual([macIpRouteKey(routeOf(11))]);
  vi.advanceTimersByTime(50);
  expect(due.slice(1)).toEqual([aloneOf(11)]);
});

it("The route of a MAC alone does not wait when its host is lost", () => {
  moveWithBoth([11, 12]);
  vi.advanceTimersByTime(150);
  expect(due.splice(0).length).toBe(2);
  // Nobody has it now, whom there is to wait for.
  succeeded.add(routeOf(11).mac);
  withdrawals.left(fdbKey(routeOf(11)));
  expect(due).toEqual([aloneOf(11)]);
  expect(withdrawals.waiting).toBe(1);
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
