/** The programs of the benches that run in nodes, as those who ask them see them. */
import type { Fabric } from "../../labs/runner/fabric.ts";
import { Assistant } from "../../labs/runner/json-lines.ts";
import { inRepository } from "../../labs/runner/repository.ts";
import type { CrowdAnswer } from "../parts/crowd.ts";
import type { EavesdropperAnswer, EavesdropperQuestion } from "../parts/eavesdropper.ts";
import type { FloodAnswer, FloodQuestion } from "../parts/flood.ts";
import type { PeerAnswer, PeerQuestion } from "../parts/peer.ts";
import type { Whereto, WitnessAnswer, WitnessQuestion } from "../parts/witness-protocol.ts";
import type { Crowd } from "./hosts.ts";

export const BRIDGE = "br10";
export const VXLAN = "vxlan10";
/** The leaf's port that its host is behind, and that of the virtual machine. */
export const HOST_PORT = "eth3";
export const VM_PORT = "eth2";

export interface InNode {
  readonly fabric: Fabric;
  readonly node: string;
}

/** A compiled program of the benches, as a command. */
export function part(program: string, ...words: readonly string[]): readonly string[] {
  return [process.execPath, inRepository(`dist/bench/parts/${program}.js`), ...words];
}

function assistant<Question, Answer>(
  { fabric, node }: InNode,
  command: readonly string[],
): Assistant<Question, Answer> {
  return new Assistant(fabric.spawn(node, command, { stdio: ["pipe", "pipe", "inherit"] }));
}

/** What a leaf's kernel has, told by somebody who is none of the parts under test. */
export class Witness {
  readonly #node: string;
  readonly #witness: Assistant<WitnessQuestion, WitnessAnswer>;

  constructor(where: InNode, { isSparse = false }: { readonly isSparse?: boolean } = {}) {
    this.#node = where.node;
    const mode = isSparse ? ["sparse"] : [];
    this.#witness = assistant(where, part("witness", BRIDGE, VXLAN, ...mode));
  }

  async expect(
    crowd: Crowd,
    place: Whereto,
    { withIps = false }: { readonly withIps?: boolean } = {},
  ): Promise<void> {
    await this.#witness.ask({ kind: "expect", crowd, place, withIps });
  }

  async watchFirst(isFirst: boolean): Promise<void> {
    await this.#witness.ask({ kind: "first-in-line", isFirst });
  }

  /** When the first and the last of those expected were there. Throws if it takes too long. */
  async arrived(count: number, timeoutMs = 60_000): Promise<WitnessAnswer> {
    const told = await this.#witness.ask({ kind: "arrived", timeoutMs });
    if (told.right !== count) {
      throw new Error(
        `Waited ${timeoutMs} ms for ${count} hosts at ${this.#node}: ${told.right} are right`,
      );
    }
    return told;
  }

  /** Throws unless what was expected stands in the kernel, and nothing besides for these hosts. */
  async inspect(
    count: number,
    { mayLeave = false }: { readonly mayLeave?: boolean } = {},
  ): Promise<WitnessAnswer> {
    const told = await this.#witness.ask({ kind: "inspect" });
    const isClean = mayLeave || told.leftover === 0;
    if (told.right !== count || !isClean || told.overruns > 0) {
      const found = `${told.right} right, ${told.leftover} left over, ${told.overruns} overruns`;
      throw new Error(`Cannot vouch for ${count} hosts at ${this.#node}: ${found}`);
    }
    return told;
  }

  /** Until nothing that was expected stands any more. */
  async gone(timeoutMs = 60_000): Promise<void> {
    await this.#witness.ask({ kind: "gone", timeoutMs });
  }

  /** Takes away all that stands for hosts. */
  async clear(): Promise<void> {
    const { right } = await this.#witness.ask({ kind: "clear" });
    if (right > 0) throw new Error(`Cannot clear ${this.#node}: ${right} hosts are still there`);
  }

  async touched(): Promise<number> {
    return (await this.#witness.ask({ kind: "touched" })).touched;
  }
}

/** Machines behind one port of a leaf. */
export class Speakers {
  readonly #host: Assistant<Crowd, CrowdAnswer>;

  constructor(where: InNode, port = "eth1") {
    // V8's own threads would keep the other processor for milliseconds while the first frames are out.
    const [node = "", ...rest] = part("crowd", port);
    this.#host = assistant(where, [node, "--single-threaded", ...rest]);
  }

  announce(crowd: Crowd): Promise<CrowdAnswer> {
    return this.#host.ask(crowd);
  }
}

/** One process alone can not send as fast as is asked for. */
const FLOODERS = 2;

/** Several senders behind one port, each with its part of the crowd. */
export class Flooder {
  readonly #hosts: readonly Assistant<FloodQuestion, FloodAnswer>[];

  constructor(where: InNode, port = "eth1") {
    this.#hosts = Array.from({ length: FLOODERS }, () => assistant(where, part("flood", port)));
  }

  async flood(question: FloodQuestion): Promise<FloodAnswer> {
    const { crowd, perSecond } = question;
    const count = Math.floor(crowd.count / FLOODERS);
    const answers = await Promise.all(
      this.#hosts.map((host, i) =>
        host.ask({
          ...question,
          crowd: { first: crowd.first + i * count, count },
          perSecond: perSecond / FLOODERS,
        }),
      ),
    );
    return {
      arp: answers.reduce((sum, { arp }) => sum + arp, 0),
      others: answers.reduce((sum, { others }) => sum + others, 0),
      seconds: Math.max(...answers.map(({ seconds }) => seconds)),
    };
  }
}

export class Eavesdropper {
  readonly #leaf: Assistant<EavesdropperQuestion, EavesdropperAnswer>;

  constructor(where: InNode, port: string) {
    this.#leaf = assistant(where, part("eavesdropper", port));
  }

  /** What is heard of these hosts counts from now on. */
  async listen(crowd: Crowd): Promise<void> {
    await this.#leaf.ask({ kind: "listen", crowd });
  }

  /** What the leaf with this RD has told and withdrawn of them. */
  heard(rd: string): Promise<EavesdropperAnswer> {
    return this.#leaf.ask({ kind: "heard", rd });
  }

  async watchFirst(isFirst: boolean): Promise<void> {
    await this.#leaf.ask({ kind: "first-in-line", isFirst });
  }
}

/** The BGP neighbour of the one leaf. */
export class Peer {
  readonly #peer: Assistant<PeerQuestion, PeerAnswer>;

  constructor(where: InNode, address: string) {
    this.#peer = assistant(where, part("peer", address));
  }

  async ask(question: PeerQuestion): Promise<number> {
    return (await this.#peer.ask(question)).at;
  }
}
