/**
 * The same MAC at a leaf with roamd and at one with FRR, while neither hears of the other: both bid
 * the same number, and RFC 7432 §15 gives it to the lower VTEP. As text, .10 would be lower than .9.
 */
import { expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import { describeWithEveryFrr, type FrrScene, type Guest, type Leaf } from "./frr-scene.ts";

const VTEPS_OF = {
  "roamd has .9 and FRR .10": { leaf1: "10.255.0.9", leaf2: "10.255.0.200", leaf3: "10.255.0.10" },
  "roamd has .10 and FRR .9": { leaf1: "10.255.0.10", leaf2: "10.255.0.200", leaf3: "10.255.0.9" },
} as const;

for (const [what, vteps] of Object.entries(VTEPS_OF)) {
  const winner: Leaf = vteps.leaf1.endsWith(".9") ? "leaf1" : "leaf3";
  const loser: Leaf = winner === "leaf1" ? "leaf3" : "leaf1";

  describeWithEveryFrr(`a tie: ${what}`, (_frr, scene) => {
    const set = scene({ vteps });

    it("C1.7 C1.8 C1.11 of first claims is won by .9 everywhere", async () => {
      const s = set();
      const guest = s.guest();
      await appearsTwice(s, guest);
      await s.followed(guest, winner);
      await s.untilClaims(guest, loser, []);
      await s.settled();
      expect(s.claims(guest, winner)).toEqual([{ ip: null, seq: expect.toBeOneOf([null, 0]) }]);
      expect(s.numbers(guest, loser)).toEqual([0]);
    });

    it("C1.7 C1.8 C1.11 of moves from a third leaf is won by .9 everywhere", async () => {
      const s = set();
      const guest = s.guest();
      for (const leaf of ["leaf3", "leaf2"] as const) {
        await s.says(guest, leaf);
        await s.followed(guest, leaf);
      }
      await appearsTwice(s, guest);
      await s.followed(guest, winner);
      for (const leaf of ["leaf2", loser] as const) await s.untilClaims(guest, leaf, []);
      await s.settled();
      expect(s.claims(guest, winner)).toEqual([{ ip: null, seq: 2 }]);
    });

    it("C1.3 is over as soon as the guest speaks where it is", async () => {
      const s = set();
      const guest = s.guest();
      await appearsTwice(s, guest);
      await s.followed(guest, winner);
      await s.untilClaims(guest, loser, []);
      await s.says(guest, loser);
      await s.followed(guest, loser);
      await s.untilClaims(guest, loser, [{ ip: null, seq: 1 }]);
      await s.untilClaims(guest, winner, []);
    });
  });
}

/** At leaf1 and leaf3, each of which has told the spine of it before it hears of the other. */
async function appearsTwice(s: FrrScene, guest: Guest): Promise<void> {
  const letGo = await s.hold();
  try {
    await Promise.all([s.says(guest, "leaf1"), s.says(guest, "leaf3")]);
    await poll("leaf1's gobgpd to have a claim of its own", async () => {
      const rib = ["gobgp", "global", "rib", "-a", "evpn"];
      const own = `rd:${s.lab.vteps.leaf1}:10`;
      return linesWith(await s.lab.fabric.run("leaf1", rib), guest, own).length === 1;
    });
    await poll("FRR's bgpd to have a claim of its own", async () => {
      const type = (await s.frrMac(guest))?.type;
      return type === "local" && (await frrAdvertises(s, guest));
    });
  } finally {
    await letGo();
  }
}

async function frrAdvertises(s: FrrScene, guest: Guest): Promise<boolean> {
  const show = `show bgp l2vpn evpn neighbors 10.255.0.100 advertised-routes`;
  return linesWith(await s.vtysh(show), guest, "").length > 0;
}

function linesWith(text: string, { mac }: Guest, word: string): readonly string[] {
  return text.split("\n").filter((line) => line.includes(mac) && line.includes(word));
}
