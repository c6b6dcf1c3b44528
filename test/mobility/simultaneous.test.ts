/** Two leaves that claim a MAC at once: rule C3.14, and that it ends within two exchanges. */
import { describe, expect, it } from "vitest";
import type { MacIpRoute } from "../../src/evpn/mac-ip-route.ts";
import { macIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import { A, adv, B, I4, I6, Leaf, M } from "./leaf.ts";

/** What each says goes to the other, all at once; answers how many updates there were. */
function exchange(one: Leaf, other: Leaf): number {
  const pairs = [
    { from: one, to: other },
    { from: other, to: one },
  ].map(({ from, to }) => ({ to, told: heardBy(to), says: routesOf(from) }));
  let updates = 0;
  for (const { to, told, says } of pairs) {
    for (const [key, route] of says) {
      if (JSON.stringify(told.get(key)) === JSON.stringify(route)) continue;
      to.hears(route);
      updates++;
    }
    for (const [key, route] of told) {
      if (says.has(key)) continue;
      to.hearsWithdrawn(route);
      updates++;
    }
  }
  return updates;
}

function routesOf(leaf: Leaf): Map<string, MacIpRoute> {
  return new Map(
    leaf.rows("mac-ip-route").map((row) => {
      const rd = adv(leaf.vtep).rd;
      const route = { ...row, rd };
      return [macIpRouteKey(route), route];
    }),
  );
}

function heardBy(leaf: Leaf): Map<string, MacIpRoute> {
  return new Map(leaf.engine.rib.macIp);
}

/** Exchanges until there is nothing to say; answers how often something was said. */
function settle(one: Leaf, other: Leaf): number {
  for (let rounds = 0; rounds < 10; rounds++) if (exchange(one, other) === 0) return rounds;
  return Number.POSITIVE_INFINITY;
}

describe("A MAC that is seen at two leaves at once", () => {
  it("is at the lower VTEP after two exchanges, and the other says that it gave up", () => {
    const [lower, higher] = [Leaf.ready(A), Leaf.ready(B)];
    lower.sees({ ip: I4 });
    higher.sees({ ip: I4 });

    expect(settle(lower, higher)).toBeLessThanOrEqual(2);
    expect(lower.where()).toBe("p1");
    expect(higher.where()).toBe(A);
    expect(higher.noticesOf("outranked")).toMatchObject([{ decidedBy: "vtep" }]);
    expect(lower.noticesOf("outranked")).toEqual([]);
  });

  it("C3.14 with another IP at each does not ratchet: two exchanges, and it is at one", () => {
    const [lower, higher] = [Leaf.ready(A), Leaf.ready(B)];
    lower.sees({ ip: I4 });
    higher.sees({ ip: I6 });

    expect(settle(lower, higher)).toBeLessThanOrEqual(2);
    expect(higher.where()).toBe(A);
    expect(lower.advertised()).toEqual([`${M} - -`, `${M} ${I4} -`]);
  });

  it("and comes back to where it was each time ends each time within two exchanges", () => {
    const [lower, higher] = [Leaf.ready(A), Leaf.ready(B)];
    for (let i = 0; i < 3; i++) {
      lower.sees({ ip: I4, signal: "gratuitous-arp" });
      higher.sees({ ip: I4, signal: "gratuitous-arp" });
      expect(settle(lower, higher)).toBeLessThanOrEqual(2);
      expect([lower.where(), higher.where()].filter((place) => place === "p1")).toHaveLength(1);
    }
  });
});
