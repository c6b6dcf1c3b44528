/** The virtual machine of a lab, from outside: where it is, how it moves, what reaches it. */
import type { Fabric } from "./fabric.ts";
import { Assistant } from "./json-lines.ts";
import { inRepository } from "./repository.ts";
import type { Guest, GuestSignal } from "./signals.ts";
import type { TalkerAnswer, TalkerQuestion } from "./talker.ts";

/** Where the machine listens for datagrams. */
export const PORT = 7000;
const NODE = "vm";

export type GuestQuestion =
  | {
      readonly kind: "move";
      readonly to: string;
      readonly signals: readonly GuestSignal[];
      /** Takes the carrier from this leg before. */
      readonly unplug?: string;
      /** Whose signals they are, if not the machine's own. */
      readonly guest?: Guest;
      /** Sent instead of signals; in base64. */
      readonly frames?: readonly string[];
    }
  | { readonly kind: "signal"; readonly signals: readonly GuestSignal[]; readonly guest?: Guest }
  | { readonly kind: "count-from-now" }
  | { readonly kind: "count" };

export interface GuestAnswer {
  /** When the first frame was sent, milliseconds since the epoch. */
  readonly at: number;
  /** Datagrams since `count-from-now`, each once, and how many came more than once. */
  readonly received: number;
  readonly duplicates: number;
}

export interface MoveOptions {
  readonly signals?: readonly GuestSignal[];
  /** What the old leaf's port does; a hypervisor's stays up, a cable's goes down. */
  readonly oldPort?: "stays-up" | "goes-down";
  /** Another guest on the same hypervisor, of whom only the signals exist. */
  readonly guest?: Guest;
  /** Sent instead of signals. */
  readonly frames?: readonly Uint8Array[];
}

/** One gratuitous ARP and one unsolicited neighbour advertisement. */
export const USUAL_SIGNALS: readonly GuestSignal[] = [
  "gratuitous-arp",
  "unsolicited-advertisement",
];

export class Machine {
  readonly #guest: Assistant<GuestQuestion, GuestAnswer>;
  readonly #legs: ReadonlyMap<string, string>;
  #leaf: string;

  constructor(fabric: Fabric, leaf: string) {
    this.#legs = legsOf(fabric);
    this.#leaf = leaf;
    this.#guest = assistant(fabric, NODE, ["guest.js", ...this.#legs.values()]);
  }

  get leaf(): string {
    return this.#leaf;
  }

  /** Answers when the first frame left at the new leaf, milliseconds since the epoch. */
  async move(to: string, options: MoveOptions = {}): Promise<number> {
    const { signals = USUAL_SIGNALS, oldPort = "stays-up" } = options;
    const { at } = await this.#guest.ask({
      kind: "move",
      to: this.#leg(to),
      signals,
      ...(oldPort === "goes-down" ? { unplug: this.#leg(this.#leaf) } : {}),
      ...(options.guest === undefined ? {} : { guest: options.guest }),
      ...(options.frames === undefined ? {} : { frames: options.frames.map(inBase64) }),
    });
    this.#leaf = to;
    return at;
  }

  /** Sends frames from where it is. */
  async signal(signals: readonly GuestSignal[], guest?: Guest): Promise<number> {
    const whose = guest === undefined ? {} : { guest };
    return (await this.#guest.ask({ kind: "signal", signals, ...whose })).at;
  }

  async countFromNow(): Promise<void> {
    await this.#guest.ask({ kind: "count-from-now" });
  }

  count(): Promise<GuestAnswer> {
    return this.#guest.ask({ kind: "count" });
  }

  #leg(leaf: string): string {
    const leg = this.#legs.get(leaf);
    if (leg === undefined)
      throw new Error(`Cannot move to "${leaf}": the machine has no leg there`);
    return leg;
  }
}

/** A host that talks to the machine. */
export class Talker {
  readonly #host: Assistant<TalkerQuestion, TalkerAnswer>;

  constructor(fabric: Fabric, node: string) {
    this.#host = assistant(fabric, node, ["talker.js"]);
  }

  async talk(to: string, perSecond: number): Promise<void> {
    await this.#host.ask({ kind: "talk", to, port: PORT, perSecond });
  }

  /** How many datagrams have been sent by now: none that is sent after this has a lower number. */
  async sent(): Promise<number> {
    return (await this.#host.ask({ kind: "sent" })).sent;
  }

  /** Stops, and answers how many datagrams were sent. */
  async hush(): Promise<number> {
    return (await this.#host.ask({ kind: "hush" })).sent;
  }
}

/** The machine's leg in each leaf, by the leaf's name. */
export function legsOf(fabric: Fabric): ReadonlyMap<string, string> {
  const legs = new Map<string, string>();
  for (const { ends } of fabric.topology.links) {
    const [a, b] = ends;
    if (a.node === NODE) legs.set(b.node, a.port);
    if (b.node === NODE) legs.set(a.node, b.port);
  }
  return legs;
}

function inBase64(frame: Uint8Array): string {
  return Buffer.from(frame).toString("base64");
}

function assistant<Question, Answer>(
  fabric: Fabric,
  node: string,
  [program = "", ...args]: readonly string[],
): Assistant<Question, Answer> {
  const path = inRepository(`dist/labs/runner/${program}`);
  const command = [process.execPath, path, ...args];
  return new Assistant(fabric.spawn(node, command, { stdio: ["pipe", "pipe", "inherit"] }));
}
