/**
 * What `roam --json` prints: every field that scripts rely on, of every question. Fields may be added
 * here; none may change or go.
 */
import { describe, expect, it } from "vitest";
import { show } from "../../src/control/queries/show.ts";
import type { ShowRows, What } from "../../src/control/rows.ts";
import type { Snapshot } from "../../src/control/snapshot.ts";
import { entry, imetRoute, LEAF1, LEAF2, macIpRoute, port, T0, world } from "../control/world.ts";
import { Leaf as Engine, M } from "../mobility/leaf.ts";

const A = "02:00:00:00:00:0a";

/** The tables of the user contract, and what has been added to it since. */
const FIELDS: { readonly [W in Exclude<What, "facts">]: readonly (keyof ShowRows[W])[] } = {
  status: [
    ...(["version", "ready", "uptimeSeconds", "vtep", "gobgp", "vnis", "macs"] as const),
    "pending",
  ],
  vnis: [
    ...(["vni", "bridge", "vxlan", "vtep", "routeDistinguisher", "importTargets"] as const),
    ...(["exportTargets", "ports", "localMacs", "remoteMacs", "remoteVteps"] as const),
  ],
  macs: [
    ...(["vni", "mac", "whereabouts", "port", "vtep", "seq", "sticky", "ips"] as const),
    ...(["learnedFrom", "moves", "since"] as const),
  ],
  neighbors: ["vni", "ip", "mac", "whereabouts", "port", "vtep", "seq", "router", "since"],
  routes: [
    ...(["type", "routeDistinguisher", "ethernetTag", "mac", "ip", "vni", "nexthop"] as const),
    ...(["routeTargets", "seq", "sticky", "esi", "origin", "selected", "reason"] as const),
    ...(["l3vni", "defaultGateway", "since"] as const),
  ],
  vteps: ["vni", "vtep", "flooding", "macs"],
  ports: ["vni", "port", "state", "macs", "frames", "ignored"],
  moves: [
    ...(["at", "vni", "mac", "ips", "from", "to", "seq", "signal", "steps"] as const),
    ...(["by", "over", "redirected"] as const),
  ],
  duplicates: [
    ...(["vni", "mac", "ip", "moves", "since", "action", "recoversAt", "vteps"] as const),
  ],
  history: [
    ...(["at", "vni", "mac", "ips", "kind", "text", "times", "from", "to", "seq"] as const),
    ...(["signal", "by", "over", "steps"] as const),
  ],
  explain: [
    ...(["vni", "mac", "whereabouts", "port", "vtep", "seq", "why", "deciding", "ip"] as const),
    ...(["claims", "ignored", "evidence", "waiting", "refused", "numbers", "timers"] as const),
    ...(["duplicates", "rows", "happened"] as const),
  ],
};

const move = {
  at: new Date(T0).toISOString(),
  vni: 10,
  mac: A,
  ips: [],
  from: LEAF2,
  to: "swp1",
  seq: 1,
  signal: "data",
  by: null,
  over: null,
  steps: [],
  redirected: 0,
};

function snapshot(): Snapshot {
  const engine = Engine.ready(LEAF1);
  engine.sees();
  return world({
    entries: [
      entry({ mac: A, port: "swp1", ips: ["192.0.2.1"] }),
      entry({ mac: M, remote: [macIpRoute(LEAF2, { mac: M })] }),
    ],
    floods: [imetRoute(LEAF2)],
    ports: [port("swp1")],
    moves: [move],
    history: () => [{ ...move, kind: "moved", text: "It went", times: 1 }],
    duplicates: [
      {
        vni: engine.entry().vni,
        mac: M,
        ip: undefined,
        inheriting: [],
        duplicate: { kind: "frozen", since: T0, recoversAt: undefined, moves: 5, vteps: [LEAF2] },
      },
    ],
    domains: [...engine.engine.domains()],
  });
}

describe.each(Object.entries(FIELDS))("The JSON of %s", (what, fields) => {
  const rows = [
    ...show(snapshot(), { what: what as What, filter: what === "explain" ? { mac: M } : {} }),
  ].flat();

  it("has every field that scripts rely on, and null for what is absent", () => {
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(expect.arrayContaining([...fields]));
      expect(Object.values(row)).not.toContain(undefined);
    }
  });

  it("has MACs with colons, times of RFC 3339 and numbers as numbers", () => {
    const text = JSON.stringify(rows);
    for (const row of rows as unknown as Readonly<Record<string, unknown>>[]) {
      if (typeof row.mac === "string") expect(row.mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
      for (const name of ["at", "since"]) {
        if (typeof row[name] === "string") {
          expect(row[name]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        }
      }
      if ("vni" in row) expect(row.vni).toBe(10);
    }
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(rows)));
  });
});
