/** Daemons die and come back: what the kernels and the RIB must not notice, and what must come back. */
import { expect, it } from "vitest";
import { Talker } from "../../labs/runner/machine.ts";
import { poll } from "../../labs/runner/poll.ts";
import { LEAVES, type Scene } from "../../labs/runner/scene.ts";
import {
  allRoutes,
  describeWithEveryGobgpd,
  kernelTables,
  routesFrom,
  untilRoutes,
  VM,
  VTEPS,
  withScene,
} from "./fabric.ts";

function allTables(scene: Scene): Promise<readonly string[]> {
  return Promise.all(LEAVES.map((leaf) => kernelTables(scene, leaf)));
}

/**
 * The tables once they no longer change: what the hosts' first frames have taught is in them, and no
 * row is held for a moment longer (`sticky`), as those of a MAC are that has just moved.
 */
async function atRest(scene: Scene): Promise<readonly string[]> {
  let before: readonly string[] = [];
  return poll(
    "the tables to be at rest",
    async () => {
      const tables = await allTables(scene);
      const same = JSON.stringify(tables) === JSON.stringify(before);
      before = tables;
      return same && !tables.some((table) => table.includes(" sticky ")) && tables;
    },
    { everyMs: 500 },
  );
}

describeWithEveryGobgpd("a crash", (env) => {
  const scene = withScene({ env });

  it("of roamd on both leaves in the middle of traffic loses no packet, and its restart changes nothing", async () => {
    const s = scene();
    await s.machine.move("leaf2");
    await s.followed("leaf2");
    await untilRoutes(s, "leaf2", allRoutes(1));
    await untilRoutes(s, "leaf1", []);

    const talker = new Talker(s.fabric, "host1");
    await s.machine.countFromNow();
    await talker.talk(VM.ipv4, 1000);
    await arrived(200);
    const before = await atRest(s);
    const heard = s.rib.events.length;
    for (const leaf of s.roamdLeaves) await s.daemon(leaf, "kill", "roamd");
    await arrived(400);
    for (const leaf of s.roamdLeaves) await s.daemon(leaf, "start", "roamd");
    for (const leaf of s.roamdLeaves) await s.roamdReady(leaf);
    const { received } = await s.machine.count();
    // Long enough for a row that is not right to be written.
    await arrived(received + 1000);
    const sent = await talker.hush();

    await arrived(sent);
    expect((await s.machine.count()).duplicates).toBe(0);
    expect(await allTables(s)).toEqual(before);
    // Nobody withdrew anything, and whatever was said again was said with the same numbers.
    const since = s.rib.events.slice(heard).filter((event) => event.mac === VM.mac);
    expect(since.filter((event) => event.withdrawn || event.seq !== 1)).toEqual([]);
    expect(routesFrom(s, "leaf2")).toEqual(allRoutes(1));

    function arrived(count: number): Promise<unknown> {
      return poll(`${count} datagrams to arrive`, async () => {
        return (await s.machine.count()).received >= count;
      });
    }
  });

  it("of gobgpd brings all routes back with the same sequence numbers as soon as it is back", async () => {
    const s = scene();
    const own = (): string => {
      const routes = s.rib.routes.filter((route) => route.vtep === VTEPS.leaf2);
      return JSON.stringify(routes.map((route) => JSON.stringify(route)).sort());
    };
    const before = own();
    expect(routesFrom(s, "leaf2")).toEqual(allRoutes(1));
    await s.daemon("leaf2", "kill", "gobgpd");
    await untilRoutes(s, "leaf2", []);
    await s.daemon("leaf2", "start", "gobgpd");
    const isBack = (): boolean => own() === before && s.rib.floods.has(VTEPS.leaf2);
    await poll("all routes to be back as they were", isBack, {
      timeoutMs: 60_000,
      otherwise: () => `${own()}, floods ${[...s.rib.floods].join(" ")}`,
    });
    await s.followed("leaf2");
  });

  it("is none where roamd is told to end: it does, though it has hosts to ask later, and withdraws them", async () => {
    const s = scene();
    await s.daemon("leaf2", "stop", "roamd");
    await poll("roamd to be gone", async () => {
      const is = await s.fabric.exec("leaf2", ["sh", "-c", "kill -0 $(cat /run/roamd.pid)"]);
      return is.code !== 0;
    });
    await untilRoutes(s, "leaf2", []);
    await s.daemon("leaf2", "start", "roamd");
    await s.roamdReady("leaf2");
    await s.followed("leaf2");
  });
});
