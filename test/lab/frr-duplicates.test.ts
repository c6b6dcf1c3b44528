/** A MAC that is seen at roamd and at FRR in turns: who calls it a duplicate, and what becomes of it. */
import { expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import type { DuplicateRow } from "../../src/control/rows.ts";
import {
  describeWithEveryFrr,
  EVERYTHING,
  type FrrScene,
  type Guest,
  type Leaf,
} from "./frr-scene.ts";

describeWithEveryFrr("a MAC at two places", (_frr, scene) => {
  const set = scene();

  // FRR counts the moves in both directions and warns at the fifth; roamd counts those to itself.
  it("C2.1 C2.2 after eight moves is a duplicate to FRR, which warns, and after ten to roamd, which freezes", async () => {
    const s = set();
    const guest = s.guest();
    await s.says(guest, "leaf3");
    await s.followed(guest, "leaf3");
    await hop(s, guest, 8);
    expect(await s.frrMac(guest)).toMatchObject({ isDuplicate: true });
    expect(await duplicates(s, guest)).toEqual([]);
    await s.says(guest, "leaf1");
    await poll("roamd to have frozen it", async () => (await duplicates(s, guest)).length === 1);
    const [duplicate] = await duplicates(s, guest);
    expect(duplicate).toMatchObject({ action: "freeze", moves: 5 });
    expect([...(duplicate?.vteps ?? [])].sort()).toEqual([s.lab.vteps.leaf1, s.lab.vteps.leaf3]);
    await s.followed(guest, "leaf3");
  });

  it("C2.3 frozen by roamd stays with FRR, whatever is seen at roamd", async () => {
    const s = set();
    const guest = s.guest();
    await s.says(guest, "leaf3");
    await s.followed(guest, "leaf3");
    await hop(s, guest, 8);
    const before = s.numbers(guest, "leaf1");
    for (let frame = 0; frame < 10; frame++) await s.says(guest, "leaf1", EVERYTHING);
    await s.settled();
    await s.followed(guest, "leaf3");
    expect(s.numbers(guest, "leaf1")).toEqual(before);
  });

  it("C2.8 cleared at roamd may move again", async () => {
    const s = set();
    const guest = s.guest();
    await s.says(guest, "leaf3");
    await s.followed(guest, "leaf3");
    await hop(s, guest, 8);
    await s.says(guest, "leaf1", EVERYTHING);
    await poll("roamd to have frozen it", async () => (await duplicates(s, guest)).length === 1);
    await s.lab.roam("leaf1", ["clear", "duplicate", "--vni", "10", guest.mac]);
    await s.speaksUntilFollowed(guest, "leaf1");
    expect(await duplicates(s, guest)).toEqual([]);
  });

  // Frozen, FRR keeps to itself what it sees. Its own bridge has the MAC at the port where it was seen
  // last, the other leaves have it where FRR has last heard of it.
  it("C2.6 frozen by FRR goes on with roamd, and comes back when it is cleared there", async () => {
    const s = set();
    const guest = s.guest();
    const freeze = "dup-addr-detection freeze permanent";
    const evpn = ["configure terminal", "router bgp 65000", "address-family l2vpn evpn"];
    await s.vtysh(...evpn, freeze);
    await s.says(guest, "leaf3");
    await s.followed(guest, "leaf3");
    await hop(s, guest, 5);
    await s.says(guest, "leaf3");
    await s.settled();
    expect(await s.frrMac(guest)).toMatchObject({ isDuplicate: true });
    await s.followed(guest, "leaf1", ["leaf1", "leaf2"]);
    expect(s.claims(guest, "leaf1")).toEqual([{ ip: null, seq: 5 }]);
    expect(s.claims(guest, "leaf3")).toEqual([]);

    await s.vtysh(`clear evpn dup-addr vni 10 mac ${guest.mac}`);
    await s.followed(guest, "leaf3");
    await s.untilClaims(guest, "leaf3", [{ ip: null, seq: 6 }]);
    await s.untilClaims(guest, "leaf1", []);
    await s.vtysh(...evpn, `no ${freeze}`);
  });
});

/** To leaf1 and back to leaf3, so many moves in all. */
async function hop(s: FrrScene, guest: Guest, moves: number): Promise<void> {
  for (let move = 0; move < moves; move++) {
    const to: Leaf = move % 2 === 0 ? "leaf1" : "leaf3";
    await s.says(guest, to);
    await s.followed(guest, to);
  }
}

function duplicates(s: FrrScene, { mac }: Guest): Promise<readonly DuplicateRow[]> {
  return s.lab.roam<DuplicateRow>("leaf1", ["show", "duplicates", "--mac", mac]);
}
