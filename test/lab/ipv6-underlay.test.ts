/** VTEPs with IPv6 addresses: hosts of both families move, and nothing else is different. */
import { describe, expect, it } from "vitest";
import { measureMove } from "../../labs/demo/move.ts";
import { poll } from "../../labs/runner/poll.ts";
import { LEAVES } from "../../labs/runner/scene.ts";
import { allRoutes, describeWithEveryGobgpd, VM, withScene } from "./fabric.ts";
import { FRR_VERSIONS, programsOf } from "./frr-scene.ts";
import { ipv6Underlay, VTEPS_V6 } from "./ipv6-underlay.ts";

describeWithEveryGobgpd("an IPv6 underlay", (env) => {
  const scene = withScene({ ...ipv6Underlay({ third: "roamd" }), env });

  it("has IMET routes and flood lists with IPv6 VTEPs", async () => {
    const s = scene();
    expect([...s.rib.floods].sort()).toEqual(Object.values(VTEPS_V6));
    const others = LEAVES.filter((leaf) => leaf !== "leaf1").map((leaf) => VTEPS_V6[leaf]);
    expect([...(await s.floodList("leaf1"))].sort()).toEqual(others);
  });

  it("C1.2 C1.5 a machine is followed from leaf to leaf, with one route per address of it", async () => {
    const s = scene();
    for (const to of ["leaf2", "leaf3", "leaf1"] as const) {
      const before = s.rib.routesOf(VM.mac)[0]?.seq ?? 0;
      await s.machine.move(to);
      await s.followed(to);
      await poll(`the routes of ${to} alone to stand`, () => {
        const routes = s.rib.routesOf(VM.mac);
        return routes.length === 3 && routes.every(({ vtep }) => vtep === VTEPS_V6[to]);
      });
      const routes = s.rib.routesOf(VM.mac).map(({ ip, seq }) => ({ ip, seq }));
      expect(routes.sort((a, b) => (a.ip ?? "").localeCompare(b.ip ?? ""))).toEqual(
        allRoutes(before + 1),
      );
    }
  });

  it("a stream to the machine goes on at its new place", async () => {
    const s = scene();
    const { report } = await measureMove(s, "leaf2");
    console.info(`IPv6 underlay: lost ${report.lost} of ${report.sent}, 1000 a second`);
    expect(report.remoteFdbMs).not.toBeNull();
    expect(report.oldWithdrawnMs).not.toBeNull();
    expect(report.lost).toBeLessThan(report.sent / 2);
  });

  it("carries IPv4 and IPv6 of the hosts", async () => {
    const s = scene();
    for (const host of ["host1", "host2", "host3"]) {
      for (const address of [VM.ipv4, VM.ipv6]) {
        await poll(`${host} to reach ${address}`, async () => {
          return (await s.fabric.exec(host, ["ping", "-c", "1", "-W", "1", address])).code === 0;
        });
      }
    }
  });

  it("has the machine's neighbours of both families at each other leaf", async () => {
    const s = scene();
    for (const [family, address] of [
      ["-4", VM.ipv4],
      ["-6", VM.ipv6],
    ] as const) {
      await poll(`leaf3 to have ${address}`, async () => {
        const rows = await s.fabric.run("leaf3", ["ip", family, "neigh", "show", "dev", "br10"]);
        return rows.includes(`${address} lladdr ${VM.mac} extern_learn`);
      });
    }
  });
});

// FRR 8.4 takes no IPv6 VTEP: it advertises its router id as the next hop.
const [, frr10] = FRR_VERSIONS;
const programs = frr10 && programsOf(frr10);

describe.skipIf(programs === undefined)(`an IPv6 underlay, with ${frr10?.name} on leaf3`, () => {
  const env = { FRR_LEAF3: programs ?? "" };
  const scene = withScene({ ...ipv6Underlay({ third: "frr" }), env });

  it("C1.2 C1.5 a machine is followed to FRR and back", async () => {
    const s = scene();
    for (const to of ["leaf3", "leaf2", "leaf3", "leaf1"] as const) {
      await s.machine.move(to);
      await s.followed(to);
      await poll(`the routes of ${to} alone to stand`, () => {
        const routes = s.rib.routesOf(VM.mac);
        return routes.length > 0 && routes.every(({ vtep }) => vtep === VTEPS_V6[to]);
      });
    }
  });
});
