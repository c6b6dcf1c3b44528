/** A rack is evacuated: a hundred hosts speak at another leaf at once, and FRR's leaf follows as well. */
import { expect, it } from "vitest";
import { introduction } from "../../labs/runner/arrivals.ts";
import { poll } from "../../labs/runner/poll.ts";
import { HOSTS, type Scene } from "../../labs/runner/scene.ts";
import { type Guest, ip } from "../../labs/runner/signals.ts";
import { Stations } from "../../labs/runner/stations.ts";
import { describeWithEveryGobgpd, type Leaf, VTEPS, withScene } from "./fabric.ts";
import { guestNumber } from "./frr-scene.ts";

const RACK = Array.from({ length: 100 }, (_, i) => guestNumber(200 + i));
const MACS: ReadonlySet<string> = new Set(RACK.map((guest) => guest.mac));
/** Nobody. */
const GATEWAY = { mac: RACK[0]?.mac, ipv4: ip("192.168.10.250"), ipv6: ip("2001:db8:10::250") };

type Mover = "leaf1" | "leaf2";

describeWithEveryGobgpd("a rack that is evacuated", (env) => {
  const scene = withScene({ env });
  let stations: Readonly<Record<Mover, Stations>>;

  async function speaks(at: Mover): Promise<void> {
    const gateway = GATEWAY as Guest;
    await stations[at].send(RACK.flatMap((guest) => introduction(guest, { gateway })));
  }

  it("is known by all leaves", async () => {
    const s = scene();
    stations = {
      leaf1: new Stations(s.fabric, HOSTS.leaf1),
      leaf2: new Stations(s.fabric, HOSTS.leaf2),
    };
    await speaks("leaf1");
    await untilRoutes(s, { leaf1: 300 });
    // Who moves before the new leaf has heard of it makes a tie, and these answer nobody.
    await untilFollowed(s, "leaf1");
  });

  it("is followed by all, and then its old leaf has withdrawn it", async () => {
    const s = scene();
    const heard = s.rib.events.length;
    const before = new Map(RACK.map(({ mac }) => [mac, s.fdbs.leaf3.placesOf(mac).length]));
    await speaks("leaf2");
    await untilFollowed(s, "leaf2");
    await untilRoutes(s, { leaf2: 300 });
    const events = s.rib.events.slice(heard);
    for (const { mac } of RACK) {
      const ofHost = events.filter((event) => event.mac === mac);
      const claimed = ofHost.findIndex(({ vtep, withdrawn }) => vtep === VTEPS.leaf2 && !withdrawn);
      const gone = ofHost.findIndex(({ vtep, withdrawn }) => vtep === VTEPS.leaf1 && withdrawn);
      expect(claimed, mac).toBeGreaterThanOrEqual(0);
      expect(gone, mac).toBeGreaterThan(claimed);
      const alone = ofHost.filter(({ ip }) => ip === null).map(({ vtep }) => vtep);
      // FRR forgets the number of a MAC with the last route of the MAC alone (`src/mac-routes.ts`).
      expect(alone, mac).toEqual([VTEPS.leaf2, VTEPS.leaf1]);
      expect(s.fdbs.leaf3.placesOf(mac).slice(before.get(mac)), mac).toEqual([VTEPS.leaf2]);
      // Nobody was told twice to let go.
      expect(new Set(ofHost.map(({ seq }) => seq ?? 0)).size, mac).toBeLessThanOrEqual(2);
    }
  });

  it("leaves nothing behind where its old leaf is told to end in the midst of it", async () => {
    const s = scene();
    await speaks("leaf1");
    await untilFollowed(s, "leaf1");
    await s.daemon("leaf2", "stop", "roamd");
    await untilRoutes(s, { leaf1: 300 });
    await s.daemon("leaf2", "start", "roamd");
    await s.roamdReady("leaf2");
  });

  it("is nowhere where its new leaf loses it in the midst of it", async () => {
    const s = scene();
    await speaks("leaf2");
    await untilFollowed(s, "leaf2");
    await s.fabric.run("leaf2", ["ip", "link", "set", "eth3", "down"]);
    await untilRoutes(s, {});
    await s.fabric.run("leaf2", ["ip", "link", "set", "eth3", "up"]);
  });
});

async function untilFollowed(s: Scene, at: Mover): Promise<void> {
  for (const leaf of ["leaf1", "leaf2", "leaf3"] as const) {
    if (leaf === at) continue;
    for (const { mac } of RACK) await s.fdbs[leaf].until(mac, VTEPS[at]);
  }
}

/** So many routes of the rack's hosts stand at the spine, by leaf. */
async function untilRoutes(
  s: Scene,
  wanted: Readonly<Partial<Record<Leaf, number>>>,
): Promise<void> {
  const counts = (): string => {
    const counted: Partial<Record<Leaf, number>> = {};
    for (const leaf of ["leaf1", "leaf2", "leaf3"] as const) {
      const routes = s.rib.routes.filter(({ mac, vtep }) => MACS.has(mac) && vtep === VTEPS[leaf]);
      if (routes.length > 0) counted[leaf] = routes.length;
    }
    return JSON.stringify(counted);
  };
  const text = JSON.stringify(wanted);
  await poll(`the spine to have ${text} routes of the rack`, () => counts() === text, {
    otherwise: counts,
  });
}
