/** A machine moves, and gobgpd, roamd, FRR and three kernels follow: the main job, on real parts. */
import { expect, it } from "vitest";
import { USUAL_SIGNALS } from "../../labs/runner/machine.ts";
import { poll } from "../../labs/runner/poll.ts";
import { guestNumber } from "../../labs/runner/signals.ts";
import {
  allRoutes,
  describeWithEveryGobgpd,
  type Leaf,
  routesFrom,
  untilRoutes,
  VM,
  VTEPS,
  withScene,
} from "./fabric.ts";

describeWithEveryGobgpd("a move", (env) => {
  const scene = withScene({ env, start: "leaf3" });

  it("C1.2 from FRR without MAC Mobility is advertised with sequence 1, and FRR lets go", async () => {
    const s = scene();
    expect(routesFrom(s, "leaf3")).toEqual([{ ip: null, seq: null }]);
    await s.machine.move("leaf1");
    await s.followed("leaf1");
    await untilRoutes(s, "leaf1", allRoutes(1));
    await untilRoutes(s, "leaf3", []);
  });

  it("C1.3 C1.5 back to FRR has sequence 2, and roamd withdraws the MAC and all its addresses", async () => {
    const s = scene();
    await s.machine.move("leaf3");
    await s.followed("leaf3");
    await untilRoutes(s, "leaf3", [{ ip: null, seq: 2 }]);
    await untilRoutes(s, "leaf1", []);
  });

  it("C1.25 between two leaves with roamd takes both addresses along", async () => {
    const s = scene();
    await s.machine.move("leaf1");
    await s.followed("leaf1");
    await untilRoutes(s, "leaf1", allRoutes(3));
    await s.machine.move("leaf2");
    await s.followed("leaf2");
    await untilRoutes(s, "leaf2", allRoutes(4));
    await untilRoutes(s, "leaf1", []);
    const [mac] = await s.roam<{ whereabouts: string; seq: number; ips: string[] }>("leaf2", [
      "show",
      "macs",
      "--mac",
      VM.mac,
    ]);
    expect(mac).toMatchObject({ whereabouts: "here", seq: 4 });
    expect([...(mac?.ips ?? [])].sort()).toEqual([VM.ipv4, VM.ipv6]);
  });

  it.each(["rarp", "gratuitous-arp-reply", "unsolicited-advertisement", "dad", "data"] as const)(
    "is followed everywhere when all the machine sends is one frame: %s",
    async (signal) => {
      const s = scene();
      const to: Leaf = s.machine.leaf === "leaf1" ? "leaf2" : "leaf1";
      await s.machine.move(to, { signals: [signal] });
      await s.followed(to);
    },
  );

  it("is followed when the old port goes down first", async () => {
    const s = scene();
    const to: Leaf = s.machine.leaf === "leaf1" ? "leaf2" : "leaf1";
    await s.machine.move(to, { oldPort: "goes-down" });
    await s.followed(to);
  });

  it("is followed while the addresses of the guest are still on their way from the old leaf", async () => {
    const s = scene();
    for (let number = 1; number <= 20; number++) {
      const guest = guestNumber(number);
      await s.machine.move("leaf1", { guest, signals: ["data"] });
      await s.fdbs.leaf2.until(guest.mac, VTEPS.leaf1);
      await s.machine.signal(USUAL_SIGNALS, guest);
      await s.machine.move("leaf2", { guest });
      await s.followed("leaf2", { mac: guest.mac, timeoutMs: 5000 });
    }
  });

  it("C1.13 is followed by an old leaf that had no time to listen", async () => {
    const s = scene();
    for (let number = 21; number <= 30; number++) {
      const guest = guestNumber(number);
      await s.machine.move("leaf1", { guest });
      await s.fdbs.leaf2.until(guest.mac, VTEPS.leaf1);
      await s.signal("leaf1", "STOP", "roamd");
      try {
        // What it has to read first is a route, and all that has come after that with it.
        const other = guestNumber(number + 100);
        await s.machine.move("leaf2", { guest: other });
        await s.fdbs.leaf3.until(other.mac, VTEPS.leaf2);
        await s.machine.move("leaf1", { guest });
        await s.machine.move("leaf2", { guest });
        await s.fdbs.leaf3.until(guest.mac, VTEPS.leaf2);
      } finally {
        await s.signal("leaf1", "CONT", "roamd");
      }
      await s.followed("leaf2", { mac: guest.mac, timeoutMs: 5000 });
    }
  });

  it("leaves the machine reachable from every host, by IPv4 and IPv6", async () => {
    const s = scene();
    for (const host of ["host1", "host2", "host3"]) {
      for (const address of [VM.ipv4, VM.ipv6]) {
        await poll(`${host} to reach ${address}`, async () => {
          return (await s.fabric.exec(host, ["ping", "-c", "1", "-W", "1", address])).code === 0;
        });
      }
    }
  });
});
