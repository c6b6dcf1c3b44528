/**
 * Restarts of one side in the middle of a move.
 *
 * FRR forgets its numbers with its process: what its bridge still has it claims anew without MAC
 * Mobility, and lets go when it hears roamd's number. It sees no move in a MAC that its bridge has at
 * the same port as before, so a guest must speak for a moment longer than a frame.
 */
import { expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import { allClaims, describeWithEveryFrr, EVERYTHING, type FrrScene } from "./frr-scene.ts";

describeWithEveryFrr("a restart in the middle of a move", (_frr, scene) => {
  const set = scene();

  it("C1.29 of roamd as the guest comes: it is roamd's, with a number above FRR's", async () => {
    const s = set();
    const guest = s.guest();
    await s.says(guest, "leaf3");
    await s.followed(guest, "leaf3");
    await Promise.all([s.says(guest, "leaf1", EVERYTHING), s.lab.daemon("leaf1", "kill", "roamd")]);
    await s.lab.daemon("leaf1", "start", "roamd");
    await s.lab.roamdReady("leaf1");
    await s.speaksUntilFollowed(guest, "leaf1");
    await s.untilClaims(guest, "leaf1", allClaims(guest, 1));
    await s.untilClaims(guest, "leaf3", []);
    expect(s.numbers(guest, "leaf1")).toEqual([1]);
  });

  it("C1.5 of roamd while the guest goes: its old routes are withdrawn, and nothing is taken back", async () => {
    const s = set();
    const guest = s.guest();
    for (const leaf of ["leaf3", "leaf1"] as const) {
      await s.says(guest, leaf, EVERYTHING);
      await s.followed(guest, leaf);
    }
    await s.untilClaims(guest, "leaf1", allClaims(guest, 1));
    await s.lab.daemon("leaf1", "kill", "roamd");
    await s.says(guest, "leaf3", EVERYTHING);
    await s.untilClaims(guest, "leaf3", [{ ip: null, seq: 2 }]);
    await s.lab.daemon("leaf1", "start", "roamd");
    await s.lab.roamdReady("leaf1");
    await s.followed(guest, "leaf3");
    await s.untilClaims(guest, "leaf1", []);
    await s.settled();
    expect(s.numbers(guest, "leaf1")).toEqual([1]);
  });

  it("C1.2 of FRR as the guest comes: it is FRR's in the end", async () => {
    const s = set();
    const guest = s.guest();
    await s.says(guest, "leaf1", EVERYTHING);
    await s.followed(guest, "leaf1");
    await Promise.all([s.says(guest, "leaf3", EVERYTHING), s.lab.daemon("leaf3", "kill", "frr")]);
    await frrIsBack(s);
    await s.speaksUntilFollowed(guest, "leaf3");
    await s.untilClaims(guest, "leaf1", []);
  });

  it("C1.5 of FRR while the guest goes: what its bridge still has does not win", async () => {
    const s = set();
    const guest = s.guest();
    for (const leaf of ["leaf1", "leaf3"] as const) {
      await s.says(guest, leaf);
      await s.followed(guest, leaf);
    }
    await s.untilClaims(guest, "leaf3", [{ ip: null, seq: 1 }]);
    await s.lab.daemon("leaf3", "kill", "frr");
    await s.says(guest, "leaf1", EVERYTHING);
    await s.followed(guest, "leaf1", ["leaf1", "leaf2"]);
    await s.untilClaims(guest, "leaf1", allClaims(guest, 2));
    await frrIsBack(s);
    await s.followed(guest, "leaf1");
    await s.untilClaims(guest, "leaf3", []);
    await s.settled();
    expect(s.numbers(guest, "leaf1")).toEqual([0, 2]);
  });
});

/** Starts the FRR that was killed, and waits until it has its session again. */
async function frrIsBack(s: FrrScene): Promise<void> {
  await poll("the spine to have lost FRR", () => !s.lab.rib.floods.has(s.lab.vteps.leaf3));
  await s.lab.daemon("leaf3", "start", "frr");
  await poll("FRR to be back", () => s.lab.rib.floods.has(s.lab.vteps.leaf3), {
    timeoutMs: 60_000,
  });
}
