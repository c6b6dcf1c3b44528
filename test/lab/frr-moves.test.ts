/**
 * Moves between leaves with roamd and a leaf with FRR, which follows its own rules: a local MAC takes
 * the remote number and adds one, a tie goes to the lower VTEP, and the numbers are forgotten with
 * the MAC. Asked is that all three agree on where a guest is, and that roamd keeps its own rules.
 */
import { expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import type { Leaf } from "../../labs/runner/scene.ts";
import { VM } from "../../labs/runner/scene.ts";
import { allClaims, describeWithEveryFrr, EVERYTHING } from "./frr-scene.ts";

describeWithEveryFrr("a guest who moves", (_frr, scene) => {
  const set = scene();

  it("C1.2 from FRR to roamd: a route without MAC Mobility is outbid with 1, and FRR lets go", async () => {
    const s = set();
    const guest = s.guest();
    await s.says(guest, "leaf3");
    await s.followed(guest, "leaf3");
    await s.untilClaims(guest, "leaf3", [{ ip: null, seq: null }]);
    await s.says(guest, "leaf1", EVERYTHING);
    await s.followed(guest, "leaf1");
    await s.untilClaims(guest, "leaf1", allClaims(guest, 1));
    await s.untilClaims(guest, "leaf3", []);
    expect(await s.frrMac(guest)).toMatchObject({ type: "remote", remoteSequence: 1 });
  });

  it("C1.5 from roamd to FRR: FRR bids 1, and roamd withdraws the MAC and every address", async () => {
    const s = set();
    const guest = s.guest();
    await s.says(guest, "leaf1", EVERYTHING);
    await s.followed(guest, "leaf1");
    await poll("leaf1 to claim both addresses", () => s.claims(guest, "leaf1").length === 3);
    await s.says(guest, "leaf3");
    await s.followed(guest, "leaf3");
    await s.untilClaims(guest, "leaf3", [{ ip: null, seq: 1 }]);
    await s.untilClaims(guest, "leaf1", []);
  });

  it("C1.3 there and back has the numbers 0, 1, 2, 3", async () => {
    const s = set();
    const guest = s.guest();
    for (const leaf of ["leaf3", "leaf1", "leaf3", "leaf1"] as const) {
      await s.says(guest, leaf);
      await s.followed(guest, leaf);
    }
    await s.untilClaims(guest, "leaf1", [{ ip: null, seq: 3 }]);
    await s.untilClaims(guest, "leaf3", []);
    expect(s.numbers(guest, "leaf3")).toEqual([0, 2]);
    expect(s.numbers(guest, "leaf1")).toEqual([1, 3]);
  });

  it("C9.19 from leaf to leaf in a ring: the numbers grow, and nobody else claims it", async () => {
    const s = set();
    const guest = s.guest();
    const ring = ["leaf1", "leaf2", "leaf3", "leaf1", "leaf3", "leaf2"] as const;
    for (const leaf of ring) {
      await s.says(guest, leaf);
      await s.followed(guest, leaf);
    }
    await s.untilClaims(guest, "leaf2", [{ ip: null, seq: ring.length - 1 }]);
    await s.untilClaims(guest, "leaf1", []);
    await s.untilClaims(guest, "leaf3", []);
    expect(s.numbers(guest, "leaf1")).toEqual([0, 3]);
    expect(s.numbers(guest, "leaf2")).toEqual([1, 5]);
    expect(s.numbers(guest, "leaf3")).toEqual([2, 4]);
  });

  // FRR tells of a move after 50 ms. Until then nobody can know in which order the leaves have seen
  // a guest who was at all of them, and one of the bids wins, perhaps not that of the last place.
  it("C1.4 faster than FRR tells of it: all agree on one place, and on the right one as soon as it speaks", async () => {
    const s = set();
    const { machine, rib, vteps } = s.lab;
    const hops: readonly Leaf[] = ["leaf3", "leaf1", "leaf3", "leaf2", "leaf3", "leaf1"];
    for (const last of ["leaf3", "leaf1"] as const) {
      for (const leaf of [...hops, ...hops, last]) await machine.move(leaf);
      await s.agreed(VM);
      await machine.signal(EVERYTHING);
      await s.lab.followed(last);
      await poll(`${last} alone to claim the machine`, () =>
        rib.routesOf(VM.mac).every((route) => route.vtep === vteps[last]),
      );
    }
  });
});
