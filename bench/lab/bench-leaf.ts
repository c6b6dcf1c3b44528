/** One leaf whose only neighbour is ours, with all who watch it. */
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { Fabric } from "../../labs/runner/fabric.ts";
import { poll } from "../../labs/runner/poll.ts";
import { roamCommand } from "../../labs/runner/scene.ts";
import type { Announce } from "../parts/peer.ts";
import {
  BRIDGE,
  HOST_PORT,
  type InNode,
  Peer,
  part,
  Speakers,
  VM_PORT,
  VXLAN,
  Witness,
} from "./assistants.ts";
import { Daemon } from "./daemon.ts";
import type { Binaries } from "./daemons.ts";
import { leafDefinition, PEER_ADDRESS, VTEPS } from "./definition.ts";
import type { Crowd } from "./hosts.ts";

/** Two leaves that exist in the neighbour's words only. */
export const ELSEWHERE = ["10.255.1.1", "10.255.1.2"] as const;
const MEET_MS = 30_000;
/** The column of `/proc/net/netlink` with the bytes in a socket's receive queue. */
const UNREAD = 4;

export class BenchLeaf implements AsyncDisposable {
  readonly kind: "gobgp" | "frr";
  readonly fabric: Fabric;
  readonly leaf: InNode;
  readonly peer: Peer;
  /** Of whole crowds; it does not look at each entry of the VXLAN device. */
  readonly witness: Witness;
  /** Of one host at a time. */
  readonly closeWitness: Witness;
  readonly speakers: Speakers;
  readonly #directory: string;

  constructor(kind: "gobgp" | "frr", fabric: Fabric, directory: string) {
    this.kind = kind;
    this.fabric = fabric;
    this.leaf = { fabric, node: "leaf1" };
    this.peer = new Peer({ fabric, node: "peer" }, PEER_ADDRESS);
    this.witness = new Witness(this.leaf, { isSparse: true });
    this.closeWitness = new Witness(this.leaf);
    this.speakers = new Speakers({ fabric, node: "host1" });
    this.#directory = directory;
  }

  static async up(kind: "gobgp" | "frr", binaries: Binaries): Promise<BenchLeaf> {
    const definition = leafDefinition(kind, binaries);
    const directory = dirname(definition);
    let fabric: Fabric | undefined;
    try {
      fabric = await Fabric.up(definition);
      const bench = new BenchLeaf(kind, fabric, directory);
      await bench.meet();
      return bench;
    } catch (error) {
      const logs = fabric?.logs("leaf1");
      await fabric?.down();
      rmSync(directory, { recursive: true, force: true });
      throw new Error(`Cannot set up a leaf with ${kind}: ${String(error)}\n${logs}`, {
        cause: error,
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fabric.down();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** With the limits wide open, or as they are where nobody has said anything. */
  startRoamd(config: "roamd" | "defaults" = "roamd"): Daemon {
    const file = `/lab/node/${config}.yaml`;
    return new Daemon(this.leaf, ["node", "/roamd/dist/src/main.js", "--config", file]);
  }

  /** As if it had never been here. */
  async forgetRoamd(): Promise<void> {
    await this.fabric.run("leaf1", ["sh", "-c", "rm -rf /run/roamd && mkdir -p /run/roamd"]);
  }

  /** Kills FRR's daemons, which leave their rows to the kernel. */
  async killFrr(): Promise<void> {
    await this.fabric.run("leaf1", ["sh", "/lab/node.sh", "kill", "frr"]);
    await this.peer.ask({ kind: "part", timeoutMs: MEET_MS });
  }

  async startFrr(): Promise<void> {
    await this.fabric.run("leaf1", ["sh", "/lab/node.sh", "start", "frr"]);
  }

  /** Until the leaf's BGP session stands. */
  async meet(): Promise<void> {
    await this.peer.ask({ kind: "meet", timeoutMs: MEET_MS });
  }

  /**
   * Until nobody at the leaf has messages of the kernel left to read. zebra's socket is filled by what the
   * kernel tells of zebra's own rows, and what comes then is lost to it, for ever: after 10,000 rows it had
   * lost up to 8,500 messages (FRR 10.7).
   */
  async untilHeard(): Promise<void> {
    await poll("the leaf to have heard its kernel", async () => {
      const sockets = await this.fabric.run("leaf1", ["cat", "/proc/net/netlink"]);
      const unread = sockets
        .split("\n")
        .slice(1)
        .map((line) => line.trim().split(/\s+/)[UNREAD]);
      return unread.every((bytes = "0") => bytes === "0");
    });
  }

  startFloor(): Daemon {
    return new Daemon(this.leaf, part("bare-leaf", VTEPS.leaf1, BRIDGE, VXLAN, VM_PORT, HOST_PORT));
  }

  /** The words of a `roam` command that asks the roamd here. */
  roam(...words: readonly string[]): readonly string[] {
    return roamCommand(words);
  }

  /** The neighbour tells of them, at the first of the other leaves; answers since when. */
  announce(crowd: Crowd): Promise<number> {
    return this.peer.ask(announcementOf(crowd));
  }

  /** The neighbour has at hand what it tells next. */
  async prepare(crowd: Crowd): Promise<void> {
    await this.peer.ask({ kind: "prepare", announce: announcementOf(crowd) });
  }

  async withdraw(crowd: Crowd): Promise<void> {
    await this.peer.ask({ kind: "withdraw", crowd, vtep: ELSEWHERE[0], withIp: true });
  }

  /** That the kernel has them all at the first of the other leaves. */
  async expect(crowd: Crowd): Promise<void> {
    const place = { kind: "vtep", vtep: ELSEWHERE[0] } as const;
    await this.witness.expect(crowd, place, { withIps: true });
  }
}

function announcementOf(crowd: Crowd): Announce {
  return { kind: "announce", crowd, vtep: ELSEWHERE[0], seq: 0, withIp: true };
}
