/** Three leaves and a reflector of one kind, up and ready, with all who watch them. */
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { Fabric } from "../../labs/runner/fabric.ts";
import { onLine } from "../../labs/runner/lines.ts";
import { Machine, Talker } from "../../labs/runner/machine.ts";
import { poll } from "../../labs/runner/poll.ts";
import { roamCommand } from "../../labs/runner/scene.ts";
import {
  BRIDGE,
  Eavesdropper,
  HOST_PORT,
  part,
  Speakers,
  VM_PORT,
  VXLAN,
  Witness,
} from "./assistants.ts";
import type { Binaries } from "./daemons.ts";
import { fabricDefinition, type Kind, LEAVES, type Leaf, VTEPS } from "./definition.ts";
import type { Crowd } from "./hosts.ts";

const START_MS = 60_000;

export class BenchFabric implements AsyncDisposable {
  readonly kind: Kind;
  readonly fabric: Fabric;
  readonly machine: Machine;
  readonly talker: Talker;
  readonly witnesses: Readonly<Record<Leaf, Witness>>;
  /** Behind the hosts' ports. */
  readonly speakers: Readonly<Record<"leaf1" | "leaf2", Speakers>>;
  readonly eavesdropper: Eavesdropper;
  readonly #directory: string;

  constructor(kind: Kind, fabric: Fabric, directory: string) {
    this.kind = kind;
    this.fabric = fabric;
    this.#directory = directory;
    this.machine = new Machine(fabric, "leaf1");
    this.talker = new Talker(fabric, "host3");
    const witness = (node: Leaf): Witness => new Witness({ fabric, node });
    this.witnesses = {
      leaf1: witness("leaf1"),
      leaf2: witness("leaf2"),
      leaf3: witness("leaf3"),
    };
    const speakers = (node: string): Speakers => new Speakers({ fabric, node });
    this.speakers = { leaf1: speakers("host1"), leaf2: speakers("host2") };
    this.eavesdropper = new Eavesdropper({ fabric, node: "leaf3" }, "eth1");
  }

  static async up(kind: Kind, binaries: Binaries): Promise<BenchFabric> {
    const definition = fabricDefinition(kind, binaries);
    const directory = dirname(definition);
    let fabric: Fabric | undefined;
    try {
      fabric = await Fabric.up(definition);
      const bench = new BenchFabric(kind, fabric, directory);
      await bench.#ready();
      return bench;
    } catch (error) {
      const logs = fabric?.nodes.map((node) => fabric?.logs(node)).join("\n");
      await fabric?.down();
      rmSync(directory, { recursive: true, force: true });
      throw new Error(`Cannot set up ${kind}: ${String(error)}\n${logs}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fabric.down();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Hosts at one leaf, and everybody knows. */
  async settle(crowd: Crowd, at: "leaf1" | "leaf2"): Promise<void> {
    await this.expect(crowd, at);
    await this.speakers[at].announce(crowd);
    for (const leaf of LEAVES) await this.witnesses[leaf].arrived(crowd.count);
  }

  async expect(crowd: Crowd, at: "leaf1" | "leaf2", port: string = HOST_PORT): Promise<void> {
    for (const leaf of LEAVES) {
      const here = { kind: "port", port } as const;
      const there = { kind: "vtep", vtep: VTEPS[at] } as const;
      await this.witnesses[leaf].expect(crowd, leaf === at ? here : there);
    }
  }

  /** Whether all that watch come before what they watch. */
  async watchFirst(isFirst: boolean): Promise<void> {
    const watchers = [...Object.values(this.witnesses), this.eavesdropper];
    await Promise.all(watchers.map((each) => each.watchFirst(isFirst)));
  }

  /** Throws unless all leaves have so many hosts where they are expected. */
  async inspect(count: number): Promise<void> {
    // The floor takes nothing away, and FRR leaves the VXLAN device's entry of a host that came.
    const mayLeave = this.kind !== "roamd";
    for (const leaf of LEAVES) await this.witnesses[leaf].inspect(count, { mayLeave });
  }

  /** The port at which leaves have the machine. */
  get machinePort(): string {
    return VM_PORT;
  }

  async #ready(): Promise<void> {
    if (this.kind === "floor") await Promise.all(LEAVES.map((leaf) => this.#startFloor(leaf)));
    if (this.kind === "roamd") await Promise.all(LEAVES.map((leaf) => this.#roamdReady(leaf)));
    // Whoever is heard of everywhere has found a way through all sessions.
    const first: Crowd = { first: 900_000, count: 1 };
    for (const at of ["leaf1", "leaf2"] as const) {
      await this.expect(first, at);
      await poll(
        `a host at ${at} to be known by all leaves`,
        async () => {
          await this.speakers[at].announce(first);
          try {
            for (const leaf of LEAVES) await this.witnesses[leaf].arrived(1, 500);
            return true;
          } catch {
            return false;
          }
        },
        { timeoutMs: START_MS, everyMs: 1 },
      );
    }
  }

  async #startFloor(leaf: Leaf): Promise<void> {
    const command = part("bare-leaf", VTEPS[leaf], BRIDGE, VXLAN, VM_PORT, HOST_PORT);
    const child = this.fabric.spawn(leaf, command, { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise<void>((resolve, reject) => {
      onLine(child, () => resolve());
      child.once("exit", () => reject(new Error(`The floor on ${leaf} has ended`)));
    });
  }

  async #roamdReady(leaf: Leaf): Promise<void> {
    await poll(`roamd on ${leaf} to be ready`, async () => {
      const { code, stdout } = await this.fabric.exec(leaf, roamCommand(["--json", "status"]));
      return code === 0 && (JSON.parse(stdout) as { readonly ready: boolean }).ready;
    });
  }
}
