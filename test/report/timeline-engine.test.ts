import { describe, expect, it } from "vitest";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { type MacIpRoute, macIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import { portName } from "../../src/evpn/port.ts";
import type { RouteDistinguisher } from "../../src/evpn/route-distinguisher.ts";
import type { RouteTarget } from "../../src/evpn/route-target.ts";
import { DEFAULT_DUPLICATES } from "../../src/mobility/duplicates.ts";
import { Engine } from "../../src/mobility/engine.ts";
import { type Observation, SOURCES } from "../../src/mobility/observation.ts";
import { DEFAULT_PROBES } from "../../src/mobility/probes.ts";
import { Timeline, type WrittenRow } from "../../src/report/timeline.ts";
import { IP, LEAF2, MAC, route, SELF, VNI } from "./fixtures.ts";

const eth1 = portName("eth1");

/** The decision with a world that does at once what it asks for, one millisecond later. */
class Leaf {
  readonly timeline = new Timeline();
  readonly #engine = new Engine({
    domains: new Map(),
    duplicates: DEFAULT_DUPLICATES,
    probe: DEFAULT_PROBES,
  });
  readonly #standing = new Map<string, WrittenRow>();
  #now = 0;

  constructor() {
    const segment = {
      vni: VNI,
      vtep: SELF,
      bridge: "br10",
      vxlan: "vxlan10",
      ownMacs: [] as readonly MacAddress[],
    };
    this.observe({ kind: "segment-up", segment });
    this.observe({ kind: "port-up", vni: VNI, port: eth1 });
    this.observe({ kind: "speaker-up", speaker: { asn: 65000, routerId: SELF } });
    for (const source of SOURCES) this.observe({ kind: "told", source });
  }

  observe(observation: Observation): void {
    this.#now += 10;
    const { wants, notices } = this.#engine.observe(observation, this.#now);
    for (const notice of notices) this.timeline.observeNotice(notice, this.#now);
    for (const { table, key, row } of wants) {
      const at = `${table}|${key}`;
      const stood = this.#standing.get(at);
      const change =
        row === undefined
          ? stood && ({ ...stood, kind: "remove" } as WrittenRow)
          : ({ table, kind: "put", row } as WrittenRow);
      if (change === undefined) continue;
      if (row === undefined) this.#standing.delete(at);
      else this.#standing.set(at, change);
      this.timeline.observeWritten(change, this.#now + 1);
    }
  }
}

function fromLeaf2(seq: number): MacIpRoute {
  return {
    ...route(seq, IP),
    rd: "10.255.0.2:10" as RouteDistinguisher,
    nexthop: LEAF2,
    routeTargets: ["65000:10" as RouteTarget],
  };
}

const seen: Observation = {
  kind: "seen",
  vni: VNI,
  port: eth1,
  mac: MAC,
  ip: IP,
  signal: "gratuitous-arp",
};

describe("The timeline of what the engine decides", () => {
  it("shows a VM that comes from another leaf, and goes back to it", () => {
    const leaf = new Leaf();
    leaf.observe({ kind: "claimed", route: fromLeaf2(0) });
    leaf.observe(seen);
    leaf.observe({ kind: "unclaimed", key: macIpRouteKey(fromLeaf2(0)) });
    leaf.observe({ kind: "claimed", route: fromLeaf2(2) });

    expect(leaf.timeline.moves()).toMatchObject([
      {
        from: LEAF2,
        to: "eth1",
        seq: 1,
        ips: [IP],
        signal: "gratuitous-arp",
        steps: [
          { name: "frame", atMs: 0 },
          { name: "decision", atMs: 0 },
          { name: "route-sent", atMs: 1 },
          { name: "fdb", atMs: 1 },
          { name: "old-owner-let-go", atMs: 10 },
        ],
      },
      {
        from: "eth1",
        to: LEAF2,
        seq: 2,
        signal: "route",
        steps: [
          { name: "route", atMs: 0 },
          { name: "decision", atMs: 0 },
          { name: "fdb", atMs: 1 },
          { name: "route-withdrawn", atMs: 1 },
        ],
      },
    ]);
  });

  it("shows a VM whose port goes down before it turns up elsewhere", () => {
    const leaf = new Leaf();
    leaf.observe(seen);
    leaf.observe({ kind: "port-down", vni: VNI, port: eth1 });
    leaf.observe({ kind: "claimed", route: fromLeaf2(1) });

    expect(leaf.timeline.moves()).toMatchObject([
      {
        from: "eth1",
        to: LEAF2,
        steps: [
          { name: "route-withdrawn", atMs: -9 },
          { name: "route", atMs: 0 },
          { name: "decision", atMs: 0 },
          { name: "fdb", atMs: 1 },
        ],
      },
    ]);
  });

  it("shows a VM that its old leaf has withdrawn before it was seen here", () => {
    const leaf = new Leaf();
    leaf.observe({ kind: "claimed", route: fromLeaf2(0) });
    leaf.observe({ kind: "unclaimed", key: macIpRouteKey(fromLeaf2(0)) });
    leaf.observe(seen);

    expect(leaf.timeline.moves()).toMatchObject([
      {
        from: LEAF2,
        to: "eth1",
        steps: [
          { name: "old-owner-let-go", atMs: -10 },
          { name: "frame", atMs: 0 },
          { name: "decision", atMs: 0 },
          { name: "route-sent", atMs: 1 },
        ],
      },
    ]);
  });
});

describe("A move by the word of the hypervisor", () => {
  const attach = { kind: "attach", vni: VNI, mac: MAC, port: eth1, ips: [IP] } as const;

  it("tells who has given it", () => {
    const leaf = new Leaf();
    leaf.observe({ kind: "claimed", route: fromLeaf2(3) });
    leaf.observe({ kind: "word", word: attach, by: "alice at 192.0.2.9" });
    expect(leaf.timeline.moves()).toMatchObject([
      { from: LEAF2, to: "eth1", signal: "word", by: "alice at 192.0.2.9" },
    ]);
  });

  it("is nobody else's who says the same later, nor that of a frame anybody's", () => {
    const leaf = new Leaf();
    leaf.observe({ kind: "claimed", route: fromLeaf2(3) });
    leaf.observe({ kind: "word", word: attach, by: "alice at 192.0.2.9" });
    leaf.observe({ kind: "word", word: attach, by: "socket" });
    leaf.observe({ kind: "claimed", route: fromLeaf2(9) });
    leaf.observe(seen);
    leaf.observe({ kind: "word", word: attach, by: "socket" });
    const tellers = leaf.timeline.moves().map(({ to, by }) => [to, by]);
    expect(tellers).toEqual([
      ["eth1", "alice at 192.0.2.9"],
      [LEAF2, null],
      ["eth1", null],
    ]);
  });
});
