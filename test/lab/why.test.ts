/** The question on a bad day, asked of real parts: why is this MAC there, and what is wrong here? */
import { describe, expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import { roamCommand } from "../../labs/runner/scene.ts";
import { type Leaf, VM, VTEPS, withScene } from "./fabric.ts";

interface Check {
  readonly check: string;
  readonly ok: boolean | null;
  readonly detail: string;
}

interface Explained {
  readonly whereabouts: string;
  readonly why: string;
  readonly deciding: { readonly step: string } | null;
  readonly rows: readonly { readonly table: string; readonly state: string }[];
}

interface Happened {
  readonly kind: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly steps: readonly { readonly name: string; readonly atMs: number }[];
}

describe("roam, beside real daemons,", () => {
  const scene = withScene({ start: "leaf1" });

  const explain = async (leaf: Leaf, host: string = VM.mac): Promise<Explained | undefined> =>
    (await scene().roam<Explained>(leaf, ["explain", host]))[0];

  const history = (leaf: Leaf): Promise<readonly Happened[]> =>
    scene().roam<Happened>(leaf, ["history", VM.mac]);

  /** What the doctor finds wrong. It ends with 1 where it does. */
  async function wrong(leaf: Leaf): Promise<readonly string[]> {
    const { stdout } = await scene().fabric.exec(leaf, roamCommand(["doctor", "--json"]));
    return (
      (JSON.parse(stdout) as readonly Check[])
        .filter(({ ok }) => ok === false)
        .map(({ check }) => check)
        // The lab runs whatever gobgpd there is.
        .filter((check) => check !== "gobgp-version")
    );
  }

  it("explains a move at both leaves by the step that decided, and all rows stand", async () => {
    const s = scene();
    await s.machine.move("leaf2");
    await s.followed("leaf2");
    await poll("leaf1 to have withdrawn", async () => {
      const there = await explain("leaf2");
      return there?.why.includes("alone by now") === true;
    });
    expect(await explain("leaf2")).toMatchObject({
      whereabouts: "here",
      deciding: { step: "sequence" },
    });
    expect(await explain("leaf1", VM.ipv4)).toMatchObject({
      whereabouts: "there",
      deciding: { step: "sequence" },
    });
    for (const leaf of ["leaf1", "leaf2"] as const) {
      const rows = (await explain(leaf))?.rows ?? [];
      expect(rows.length, leaf).toBeGreaterThan(0);
      expect(rows.filter(({ state }) => state !== "right")).toEqual([]);
    }
  });

  it("has the time of every step in its history, which survives a restart", async () => {
    const s = scene();
    const move = (await history("leaf2")).find(({ from }) => from === VTEPS.leaf1);
    const names = move?.steps.map(({ name }) => name) ?? [];
    expect(names).toEqual(
      expect.arrayContaining(["frame", "decision", "route-sent", "old-owner-let-go"]),
    );
    await s.daemon("leaf2", "stop", "roamd");
    await s.daemon("leaf2", "start", "roamd");
    await s.roamdReady("leaf2");
    expect(await history("leaf2")).toContainEqual(move);
    await s.machine.move("leaf1");
    await s.followed("leaf1");
    await poll("leaf2 to know of the move away", async () =>
      (await history("leaf2")).some(({ to }) => to === VTEPS.leaf1),
    );
  });

  it("shows every attribute of a route, and since when it stands", async () => {
    const words = ["show", "routes", "--detail", "--type", "3", "--nexthop", VTEPS.leaf3];
    const [route] = await scene().roam<{ since: string | null; paths: readonly object[] }>(
      "leaf1",
      words,
    );
    expect(route?.since).not.toBeNull();
    expect(route?.paths).toMatchObject([
      {
        neighbor: "10.255.0.100",
        best: true,
        attributes: {
          origin: "IGP",
          "local-pref": "100",
          "originator-id": VTEPS.leaf3,
          "pmsi-tunnel": `ingress-replication, label 10, ${VTEPS.leaf3}`,
          "mp-reach-next-hop": VTEPS.leaf3,
        },
      },
    ]);
    expect(await scene().roam("leaf1", ["show", "routes", "--older", "1d"])).toEqual([]);
  });

  it("finds nothing wrong with a leaf as it should be", async () => {
    for (const leaf of ["leaf1", "leaf2"] as const) expect(await wrong(leaf)).toEqual([]);
  });

  it("finds what is broken at a leaf, and that it is put right", async () => {
    const { fabric } = scene();
    const bridgeAgeing = (ticks: string): Promise<unknown> =>
      fabric.run("leaf1", `ip link set br10 type bridge ageing_time ${ticks}`.split(" "));
    await fabric.run("leaf1", ["bridge", "link", "set", "dev", "vxlan10", "learning", "on"]);
    await fabric.run("leaf1", ["ip", "link", "set", "vxlan10", "mtu", "9500"]);
    await bridgeAgeing("3000");
    expect(await wrong("leaf1")).toEqual(["learning", "mtu", "ageing"]);
    await fabric.run("leaf1", ["bridge", "link", "set", "dev", "vxlan10", "learning", "off"]);
    await fabric.run("leaf1", ["ip", "link", "set", "vxlan10", "mtu", "9450"]);
    await bridgeAgeing("30000");
    expect(await wrong("leaf1")).toEqual([]);
  });

  it("finds a VTEP that uses our route distinguisher, and one whose route targets nobody imports", async () => {
    const { fabric } = scene();
    const route = (vtep: string, rd: string, rt: string): string[] =>
      `multicast ${vtep} etag 0 rd ${rd} rt ${rt} encap vxlan pmsi ingress-repl 10 ${vtep}`.split(
        " ",
      );
    const gobgp = async (verb: "add" | "del", words: string[]): Promise<void> => {
      await fabric.run("spine", ["gobgp", "global", "rib", verb, "-a", "evpn", ...words]);
    };
    const routes = [
      route("10.255.0.100", `${VTEPS.leaf1}:10`, "65000:10"),
      route("10.255.0.100", "10.255.0.100:10", "65000:99"),
    ];
    for (const words of routes) await gobgp("add", words);
    await poll(
      "the doctor to find both",
      async () => (await wrong("leaf1")).join() === "route-targets,route-distinguishers",
      { otherwise: async () => (await wrong("leaf1")).join() },
    );
    for (const words of routes) await gobgp("del", words);
    await poll("the doctor to find none", async () => (await wrong("leaf1")).length === 0);
  });
});
