import { describe, expect, it } from "vitest";
import type { FactsRow } from "../../src/control/facts-row.ts";
import { show } from "../../src/control/queries/show.ts";
import type { Snapshot } from "../../src/control/snapshot.ts";
import type { RouteDistinguisher } from "../../src/evpn/route-distinguisher.ts";
import type { RouteTarget } from "../../src/evpn/route-target.ts";
import { entry, imetRoute, LEAF1, LEAF2, LEAF3, macIpRoute, T0, world } from "./world.ts";

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";

function facts(snapshot: Snapshot): FactsRow {
  const [row, ...more] = [...show(snapshot, { what: "facts", filter: {} })].flat();
  if (row === undefined || more.length > 0) throw new Error("it is not one row");
  return row;
}

describe("facts", () => {
  it("say of a leaf where nothing is wrong what it is", () => {
    const snapshot = world({
      entries: [entry({ mac: A, remote: [macIpRoute(LEAF2, { mac: A })] })],
      floods: [imetRoute(LEAF2)],
      bridges: [{ name: "br10", ageingMs: 300_000, leastAgeingMs: 153_000 }],
    });
    expect(facts(snapshot)).toMatchObject({
      status: { version: "0.1.0", ready: true, macs: { remote: 1 } },
      capabilities: "3000",
      clock: { told: T0 + 90_500, ofDay: T0 + 90_500 },
      vnis: [
        {
          vni: 10,
          bridge: "br10",
          vxlan: "vxlan10",
          vtep: LEAF1,
          importTargets: ["*:10", "*:268435466"],
          exportTargets: ["65000:10"],
          flooding: [LEAF2],
          silent: [],
          unmatched: [],
          ageing: { bridgeSeconds: 300, leastSeconds: 153 },
        },
      ],
      sharedDistinguishers: [],
      tables: [],
    });
  });

  it("name a VTEP that has MACs and sends no IMET route", () => {
    const entries = [entry({ mac: A, remote: [macIpRoute(LEAF3, { mac: A })] })];
    expect(facts(world({ entries, floods: [imetRoute(LEAF2)] })).vnis[0]).toMatchObject({
      flooding: [LEAF2],
      silent: [LEAF3],
    });
  });

  it("C1.22 count the routes whose route targets nobody imports, by VTEP", () => {
    const routeTargets = ["65000:99" as RouteTarget];
    const of = (mac: string) => ({ ...macIpRoute(LEAF2, { mac }), routeTargets });
    const ignored = [A, B].map((mac) => ({
      kind: "mac-ip" as const,
      route: of(mac),
      reason: "no-matching-route-target" as const,
    }));
    expect(facts(world({ ignored })).vnis[0]?.unmatched).toEqual([
      { vtep: LEAF2, routeTargets, routes: 2 },
    ]);
  });

  it("C1.28 name who shares our route distinguisher, and which others share one", () => {
    const ours = `${LEAF1}:10` as RouteDistinguisher;
    const ignored = [
      {
        kind: "mac-ip" as const,
        route: { ...macIpRoute(LEAF2, { mac: A }), rd: ours },
        reason: "own-route-distinguisher" as const,
      },
      // Our own route come back is nobody else's.
      {
        kind: "imet" as const,
        route: imetRoute(LEAF1),
        reason: "own-route-distinguisher" as const,
      },
    ];
    const theirs = "1.1.1.1:10" as RouteDistinguisher;
    const floods = [LEAF2, LEAF3].map((vtep) => ({ ...imetRoute(vtep), rd: theirs }));
    expect(facts(world({ ignored, floods })).sharedDistinguishers).toEqual([
      { routeDistinguisher: ours, vteps: [LEAF1, LEAF2] },
      { routeDistinguisher: theirs, vteps: [LEAF3, LEAF2].sort() },
    ]);
    expect(facts(world({ ignored: ignored.slice(1) })).sharedDistinguishers).toEqual([]);
  });
});
