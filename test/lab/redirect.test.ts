/**
 * Frames in flight (draft-ietf-nvo3-vmm §5), with real leaves: what a leaf that has not heard of a move
 * goes on sending to the old place gets to the new one; and leaves that are wrong about each other do
 * not play ball with it.
 */
import { describe, expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import { LEAVES, roamCommand, type Scene } from "../../labs/runner/scene.ts";
import { pause, Stream, type Streamed } from "../../labs/runner/stream.ts";
import { type Leaf, VM, VTEPS, withScene } from "./fabric.ts";
import { mixed, uniform } from "./uniform-scene.ts";

/** What holds a leaf back from hearing of a move. */
const EARS = { roamd: ["gobgpd"], frr: ["bgpd"] } as const;
const LATE_MS = 1000;
const FROM_LEAF3 = { from: "host3", to: VM.ipv4, perSecond: 10_000 } as const;

/** Long enough for roamd to be killed and started meanwhile. */
const REDIRECT = "data-plane: { redirect: 5s }\n";

describe.each([
  ["roamd", uniform({ software: "roamd", roamd: REDIRECT })],
  ["FRR", mixed(REDIRECT)],
] as const)("a leaf with %s that hears of a move a second late", (software, options) => {
  const scene = withScene(options);
  const ears = software === "roamd" ? EARS.roamd : EARS.frr;

  /** While leaf3 hears nothing. */
  async function late(s: Scene, work: () => Promise<unknown>): Promise<void> {
    await s.signal("leaf3", "STOP", ...ears);
    try {
      await work();
    } finally {
      await s.signal("leaf3", "CONT", ...ears);
    }
  }

  it("C9.10 loses nothing that is sent after the machine runs at a leaf that was told before", async () => {
    const s = scene();
    await atLeaf1(s);
    let runsAt = 0;
    const streamed = await new Stream(s.fabric).during(FROM_LEAF3, async (sent) => {
      await late(s, async () => {
        await word(s, "leaf2", ["migrate", "land", VM.mac, "--port", "eth2"]);
        await s.fdbs.leaf1.until(VM.mac, VTEPS.leaf2);
        await redirects(s, "leaf1", 1);
        await s.machine.move("leaf2");
        runsAt = await sent();
        await pause(LATE_MS);
      });
      await s.followed("leaf2");
    });
    await word(s, "leaf2", ["migrate", "commit", VM.mac]);
    expect(streamed.gaps.filter(([, last]) => last >= runsAt)).toEqual([]);
    exactlyOnce(streamed);
    expect(await redirectedBy(s, "leaf1")).toBeGreaterThan(0);
  });

  it("C9.10 loses what came to the old leaf before that has heard, and nothing afterwards", async () => {
    const s = scene();
    await atLeaf1(s);
    let knownAt = 0;
    const streamed = await new Stream(s.fabric).during(FROM_LEAF3, async (sent) => {
      await late(s, async () => {
        await s.machine.move("leaf2");
        await redirects(s, "leaf1", 1);
        knownAt = await sent();
        await pause(LATE_MS);
      });
      await s.followed("leaf2");
    });
    expect(streamed.gaps.filter(([, last]) => last >= knownAt)).toEqual([]);
    expect(streamed.gaps.length).toBeLessThanOrEqual(1);
    exactlyOnce(streamed);
  });

  it("C9.10 is served by the old leaf itself again once the machine is back there", async () => {
    const s = scene();
    await atLeaf1(s);
    let backAt = 0;
    const streamed = await new Stream(s.fabric).during(FROM_LEAF3, async (sent) => {
      await late(s, async () => {
        await s.machine.move("leaf2");
        await redirects(s, "leaf1", 1);
        await s.machine.move("leaf1");
        await redirects(s, "leaf1", 0);
        backAt = await sent();
        await pause(LATE_MS);
      });
      await s.followed("leaf1");
    });
    expect(streamed.gaps.filter(([, last]) => last >= backAt)).toEqual([]);
    exactlyOnce(streamed);
  });

  it("loses nothing though roamd at the old leaf is killed meanwhile, and started again", async () => {
    const s = scene();
    await atLeaf1(s);
    let knownAt = 0;
    const streamed = await new Stream(s.fabric).during(FROM_LEAF3, async (sent) => {
      await late(s, async () => {
        await s.machine.move("leaf2");
        await redirects(s, "leaf1", 1);
        knownAt = await sent();
        await s.daemon("leaf1", "kill", "roamd");
        await pause(LATE_MS / 2);
        await s.daemon("leaf1", "start", "roamd");
        await s.roamdReady("leaf1");
        await pause(LATE_MS / 2);
      });
      await s.followed("leaf2");
    });
    expect(streamed.gaps.filter(([, last]) => last >= knownAt)).toEqual([]);
    exactlyOnce(streamed);
    await redirects(s, "leaf1", 0);
  });
});

describe("leaves that take each other for the machine's place", () => {
  const scene = withScene(uniform({ software: "roamd", roamd: REDIRECT }));
  const COUNT = 1000;
  /** Neighbours that are confirmed, and the like. */
  const OTHERS = 100;

  it("redirect no longer than they should, though roamd is killed and stays so", async () => {
    const s = scene();
    await atLeaf1(s);
    await s.machine.move("leaf2");
    await redirects(s, "leaf1", 1);
    await s.daemon("leaf1", "kill", "roamd");
    await redirects(s, "leaf1", 0);
    await s.daemon("leaf1", "start", "roamd");
    await s.roamdReady("leaf1");
  });

  it.each([
    ["two", ["leaf1", "leaf2"]],
    ["three", ["leaf1", "leaf2", "leaf3"]],
  ] as const)("%s of them carry each frame twice at most", async (_name, circle) => {
    const s = scene();
    await atLeaf1(s);
    await Promise.all(circle.map((leaf) => s.signal(leaf, "STOP", "roamd")));
    try {
      // By no decision of theirs: so they would stand if everybody had heard what is not true.
      for (const [i, leaf] of circle.entries()) {
        await believes(s, leaf, VTEPS[circle[(i + 1) % circle.length] ?? leaf]);
      }
      if (!circle.some((leaf) => leaf === "leaf3")) await pointsTo(s, "leaf3", VTEPS.leaf1);
      const before = await carried(s);
      const numbered = `for i in $(seq ${COUNT}); do echo $i; done >/dev/udp/${VM.ipv4}/7000`;
      await s.fabric.run("host3", ["bash", "-c", numbered]);
      await pause(LATE_MS);
      const frames = (await carried(s)) - before;
      expect(frames).toBeGreaterThanOrEqual(COUNT);
      expect(frames).toBeLessThanOrEqual(2 * COUNT + OTHERS);
    } finally {
      // They are not roamd's, so it would leave them alone.
      for (const leaf of LEAVES) await forgets(s, leaf);
      await Promise.all(circle.map((leaf) => s.signal(leaf, "CONT", "roamd")));
    }
  });

  /** What the leaves have sent into their tunnels. */
  async function carried(s: Scene): Promise<number> {
    const file = "/sys/class/net/vxlan10/statistics/tx_packets";
    const counts = await Promise.all(LEAVES.map((leaf) => s.fabric.run(leaf, ["cat", file])));
    return counts.reduce((sum, count) => sum + Number(count), 0);
  }

  async function believes(s: Scene, leaf: Leaf, vtep: string): Promise<void> {
    await pointsTo(s, leaf, vtep);
    const element = `{ vxlan10 . ${VM.mac} timeout 4s }`;
    await s.fabric.run(leaf, ["nft", "add", "element", "netdev", "roamd", "moved", element]);
  }

  async function forgets(s: Scene, leaf: Leaf): Promise<void> {
    for (const half of ["master", "self"]) {
      await s.fabric.exec(leaf, ["bridge", "fdb", "del", VM.mac, "dev", "vxlan10", half]);
    }
  }

  async function pointsTo(s: Scene, leaf: Leaf, vtep: string): Promise<void> {
    const entry = ["bridge", "fdb", "replace", VM.mac, "dev", "vxlan10"];
    await s.fabric.run(leaf, [...entry, "master", "extern_learn"]);
    await s.fabric.run(leaf, [...entry, "dst", vtep, "self", "extern_learn"]);
  }
});

/** The machine is at leaf1, all know it, and nothing is left of what was before. */
async function atLeaf1(s: Scene): Promise<void> {
  if (s.machine.leaf !== "leaf1") await s.machine.move("leaf1");
  else await s.machine.signal(["gratuitous-arp"]);
  await s.followed("leaf1");
  for (const leaf of s.roamdLeaves) await redirects(s, leaf, 0);
}

function exactlyOnce({ duplicates, inTwoPlaces }: Streamed): void {
  expect({ duplicates, inTwoPlaces }).toEqual({ duplicates: 0, inTwoPlaces: 0 });
}

/** Until the leaf redirects for so many MACs. */
async function redirects(s: Scene, leaf: Leaf, count: number): Promise<void> {
  let listed = "";
  await poll(
    `${leaf} to redirect for ${count} MACs`,
    async () => {
      listed = await s.fabric.run(leaf, ["nft", "list", "set", "netdev", "roamd", "moved"]);
      return (listed.match(/expires/g)?.length ?? 0) === count;
    },
    { everyMs: 20, otherwise: () => listed },
  );
}

/** How many frames the leaf has sent on for the machine's last move, once they are counted. */
async function redirectedBy(s: Scene, leaf: Leaf): Promise<number> {
  return await poll("what was redirected to be counted", async () => {
    const moves = await s.roam<{ redirected: number }>(leaf, ["show", "moves", "--mac", VM.mac]);
    return moves.at(-1)?.redirected ?? 0;
  });
}

async function word(s: Scene, leaf: Leaf, words: readonly string[]): Promise<void> {
  await s.fabric.run(leaf, roamCommand([...words, "--vni", "10"]));
}
