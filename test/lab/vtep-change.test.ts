/** A leaf gets another VTEP address while it has hosts: everything of it is told anew, and nothing twice. */
import { expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import { RibWatch } from "../../labs/runner/rib-watch.ts";
import { describeWithEveryGobgpd, VM, VTEPS, withScene } from "./fabric.ts";

const NEW = "10.255.0.11";

describeWithEveryGobgpd("a leaf whose VTEP address is changed", (env) => {
  const scene = withScene({ env });

  it("advertises its IMET and MAC/IP routes with the new one, and the old ones are gone", async () => {
    const s = scene();
    await s.fabric.run("leaf1", ["ip", "address", "add", `${NEW}/32`, "dev", "lo"]);
    await s.fabric.run("spine", ["ip", "route", "add", NEW, "via", "10.0.1.1"]);
    const vxlan = ["vxlan10", "type", "vxlan", "id", "10", "local", NEW];
    await s.fabric.run("leaf1", ["ip", "link", "set", ...vxlan]);

    await poll("the spine to have the new VTEP alone", () => {
      const floods = [...s.rib.floods].sort();
      return floods.join() === [NEW, VTEPS.leaf2, VTEPS.leaf3].sort().join();
    });
    // A route replaces the one before: to have both, gobgpd would have to be asked for both.
    let routes = "";
    const wanted = ["-", VM.ipv4, VM.ipv6].map((ip) => `${ip} ${NEW}`).join();
    await poll(
      "the machine's routes to have the new VTEP",
      async () => {
        const all = await RibWatch.list(s.fabric, "spine");
        const ofVm = all.filter(({ mac }) => mac === VM.mac);
        routes = ofVm
          .map(({ ip, vtep }) => `${ip ?? "-"} ${vtep}`)
          .sort()
          .join();
        return routes === wanted;
      },
      { otherwise: () => routes },
    );
    const [{ seq } = {}] = s.rib.routesOf(VM.mac).filter(({ vtep }) => vtep === NEW);
    expect(seq).toBe(0);
    expect(s.rib.events.filter(({ mac, withdrawn }) => mac === VM.mac && withdrawn)).toEqual([]);
  });

  it("is followed by the others' kernels, where nothing of the old one is left", async () => {
    const s = scene();
    for (const leaf of ["leaf2", "leaf3"] as const) {
      await s.fdbs[leaf].until(VM.mac, NEW);
      await poll(`${leaf} to have nothing at ${VTEPS.leaf1}`, async () => {
        const rows = await s.fabric.run(leaf, ["bridge", "fdb", "show", "dev", "vxlan10"]);
        return !rows.includes(`dst ${VTEPS.leaf1} `);
      });
    }
    for (const address of [VM.ipv4, VM.ipv6]) {
      await poll(`host2 to reach ${address}`, async () => {
        return (await s.fabric.exec("host2", ["ping", "-c", "1", "-W", "1", address])).code === 0;
      });
    }
  });

  it("still has the machine follow from it and back", async () => {
    const s = scene();
    await s.machine.move("leaf2");
    await s.followed("leaf2");
    await s.machine.move("leaf1");
    await s.fdbs.leaf2.until(VM.mac, NEW);
    await s.fdbs.leaf3.until(VM.mac, NEW);
  });
});
