/**
 * MACs that may not move (RFC 7432 §15.2): pinned at leaf1 by roamd's configuration, at leaf3 by
 * `bridge fdb add ... sticky static`, which FRR tells the others, or at both.
 */
import { isDeepStrictEqual } from "node:util";
import { expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import type { RouteRow } from "../../src/control/rows.ts";
import {
  describeWithEveryFrr,
  EVERYTHING,
  type FrrScene,
  type Guest,
  guestNumber,
} from "./frr-scene.ts";

/** Those whom roamd on leaf1 has been told to pin. */
const PINNED = [1, 2, 3].map(guestNumber);
const [alone, frrFirst, roamdFirst] = PINNED as [Guest, Guest, Guest];

describeWithEveryFrr("a sticky MAC", (_frr, scene) => {
  const sticky = PINNED.map(({ mac }) => `{ mac: "${mac}" }`).join(", ");
  const set = scene({ roamd: { leaf1: `mac-vrfs: [{ vni: 10, sticky: [${sticky}] }]\n` } });

  // FRR obeys: it writes "already learnt as remote sticky MAC" and does not claim what it has seen.
  it("C2.13 C2.14 of roamd stays with roamd, whatever FRR sees", async () => {
    const s = set();
    await s.says(alone, "leaf1", EVERYTHING);
    await s.followed(alone, "leaf1");
    await untilKnown(s, alone, { nexthop: s.lab.vteps.leaf1, seq: 0, sticky: true });
    await s.says(alone, "leaf3", EVERYTHING);
    await s.settled();
    await s.followed(alone, "leaf1", ["leaf1", "leaf2"]);
    expect(s.numbers(alone, "leaf3")).toEqual([]);
    expect(s.numbers(alone, "leaf1")).toEqual([0]);
    expect(await s.frrMac(alone)).toMatchObject({ type: "remote", stickyMac: true });
  });

  it("C2.12 of FRR stays with FRR, and roamd tells who has tried", async () => {
    const s = set();
    const guest = s.guest();
    await pinAtFrr(s, guest);
    await s.followed(guest, "leaf3");
    await untilKnown(s, guest, { nexthop: s.lab.vteps.leaf3, seq: 0, sticky: true });
    await s.says(guest, "leaf1", EVERYTHING);
    await untilTold(s, guest);
    await s.settled();
    await s.followed(guest, "leaf3");
    expect(s.numbers(guest, "leaf1")).toEqual([]);
  });

  it("C2.16 that FRR has let go is learned by roamd like any other", async () => {
    const s = set();
    const guest = s.guest();
    await pinAtFrr(s, guest);
    await s.followed(guest, "leaf3");
    await s.lab.fabric.run("leaf3", ["bridge", "fdb", "del", guest.mac, ...PIN]);
    await s.untilClaims(guest, "leaf3", []);
    // While its row is pinned there, leaf1's bridge learns nothing.
    await s.lab.fdbs.leaf1.until(guest.mac, null);
    await s.says(guest, "leaf1", EVERYTHING);
    await s.followed(guest, "leaf1");
    await untilKnown(s, guest, { nexthop: s.lab.vteps.leaf1, seq: 1, sticky: false });
  });

  // Where FRR is the second it does not claim it at all, so roamd has nothing to tell. Where it is the
  // first it gives in: it withdraws and takes the other's route, though its bridge keeps the port,
  // for that row is the operator's.
  for (const [first, guest] of [
    ["FRR", frrFirst],
    ["roamd", roamdFirst],
  ] as const) {
    it(`C2.15 of both goes to the lower VTEP, ${first} being first`, async () => {
      const s = set();
      if (first === "FRR") {
        await pinAtFrr(s, guest);
        await s.followed(guest, "leaf3");
        await s.says(guest, "leaf1", EVERYTHING);
        await untilTold(s, guest);
      } else {
        await s.says(guest, "leaf1", EVERYTHING);
        await s.followed(guest, "leaf1");
        await pinAtFrr(s, guest);
      }
      await s.settled();
      await s.speaksUntilFollowed(guest, "leaf1", ["leaf1", "leaf2"]);
      await s.untilClaims(guest, "leaf3", []);
      expect(await s.frrMac(guest)).toMatchObject({ type: "remote", stickyMac: true });
    });
  }
});

/** Until leaf2, which stands between the two, knows this claim and no other. */
async function untilKnown(s: FrrScene, { mac }: Guest, claim: Partial<RouteRow>): Promise<void> {
  let known = "";
  await poll(
    `leaf2 to know ${JSON.stringify(claim)}`,
    async () => {
      const rows = await s.lab.roam<RouteRow>("leaf2", ["show", "routes", "--mac", mac]);
      const claims = rows.map(({ nexthop, seq, sticky }) => ({ nexthop, seq, sticky }));
      known = JSON.stringify(claims);
      return rows.length > 0 && claims.every((each) => isDeepStrictEqual(each, claim));
    },
    { otherwise: () => known },
  );
}

async function untilTold(s: FrrScene, { mac }: Guest): Promise<void> {
  await poll("roamd on leaf1 to tell", () =>
    s.lab.fabric
      .logs("leaf1")
      .split("\n")
      .some((line) => line.includes('"sticky-violated"') && line.includes(mac)),
  );
}

const PIN = ["dev", "eth3", "master"];

async function pinAtFrr(s: FrrScene, { mac }: Guest): Promise<void> {
  const how = ["sticky", "static"];
  await s.lab.fabric.run("leaf3", ["bridge", "fdb", "replace", mac, ...PIN, ...how]);
}
