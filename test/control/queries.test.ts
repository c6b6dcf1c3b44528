import { describe, expect, it } from "vitest";
import type { Filter } from "../../src/control/protocol.ts";
import { readFilter } from "../../src/control/protocol.ts";
import { show } from "../../src/control/queries/show.ts";
import type { ShowRows, What } from "../../src/control/rows.ts";
import type { Snapshot } from "../../src/control/snapshot.ts";
import { macIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import type { MoveRecord } from "../../src/report/move.ts";
import {
  entry,
  imetRoute,
  LEAF1,
  LEAF2,
  LEAF3,
  macIpRoute,
  port,
  T0,
  vni,
  vrf,
  world,
} from "./world.ts";

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const C = "02:00:00:00:00:0c";

function ask<W extends What>(
  what: W,
  snapshot: Snapshot,
  typed: Record<string, unknown> = {},
): ShowRows[W][] {
  const filter = readFilter(what, typed);
  if (!filter.ok) throw new TypeError(filter.error);
  return [...show(snapshot, { what, filter: filter.value as Filter })].flat();
}

describe("show macs", () => {
  const here = entry({ mac: A, port: "swp1", seq: 3, ips: ["192.0.2.10", "192.0.2.9"] });
  const there = entry({
    mac: B,
    remote: [
      macIpRoute(LEAF2, { mac: B, seq: 1 }),
      macIpRoute(LEAF2, { mac: B, ip: "2001:db8::b", seq: 1 }),
      macIpRoute(LEAF3, { mac: B, ip: "192.0.2.99" }),
    ],
  });
  const nowhere = entry({ mac: C });

  it("a local MAC is here, on its port, with its IPs in the order of their numbers", () => {
    expect(ask("macs", world({ entries: [here] }))).toEqual([
      {
        vni: 10,
        mac: A,
        whereabouts: "here",
        port: "swp1",
        vtep: null,
        seq: 3,
        sticky: false,
        ips: ["192.0.2.9", "192.0.2.10"],
        learnedFrom: "gratuitous-arp",
        moves: 1,
        since: "2026-03-01T12:00:00.000Z",
      },
    ]);
  });

  it("a remote MAC is there, with the winner's VTEP, number and IPs only", () => {
    expect(ask("macs", world({ entries: [there] }))).toMatchObject([
      {
        whereabouts: "there",
        port: null,
        vtep: LEAF2,
        seq: 1,
        ips: ["2001:db8::b"],
        learnedFrom: "rib",
      },
    ]);
  });

  it("a MAC that nobody claims is nowhere, and its values are null", () => {
    expect(ask("macs", world({ entries: [nowhere] }))).toMatchObject([
      { whereabouts: "nowhere", port: null, vtep: null, seq: null, ips: [], learnedFrom: null },
    ]);
  });

  it("an IP that two routes of one VTEP name stands once", () => {
    const twice = { ...macIpRoute(LEAF2, { mac: B, ip: "192.0.2.1" }) };
    const rows = ask(
      "macs",
      world({
        entries: [
          entry({
            mac: B,
            remote: [twice, { ...macIpRoute(LEAF2, { vni: 20, mac: B, ip: "192.0.2.1" }) }],
          }),
        ],
      }),
    );
    expect(rows).toMatchObject([{ ips: ["192.0.2.1"] }]);
  });

  it("rows come by VNI as a number, then by MAC", () => {
    const entries = [
      entry({ vni: 1000, mac: A }),
      entry({ vni: 20, mac: B }),
      entry({ vni: 20, mac: A }),
    ];
    const order = ask("macs", world({ entries })).map((row) => `${row.vni} ${row.mac}`);
    expect(order).toEqual([`20 ${A}`, `20 ${B}`, `1000 ${A}`]);
  });

  const cases: readonly [sentence: string, typed: Record<string, unknown>, macs: string[]][] = [
    ["nothing shows all", {}, [A, B, C]],
    ["a MAC, in any spelling", { mac: "02-00-00-00-00-0A" }, [A]],
    ["an IP", { ip: "2001:DB8:0::B" }, [B]],
    ["an IP that only a loser names shows nothing", { ip: "192.0.2.99" }, []],
    ["a VTEP", { vtep: LEAF2 }, [B]],
    ["the VTEP of a loser shows nothing", { vtep: LEAF3 }, []],
    ["a port", { port: "swp1" }, [A]],
    ["local", { where: "local" }, [A]],
    ["remote", { where: "remote" }, [B]],
    ["another VNI shows nothing", { vni: 11 }, []],
    ["two filters that both fit", { vni: 10, where: "remote" }, [B]],
  ];
  for (const [sentence, typed, macs] of cases) {
    it(`narrowed by ${sentence}`, () => {
      const rows = ask("macs", world({ entries: [nowhere, there, here] }), typed);
      expect(rows.map((row) => row.mac)).toEqual(macs);
    });
  }

  it("100 000 MACs come in their order, the first soon, and no step of it takes them all", () => {
    const entries = Array.from({ length: 100_000 }, (_, i) => {
      const scattered = (i * 7919) % 100_000;
      return entry({
        mac: `02:00:00${scattered.toString(16).padStart(6, "0").replace(/../g, ":$&")}`,
      });
    });
    const batches = [...show(world({ entries }), { what: "macs", filter: {} })];
    const macs = batches.flat().map((row) => row.mac);

    expect(macs).toHaveLength(100_000);
    expect(macs.every((mac, i) => i === 0 || (macs[i - 1] ?? "") < mac)).toBe(true);
    expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThanOrEqual(128);
    const pauses = batches.findIndex((batch) => batch.length > 0);
    expect(pauses).toBeGreaterThan(300);
    expect(pauses).toBeLessThan(500);
    expect(batches.filter((batch) => batch.length === 0)).toHaveLength(pauses);
  });
});

describe("show neighbors", () => {
  it("has one row for each binding, by VNI and IP, each IP as its number", () => {
    const entries = [
      entry({ mac: A, port: "swp1", ips: ["192.0.2.10", "2001:db8::1", "192.0.2.9"] }),
      entry({ mac: B, remote: [macIpRoute(LEAF2, { mac: B, ip: "192.0.2.100", seq: 2 })] }),
    ];
    const rows = ask("neighbors", world({ entries }));
    expect(rows.map(({ ip, mac }) => [ip, mac])).toEqual([
      ["192.0.2.9", A],
      ["192.0.2.10", A],
      ["192.0.2.100", B],
      ["2001:db8::1", A],
    ]);
    expect(rows[2]).toEqual({
      vni: 10,
      ip: "192.0.2.100",
      mac: B,
      whereabouts: "there",
      port: null,
      vtep: LEAF2,
      seq: 2,
      router: null,
      since: new Date(T0).toISOString(),
    });
  });

  it("narrowed by an IP shows whoever holds it", () => {
    const entries = [A, B].map((mac) => entry({ mac, port: "swp1", ips: ["192.0.2.1"] }));
    expect(ask("neighbors", world({ entries }), { ip: "192.0.2.1" }).map((row) => row.mac)).toEqual(
      [A, B],
    );
  });
});

describe("show routes", () => {
  const reasons = (snapshot: Snapshot, typed: Record<string, unknown> = {}) =>
    ask("routes", snapshot, typed).map(({ nexthop, selected, reason }) => ({
      nexthop,
      selected,
      reason,
    }));

  it("C1.6 a route with a lower number than ours has lost by sequence", () => {
    const snapshot = world({
      entries: [
        entry({ mac: A, port: "swp1", seq: 3, remote: [macIpRoute(LEAF2, { mac: A, seq: 2 })] }),
      ],
      ownMacIpRoutes: [macIpRoute(LEAF1, { mac: A, seq: 3 })],
    });
    expect(reasons(snapshot)).toEqual([
      { nexthop: LEAF1, selected: true, reason: null },
      { nexthop: LEAF2, selected: false, reason: "lower sequence" },
    ]);
  });

  it("C1.9 C1.11 of two equal claims that of the higher VTEP has lost, .10 to .2", () => {
    const remote = [LEAF3, LEAF2].map((vtep) => macIpRoute(vtep, { mac: A, seq: 3 }));
    expect(reasons(world({ entries: [entry({ mac: A, remote })] }))).toEqual([
      { nexthop: LEAF2, selected: true, reason: null },
      { nexthop: LEAF3, selected: false, reason: "higher vtep" },
    ]);
  });

  it("C2.12 a claim, however high, has lost to a sticky one", () => {
    const remote = [
      macIpRoute(LEAF2, { mac: A, seq: 9 }),
      macIpRoute(LEAF3, { mac: A, seq: 0, sticky: true }),
    ];
    expect(reasons(world({ entries: [entry({ mac: A, remote })] }))).toEqual([
      { nexthop: LEAF2, selected: false, reason: "sticky elsewhere" },
      { nexthop: LEAF3, selected: true, reason: null },
    ]);
  });

  it("C3.8 all routes of the winner are followed, those with a lower number too", () => {
    const remote = [
      macIpRoute(LEAF3, { mac: A, seq: 2 }),
      macIpRoute(LEAF3, { mac: A, ip: "192.0.2.1", seq: 6 }),
      macIpRoute(LEAF2, { mac: A, seq: 5 }),
    ];
    expect(reasons(world({ entries: [entry({ mac: A, remote })] }))).toEqual([
      { nexthop: LEAF3, selected: true, reason: null },
      { nexthop: LEAF2, selected: false, reason: "lower sequence" },
      { nexthop: LEAF3, selected: true, reason: null },
    ]);
  });

  it("C1.22 a route that is not taken in says why", () => {
    const route = macIpRoute(LEAF2, { vni: 77, mac: A });
    const ignored = [{ kind: "mac-ip", route, reason: "no-matching-route-target" }] as const;
    expect(reasons(world({ ignored }))).toEqual([
      { nexthop: LEAF2, selected: false, reason: "no matching route target" },
    ]);
  });

  it("a Type 2 row has all that the route says; no community is no number", () => {
    const remote = [macIpRoute(LEAF2, { mac: A, ip: "192.0.2.1" })];
    expect(ask("routes", world({ entries: [entry({ mac: A, remote })] }))).toEqual([
      {
        type: 2,
        routeDistinguisher: "10.255.0.2:10",
        ethernetTag: 0,
        mac: A,
        ip: "192.0.2.1",
        vni: 10,
        nexthop: LEAF2,
        routeTargets: ["65000:10"],
        seq: null,
        sticky: false,
        esi: "00:00:00:00:00:00:00:00:00:00",
        origin: "remote",
        selected: true,
        reason: null,
        l3vni: null,
        defaultGateway: false,
        since: null,
      },
    ]);
  });

  it("a Type 3 row has the originator as its IP, and neither MAC nor ESI", () => {
    const snapshot = world({ floods: [imetRoute(LEAF2)], ownImetRoutes: [imetRoute(LEAF1)] });
    expect(ask("routes", snapshot)).toMatchObject([
      { type: 3, ip: LEAF1, mac: null, esi: null, seq: null, origin: "local", selected: true },
      { type: 3, ip: LEAF2, mac: null, esi: null, seq: null, origin: "remote", selected: true },
    ]);
  });

  it("has every path that GoBGP has of a route, where they were asked for", () => {
    const route = macIpRoute(LEAF2, { mac: A });
    const paths = new Map([
      [
        macIpRouteKey(route),
        [
          {
            neighbor: "10.255.0.100",
            best: true,
            since: T0 / 1000,
            attributes: () => ({ origin: "IGP" }),
          },
          { neighbor: undefined, best: false, since: undefined, attributes: () => ({}) },
        ],
      ],
    ]);
    const snapshot = world({ entries: [entry({ mac: A, remote: [route] })], paths });
    expect(ask("routes", snapshot)[0]?.paths).toEqual([
      {
        neighbor: "10.255.0.100",
        best: true,
        since: "2026-03-01T12:00:00.000Z",
        attributes: { origin: "IGP" },
      },
      { neighbor: null, best: false, since: null, attributes: {} },
    ]);
    expect(ask("routes", { ...snapshot, paths: new Map() })[0]?.paths).toEqual([]);
  });

  it("C1.27 says of a gateway's route that it is no rival to a host here", () => {
    const gateway = { ...macIpRoute(LEAF2, { mac: A, seq: 9 }), defaultGateway: true };
    const snapshot = world({ entries: [entry({ mac: A, port: "swp1", remote: [gateway] })] });
    expect(ask("routes", snapshot)).toMatchObject([
      { selected: false, reason: "default gateway", defaultGateway: true },
    ]);
  });

  const old = macIpRoute(LEAF2, { mac: A, ip: "192.0.2.1" });
  const snapshot = world({
    entries: [
      entry({ mac: A, remote: [old] }),
      entry({
        vni: 20,
        mac: B,
        remote: [macIpRoute(LEAF3, { vni: 20, mac: B, sticky: true, seq: 4 })],
      }),
      entry({ mac: C, port: "swp1" }),
    ],
    // An hour before the question, and half a minute.
    since: (key) => {
      if (key === macIpRouteKey(old)) return T0 + 90_500 - 3_600_000;
      return key.includes(B) ? T0 + 60_500 : undefined;
    },
    ownMacIpRoutes: [macIpRoute(LEAF1, { mac: C })],
    ownImetRoutes: [imetRoute(LEAF1)],
    floods: [imetRoute(LEAF2), imetRoute(LEAF3, 20)],
  });
  const cases: readonly [sentence: string, typed: Record<string, unknown>, routes: string[]][] = [
    ["Type 2", { type: 2 }, [`2 ${A}`, `2 ${C}`, `2 ${B}`]],
    ["Type 3", { type: 3 }, [`3 ${LEAF1}`, `3 ${LEAF2}`, `3 ${LEAF3}`]],
    ["a VNI", { vni: 20 }, [`2 ${B}`, `3 ${LEAF3}`]],
    ["a MAC", { mac: A }, [`2 ${A}`]],
    ["an IP", { ip: "192.0.2.1" }, [`2 ${A}`]],
    ["a next hop", { vtep: LEAF3 }, [`2 ${B}`, `3 ${LEAF3}`]],
    ["local", { where: "local" }, [`2 ${C}`, `3 ${LEAF1}`]],
    ["a next hop by its name", { nexthop: LEAF2 }, [`2 ${A}`, `3 ${LEAF2}`]],
    ["a route distinguisher", { rd: `${LEAF3}:20` }, [`2 ${B}`, `3 ${LEAF3}`]],
    ["a sequence number", { seq: 4 }, [`2 ${B}`]],
    ["the number 0, which no community is", { seq: 0 }, [`2 ${A}`, `2 ${C}`]],
    ["sticky", { sticky: true }, [`2 ${B}`]],
    ["those that stand for longer", { older: 600 }, [`2 ${A}`]],
    ["those that stand for no longer", { newer: 600 }, [`2 ${B}`]],
    ["an age to the second", { older: 30, newer: 3600 }, [`2 ${A}`, `2 ${B}`]],
    ["a port", { port: "swp1" }, [`2 ${C}`]],
    ["remote and Type 3", { where: "remote", type: 3 }, [`3 ${LEAF2}`, `3 ${LEAF3}`]],
  ];
  for (const [sentence, typed, routes] of cases) {
    it(`narrowed by ${sentence}`, () => {
      const rows = ask("routes", snapshot, typed);
      expect(rows.map((row) => `${row.type} ${row.mac ?? row.ip}`)).toEqual(routes);
    });
  }
});

describe("show vnis, vteps and ports", () => {
  const snapshot = world({
    vrfs: [vrf(20), vrf(10)],
    entries: [
      entry({ mac: A, port: "swp10" }),
      entry({ mac: B, remote: [macIpRoute(LEAF3, { mac: B })] }),
      entry({ mac: C }),
    ],
    floods: [imetRoute(LEAF2)],
    ports: [
      port("swp10", {
        frames: 7,
        ignored: new Map([
          ["hop-limit", 2],
          ["truncated", 1],
        ]),
      }),
      port("swp2", { up: false }),
      port("swp2", { vni: vni(20) }),
    ],
  });

  it("a MAC-VRF has its ports as people count, its MACs, and who is in it", () => {
    expect(ask("vnis", snapshot)).toMatchObject([
      {
        vni: 10,
        bridge: "br10",
        vxlan: "vxlan10",
        vtep: LEAF1,
        routeDistinguisher: "10.255.0.1:10",
        importTargets: ["*:10", "*:268435466"],
        exportTargets: ["65000:10"],
        ports: ["swp2", "swp10"],
        localMacs: 1,
        remoteMacs: 1,
        remoteVteps: [LEAF2, LEAF3],
        vlan: null,
      },
      { vni: 20, ports: ["swp2"], localMacs: 0, remoteMacs: 0, remoteVteps: [] },
    ]);
  });

  it("a MAC-VRF has no BGP part before the speaker is known", () => {
    const vrfs = [{ segment: vrf(10).segment, rd: undefined }];
    expect(ask("vnis", world({ vrfs }))).toMatchObject([
      { routeDistinguisher: null, importTargets: [], exportTargets: [] },
    ]);
  });

  it("a VTEP may want floods without having MACs, and the other way round", () => {
    expect(ask("vteps", snapshot)).toEqual([
      { vni: 10, vtep: LEAF2, flooding: true, macs: 0 },
      { vni: 10, vtep: LEAF3, flooding: false, macs: 1 },
    ]);
    expect(ask("vteps", snapshot, { vtep: LEAF3 })).toHaveLength(1);
    expect(ask("vteps", snapshot, { vni: 20 })).toEqual([]);
  });

  it("a port has its state, its MACs, its frames and those that were ignored", () => {
    expect(ask("ports", snapshot, { vni: 10 })).toEqual([
      {
        vni: 10,
        port: "swp2",
        state: "down",
        macs: 0,
        frames: 0,
        ignored: 0,
        ignoredBy: {},
        vlan: null,
      },
      {
        vni: 10,
        port: "swp10",
        state: "up",
        macs: 1,
        frames: 7,
        ignored: 3,
        ignoredBy: { "hop-limit": 2, truncated: 1 },
        vlan: null,
      },
    ]);
    expect(ask("ports", snapshot, { port: "swp2" }).map((row) => row.vni)).toEqual([10, 20]);
  });
});

describe("show moves", () => {
  const move = (to: string | null, seq: number): MoveRecord => ({
    at: new Date(T0 + seq).toISOString(),
    vni: 10,
    mac: A,
    ips: ["192.0.2.1"],
    from: "swp1",
    to,
    seq,
    signal: "gratuitous-arp",
    by: null,
    over: null,
    steps: [{ name: "frame", atMs: 0 }],
    redirected: 0,
  });
  const moves = [move("swp2", 1), move(LEAF2, 2), move(null, 3)];

  const cases: readonly [sentence: string, typed: Record<string, unknown>, seqs: number[]][] = [
    ["nothing shows all, oldest first", {}, [1, 2, 3]],
    ["last shows the newest", { last: 2 }, [2, 3]],
    ["last above what there is shows all", { last: 99 }, [1, 2, 3]],
    ["local shows what came here", { where: "local" }, [1]],
    ["remote shows what went there", { where: "remote" }, [2]],
    ["a VTEP", { vtep: LEAF2 }, [2]],
    ["a port, as origin as well", { port: "swp1" }, [1, 2, 3]],
    ["an IP nobody has shows nothing", { ip: "192.0.2.2" }, []],
  ];
  for (const [sentence, typed, seqs] of cases) {
    it(`narrowed by ${sentence}`, () => {
      expect(ask("moves", world({ moves }), typed).map((row) => row.seq)).toEqual(seqs);
    });
  }
});

describe("status", () => {
  it("says in one row whether the daemon does its work", () => {
    const entries = [
      entry({ mac: A, port: "swp1" }),
      entry({ mac: B, remote: [macIpRoute(LEAF2, { mac: B })] }),
      entry({ mac: C }),
    ];
    expect(ask("status", world({ entries, pending: { kernel: 2, gobgp: 1 } }))).toEqual([
      {
        version: "0.1.0",
        ready: true,
        uptimeSeconds: 90,
        vtep: LEAF1,
        gobgp: {
          address: "127.0.0.1:50051",
          api: "v4",
          connected: true,
          asn: 65000,
          routerId: LEAF1,
          peers: [{ address: "10.255.0.100", asn: 65000, state: "established" }],
        },
        vnis: 1,
        macs: { local: 1, remote: 1, duplicate: 0 },
        pending: { kernel: 2, gobgp: 1 },
      },
    ]);
  });

  it("has null for what is not known before GoBGP is", () => {
    const gobgp = {
      address: "unix:/run/gobgp/api.sock",
      api: undefined,
      connected: false,
      asn: undefined,
      routerId: undefined,
      peers: [],
    };
    expect(ask("status", world({ gobgp, vtep: undefined, vrfs: [] }))).toMatchObject([
      { vtep: null, vnis: 0, gobgp: { api: null, connected: false, asn: null, routerId: null } },
    ]);
  });
});
