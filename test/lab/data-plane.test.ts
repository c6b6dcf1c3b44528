/**
 * Every kind of move, with 10,000 packets a second on their way to the machine: at no moment a second
 * hole, and nothing at two places. `UPDATE_DOCS=1` makes each several times, without redirecting and
 * with FRR as well, and writes what came of it into `docs/data-plane.md`; judged are conditions alone.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import { inRepository } from "../../labs/runner/repository.ts";
import { HOSTS, LEAVES, type Leaf, type Scene, VM, VTEPS } from "../../labs/runner/scene.ts";
import { frameOf, ip, mac } from "../../labs/runner/signals.ts";
import { Stations } from "../../labs/runner/stations.ts";
import { pause, Stream } from "../../labs/runner/stream.ts";
import { type Column, type Measured, markdownOf, type Row } from "./data-plane-table.ts";
import { withScene } from "./fabric.ts";
import { type Software, uniform } from "./uniform-scene.ts";

const IS_FOR_DOCS = process.env.UPDATE_DOCS === "1";
const TIMES = IS_FOR_DOCS ? 3 : 1;
const LATE_MS = 1000;
/** Longer than the leaf that is late. */
const REDIRECT_MS = 2000;
/** More than the other moves make, so that none of those is the one too many. */
const TOO_MANY = IS_FOR_DOCS ? 30 : 12;
/** At which leaf2 has what the host there says. */
const STATION_PORT = "eth3";
const GUEST = { mac: mac(VM.mac), ipv4: ip(VM.ipv4), ipv6: ip(VM.ipv6) };

interface Given {
  readonly column: Column;
  readonly software: Software;
}

const COLUMNS: readonly Given[] = [
  { column: "on", software: "roamd" },
  ...(IS_FOR_DOCS
    ? ([
        { column: "off", software: "roamd" },
        { column: "frr", software: "frr" },
      ] as const)
    : []),
];

const rows: Row[] = [];

function configured(column: Column, leaf: Leaf): string {
  const duplicates =
    leaf === "leaf2"
      ? `{ moves: ${TOO_MANY}, window: 3600s, action: freeze, exempt: [] }`
      : `{ exempt: ["${VM.mac}"] }`;
  const redirect = column === "on" ? `${REDIRECT_MS}ms` : "0s";
  return `data-plane: { redirect: ${redirect} }\nmobility: { duplicates: ${duplicates} }\n`;
}

describe.each(COLUMNS)("a move, with 10,000 packets a second ($column)", ({ column, software }) => {
  const [leaf1, leaf2, leaf3] = LEAVES.map((leaf) => configured(column, leaf)) as [
    string,
    string,
    string,
  ];
  const scene = withScene(uniform({ software, roamd: { leaf1, leaf2, leaf3 } }));
  const ears = software === "roamd" ? "gobgpd" : "bgpd";
  let stream: Stream;
  let station: Stations;

  it("finds a machine that all know", async () => {
    const s = scene();
    stream = new Stream(s.fabric);
    station = new Stations(s.fabric, HOSTS.leaf2);
    await atLeaf1(s);
  });

  /** Some moves of a kind, each from leaf1. */
  async function measure(
    kind: string,
    { from, move }: { readonly from: Leaf; readonly move: (s: Scene) => Promise<unknown> },
  ): Promise<readonly Measured[]> {
    const s = scene();
    const moves: Measured[] = [];
    for (let time = 0; time < TIMES; time++) {
      await atLeaf1(s);
      const known = await movesOf(s);
      const sender = { from: HOSTS[from], to: VM.ipv4, perSecond: 10_000 };
      const { sent, lost, duplicates, inTwoPlaces, gaps } = await stream.during(sender, () =>
        move(s),
      );
      const redirected = column === "on" ? await redirectedSince(s, known) : undefined;
      moves.push({
        ...{ sent, lost, redirected },
        duplicated: duplicates + inTwoPlaces,
        gaps: gaps.length,
      });
    }
    rows.push({ kind, column, moves });
    if (software === "roamd")
      expect(moves.map(({ duplicated }) => duplicated)).toEqual(moves.map(() => 0));
    return moves;
  }

  async function away(s: Scene): Promise<void> {
    await s.machine.move("leaf2");
    await s.followed("leaf2");
  }

  it.each([
    ["A host at the old leaf sends", "leaf1"],
    ["A host at the new leaf sends", "leaf2"],
    ["A host at a third leaf sends", "leaf3"],
  ] as const)("has one hole at most. %s", async (kind, from) => {
    const moves = await measure(kind, { from, move: away });
    if (software === "roamd") for (const { gaps } of moves) expect(gaps).toBeLessThanOrEqual(1);
  });

  it("C9.10 has one hole at most, though the sender's leaf hears of it a second late", async () => {
    const kind = "A host at a third leaf sends, and that leaf hears of the move a second late";
    const moves = await measure(kind, {
      from: "leaf3",
      move: async (s) => {
        await s.signal("leaf3", "STOP", ears);
        try {
          await s.machine.move("leaf2");
          await s.fdbs.leaf1.until(VM.mac, VTEPS.leaf2);
          await pause(LATE_MS);
        } finally {
          await s.signal("leaf3", "CONT", ears);
        }
        await s.followed("leaf2");
      },
    });
    if (column !== "on") return;
    for (const { gaps, redirected } of moves) {
      expect(gaps).toBeLessThanOrEqual(1);
      expect(redirected).toBeGreaterThan(0);
    }
  });

  it("C9.19 has two holes at most when the machine goes on at once", async () => {
    const kind = "The machine goes on to a third leaf at once; a host at the first sends";
    const moves = await measure(kind, {
      from: "leaf1",
      move: async (s) => {
        await s.machine.move("leaf2");
        await s.fdbs.leaf1.until(VM.mac, VTEPS.leaf2);
        await s.machine.move("leaf3");
        await s.followed("leaf3");
      },
    });
    if (software === "roamd") for (const { gaps } of moves) expect(gaps).toBeLessThanOrEqual(2);
  });

  it("C1.7 a tie that is lost takes nothing from the winner's machine", async () => {
    const kind = "Its MAC is seen at another leaf at the same time, which loses the tie";
    const moves = await measure(kind, {
      from: "leaf3",
      move: async (s) => {
        // From leaf3, to leaf1 and, by a forged frame, to leaf2, before leaf2 hears of leaf1.
        await s.machine.move("leaf3");
        await s.followed("leaf3");
        await s.signal("leaf2", "STOP", ears);
        try {
          await s.machine.move("leaf1");
          await station.send([frameOf("gratuitous-arp", GUEST)]);
          await s.fdbs.leaf2.until(VM.mac, STATION_PORT);
        } finally {
          await s.signal("leaf2", "CONT", ears);
        }
        await s.followed("leaf1");
      },
    });
    if (software === "roamd") for (const { gaps } of moves) expect(gaps).toBeLessThanOrEqual(2);
  });

  it.runIf(software === "roamd")(
    "C1.7 a tie that is lost where the machine is ends there",
    async () => {
      const s = scene();
      await atLeaf1(s);
      await s.signal("leaf3", "STOP", ears);
      try {
        await s.machine.move("leaf2");
        await s.fdbs.leaf1.until(VM.mac, VTEPS.leaf2);
        // It has not heard of leaf2, and bids the same.
        await s.machine.move("leaf3");
      } finally {
        await s.signal("leaf3", "CONT", ears);
      }
      await s.followed("leaf3");
    },
  );

  it.runIf(software === "roamd")("C2.3 a duplicate that is frozen loses nothing", async () => {
    const s = scene();
    await atLeaf1(s);
    for (;;) {
      const [row] = await s.roam<{ duplicates: { moves: number } }>("leaf2", ["explain", VM.mac]);
      if (row === undefined || row.duplicates.moves >= TOO_MANY - 1) break;
      await away(s);
      await s.machine.move("leaf1");
      await s.followed("leaf1");
    }
    const sender = { from: HOSTS.leaf3, to: VM.ipv4, perSecond: 10_000 };
    const { sent, lost, duplicates, inTwoPlaces, gaps } = await stream.during(sender, async () => {
      await station.send([frameOf("gratuitous-arp", GUEST)]);
      await poll("the duplicate to be frozen", async () => {
        return (await s.roam("leaf2", ["show", "duplicates"])).length > 0;
      });
    });
    const duplicated = duplicates + inTwoPlaces;
    const measured = { sent, lost, duplicated, gaps: gaps.length, redirected: 0 };
    const kind = "Its MAC is seen at another leaf once too often, and frozen where it is";
    rows.push({ kind, column, moves: [measured] });
    expect(measured).toMatchObject({ lost: 0, duplicated: 0 });
  });

  /** The machine is at leaf1, all know it, and nothing is left of what was before. */
  async function atLeaf1(s: Scene): Promise<void> {
    if (s.machine.leaf !== "leaf1") await s.machine.move("leaf1");
    await s.followed("leaf1");
    if (column === "on") await atRest(s);
  }

  interface Move {
    readonly at: string;
    readonly redirected: number;
  }

  /** At any leaf. */
  async function movesOf(s: Scene): Promise<readonly Move[]> {
    if (column !== "on") return [];
    const all = await Promise.all(LEAVES.map((leaf) => s.roam<Move>(leaf, ["show", "moves"])));
    return all.flat();
  }

  /** What is redirected is counted for the last time when it ends. */
  async function redirectedSince(s: Scene, known: readonly Move[]): Promise<number> {
    await atRest(s);
    const sum = (moves: readonly Move[]): number =>
      moves.reduce((frames, { redirected }) => frames + redirected, 0);
    return sum(await movesOf(s)) - sum(known);
  }

  async function atRest(s: Scene): Promise<void> {
    await poll(
      "nothing to be redirected any more",
      async () => {
        const sets = await Promise.all(
          LEAVES.map((leaf) =>
            s.fabric.run(leaf, ["nft", "list", "set", "netdev", "roamd", "moved"]),
          ),
        );
        return !sets.some((set) => set.includes("expires"));
      },
      { everyMs: 50 },
    );
  }
});

afterAll(() => {
  if (!IS_FOR_DOCS || new Set(rows.map(({ column }) => column)).size < COLUMNS.length) return;
  const versions = {
    gobgpd: execFileSync("gobgpd", ["--version"], { encoding: "utf8" }).trim(),
    frr:
      execFileSync("/usr/lib/frr/bgpd", ["--version"], { encoding: "utf8" }).split("\n")[0] ?? "",
    linux: execFileSync("uname", ["-r"], { encoding: "utf8" }).trim(),
  };
  writeFileSync(inRepository("docs/data-plane.md"), markdownOf(rows, versions));
});
