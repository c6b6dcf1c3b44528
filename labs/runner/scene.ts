/**
 * The lab evpn-l2 with all who watch it: what the demonstration and the lab tests begin with. It is
 * set when every leaf floods to the others, roamd is ready, and the machine is known where it starts.
 */
import { Fabric } from "./fabric.ts";
import { type FdbPlace, FdbWatch } from "./fdb-watch.ts";
import { definitionOf } from "./labs.ts";
import { legsOf, Machine, USUAL_SIGNALS } from "./machine.ts";
import { poll } from "./poll.ts";
import { RibWatch } from "./rib-watch.ts";

export const LEAVES = ["leaf1", "leaf2", "leaf3"] as const;
export type Leaf = (typeof LEAVES)[number];

export const VTEPS: Readonly<Record<Leaf, string>> = {
  leaf1: "10.255.0.1",
  leaf2: "10.255.0.2",
  leaf3: "10.255.0.3",
};

/** The machine's addresses, and those of the host at each leaf. */
export const VM = {
  mac: "02:00:00:00:01:00",
  ipv4: "192.168.10.100",
  ipv6: "2001:db8:10::100",
} as const;
export const HOSTS: Readonly<Record<Leaf, string>> = {
  leaf1: "host1",
  leaf2: "host2",
  leaf3: "host3",
};
/** The bridge port at which every leaf has the machine while it is there. */
const VM_PORT = "eth2";

export interface SceneOptions {
  /** `GOBGPD_LEAF1` and the like, over the process's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly topology?: string;
  /** The leaves' addresses, where the topology gives them others than usual. */
  readonly vteps?: Readonly<Record<Leaf, string>>;
  /** The leaves with roamd; the others run FRR. */
  readonly roamd?: readonly Leaf[];
  /** Where the machine starts. */
  readonly start?: Leaf;
}

export class Scene implements AsyncDisposable {
  readonly fabric: Fabric;
  readonly machine: Machine;
  readonly rib: RibWatch;
  readonly fdbs: Readonly<Record<Leaf, FdbWatch>>;
  readonly roamdLeaves: readonly Leaf[];
  readonly vteps: Readonly<Record<Leaf, string>>;

  constructor(
    fabric: Fabric,
    witnesses: {
      readonly rib: RibWatch;
      readonly fdbs: Readonly<Record<Leaf, FdbWatch>>;
      readonly roamd: readonly Leaf[];
      readonly start: Leaf;
      readonly vteps: Readonly<Record<Leaf, string>>;
    },
  ) {
    this.fabric = fabric;
    this.machine = new Machine(fabric, witnesses.start);
    this.rib = witnesses.rib;
    this.fdbs = witnesses.fdbs;
    this.roamdLeaves = witnesses.roamd;
    this.vteps = witnesses.vteps;
  }

  static async set({
    env = {},
    topology = definitionOf("evpn-l2"),
    roamd = ["leaf1", "leaf2"],
    start = "leaf1",
    vteps = VTEPS,
  }: SceneOptions = {}): Promise<Scene> {
    const fabric = await Fabric.up(topology, { ...process.env, ...env, VM_PLACE: start });
    try {
      await poll("the spine's gobgpd to answer", async () => {
        return (await fabric.exec("spine", ["gobgp", "global"])).code === 0;
      });
      const [leaf1, leaf2, leaf3] = await Promise.all([
        FdbWatch.start(fabric, "leaf1"),
        FdbWatch.start(fabric, "leaf2"),
        FdbWatch.start(fabric, "leaf3"),
      ]);
      const rib = RibWatch.start(fabric, "spine");
      const fdbs = { leaf1, leaf2, leaf3 };
      const scene = new Scene(fabric, { rib, fdbs, roamd, start, vteps });
      await scene.#settle(start);
      return scene;
    } catch (error) {
      const logs = fabric.nodes.map((node) => fabric.logs(node)).join("\n");
      await fabric.down();
      throw new Error(`Cannot set the scene: ${String(error)}\n${logs}`, { cause: error });
    }
  }

  async #settle(start: Leaf): Promise<void> {
    await poll(
      "every leaf to take part in flooding",
      () => this.rib.floods.size === LEAVES.length,
      {
        timeoutMs: 60_000,
        otherwise: () => [...this.rib.floods].join(" ") || "nobody does",
      },
    );
    for (const leaf of this.roamdLeaves) await this.roamdReady(leaf);
    await poll("every leaf to know the other two", async () => {
      const floods = await Promise.all(LEAVES.map((leaf) => this.floodList(leaf)));
      return floods.every((list) => list.length === LEAVES.length - 1);
    });
    await this.machine.signal(USUAL_SIGNALS);
    await this.followed(start);
    // FRR has no addresses to tell, for want of one of its own on the bridge.
    const routes = this.roamdLeaves.includes(start) ? 1 + [VM.ipv4, VM.ipv6].length : 1;
    await poll(
      `the spine to have ${routes} routes of the machine`,
      () => this.rib.routesOf(VM.mac).length === routes,
    );
  }

  /** What every leaf must have as the place of the machine when it is at `at`. */
  placeSeenFrom(leaf: Leaf, at: Leaf): FdbPlace {
    return leaf === at ? VM_PORT : this.vteps[at];
  }

  /** Until every leaf forwards to where the machine is; since when each does. */
  async followed(
    at: Leaf,
    { timeoutMs, mac = VM.mac }: { readonly timeoutMs?: number; readonly mac?: string } = {},
  ): Promise<Readonly<Record<Leaf, number>>> {
    const since = (leaf: Leaf): Promise<number> =>
      this.fdbs[leaf].until(mac, this.placeSeenFrom(leaf, at), timeoutMs);
    const [leaf1, leaf2, leaf3] = await Promise.all([
      since("leaf1"),
      since("leaf2"),
      since("leaf3"),
    ]);
    return { leaf1, leaf2, leaf3 };
  }

  async roamdReady(leaf: Leaf): Promise<void> {
    let told = "";
    await poll(
      `roamd on ${leaf} to be ready`,
      async () => {
        const answer = await this.fabric.exec(leaf, roamCommand(["--json", "status"]));
        told = answer.stdout || answer.stderr;
        return (
          answer.code === 0 && (JSON.parse(answer.stdout) as { readonly ready: boolean }).ready
        );
      },
      { otherwise: () => told },
    );
  }

  /** What `roam --json` answers on a leaf. */
  async roam<Row>(leaf: Leaf, question: readonly string[]): Promise<readonly Row[]> {
    const text = await this.fabric.run(leaf, roamCommand(["--json", ...question]));
    return JSON.parse(text) as readonly Row[];
  }

  /** To whom a leaf sends copies of flooded frames. */
  async floodList(leaf: Leaf): Promise<readonly string[]> {
    const rows = await this.fabric.run(leaf, ["bridge", "fdb", "show", "dev", "vxlan10"]);
    return [...rows.matchAll(/^00:00:00:00:00:00 .*dst (\S+)/gm)].map(([, vtep = ""]) => vtep);
  }

  /** Starts, stops or kills a daemon of a node. */
  async daemon(node: string, verb: "start" | "stop" | "kill", name: string): Promise<void> {
    await this.fabric.run(node, ["sh", "/lab/node.sh", verb, name]);
  }

  /** Holds a daemon back, or lets it go on. */
  async signal(node: string, name: "STOP" | "CONT", ...daemons: readonly string[]): Promise<void> {
    for (const daemon of daemons) {
      await this.fabric.run(node, ["sh", "-c", `kill -${name} $(cat /run/${daemon}.pid)`]);
    }
  }

  legs(): ReadonlyMap<string, string> {
    return legsOf(this.fabric);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.fabric.down();
  }
}

export function roamCommand(words: readonly string[]): readonly string[] {
  return ["node", "/roamd/dist/src/cli/main.js", ...words];
}
