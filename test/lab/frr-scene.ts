/**
 * What the tests against FRR begin with: the lab evpn-l2 with one FRR or another on leaf3, and guests
 * who can be behind the hosts of any leaf, or of several. Leaf1 and leaf2 have roamd.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, onTestFailed } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import { inRepository } from "../../labs/runner/repository.ts";
import type { RibRoute } from "../../labs/runner/rib-watch.ts";
import { HOSTS, LEAVES, type Leaf, Scene, VTEPS } from "../../labs/runner/scene.ts";
import { frameOf, type Guest, type GuestSignal, ip, mac } from "../../labs/runner/signals.ts";
import { Stations } from "../../labs/runner/stations.ts";
import { variantOf } from "../../labs/runner/variant.ts";

export type { Guest, Leaf };

export interface FrrVersion {
  readonly name: string;
  /** The Debian suite it comes from. */
  readonly suite: string;
}

export const FRR_VERSIONS: readonly FrrVersion[] = [
  { name: "FRR 8.4", suite: "bookworm" },
  { name: "FRR 10.7", suite: "forky" },
];

/** The bridge port of every leaf behind which its host is, and with it the guests of these tests. */
const HOST_PORT = "eth3";
/** As many guests are not handed out by `FrrScene.guest`. */
const NAMED_GUESTS = 9;
/** Where roamd writes down what it observes, for when a test fails. */
const RECORD = "/run/roamd/record";

export interface FrrSceneOptions {
  readonly vteps?: Readonly<Record<Leaf, string>>;
  /** Added to the configuration of roamd on that leaf. */
  readonly roamd?: Readonly<Partial<Record<Leaf, string>>>;
  /** Given to FRR's bridge; without, FRR takes no notice of the guests' addresses. */
  readonly gateway?: readonly string[];
}

/** The tests for every FRR that can be had; without it they are skipped, and the reason is said. */
export function describeWithEveryFrr(
  what: string,
  tests: (frr: FrrVersion, scene: (options?: FrrSceneOptions) => () => FrrScene) => void,
): void {
  for (const version of FRR_VERSIONS) {
    const programs = programsOf(version);
    describe.skipIf(programs === undefined)(`${what}, with ${version.name}`, () => {
      tests(version, (options) => withFrr(programs ?? "", options));
    });
  }
}

/** Where its programs are; `undefined`, after saying why, where they can not be had. */
export function programsOf({ name, suite }: FrrVersion): string | undefined {
  try {
    const script = inRepository("labs/debian.sh");
    return execFileSync("sh", [script, "frr", suite], { encoding: "utf8" }).trim();
  } catch (error) {
    console.warn(`SKIPPED: tests with ${name}: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

function withFrr(programs: string, options: FrrSceneOptions = {}): () => FrrScene {
  let scene: FrrScene | undefined;
  beforeAll(async () => {
    scene = await FrrScene.set(programs, options);
  });
  afterAll(() => scene?.[Symbol.asyncDispose]());
  return () => {
    const set = scene;
    if (set === undefined) throw new Error("Cannot test: the scene was not set");
    onTestFailed(() => set.tell());
    return set;
  };
}

/** A route of a guest, as far as the tests compare it. */
export type Claim = Pick<RibRoute, "ip" | "seq">;

export class FrrScene implements AsyncDisposable {
  readonly lab: Scene;
  readonly #vtysh: string;
  readonly #stations: Readonly<Record<Leaf, Stations>>;
  readonly #directory: string;
  #guests = NAMED_GUESTS;

  constructor(lab: Scene, { vtysh, directory }: { vtysh: string; directory: string }) {
    this.lab = lab;
    this.#vtysh = vtysh;
    this.#directory = directory;
    const at = (leaf: Leaf) => new Stations(lab.fabric, HOSTS[leaf]);
    this.#stations = { leaf1: at("leaf1"), leaf2: at("leaf2"), leaf3: at("leaf3") };
  }

  static async set(programs: string, options: FrrSceneOptions): Promise<FrrScene> {
    const { vteps = VTEPS, roamd = {}, gateway = [] } = options;
    const topology = variantOf("evpn-l2", (text, { node, file }) => {
      const changed = readdressed(text, vteps);
      const isLeaf = node === "leaf1" || node === "leaf2";
      if (!isLeaf) return changed;
      if (file === "roamd.yaml") return `${changed}${roamd[node] ?? ""}`;
      return file === "node.env" ? `${changed}ROAMD_FLAGS="--record ${RECORD}"\n` : changed;
    });
    const env = { FRR_LEAF3: programs };
    const lab = await Scene.set({ topology, env, vteps });
    for (const address of gateway) {
      const nodad = address.includes(":") ? ["nodad"] : [];
      await lab.fabric.run("leaf3", ["ip", "address", "add", address, "dev", "br10", ...nodad]);
    }
    const vtysh = join(programs, "vtysh");
    return new FrrScene(lab, { vtysh, directory: dirname(topology) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** What the daemons have said, for when a test has failed, and where roamd's recordings are. */
  tell(): void {
    for (const leaf of LEAVES) {
      console.error(this.lab.fabric.logs(leaf));
      const record = `/proc/${this.lab.fabric.pid(leaf)}/root${RECORD}`;
      const copy = join(tmpdir(), `roamd-${leaf}-${process.pid}.jsonl`);
      if (!existsSync(record)) continue;
      copyFileSync(record, copy);
      console.error(`--- ${leaf}: what roamd has observed is in ${copy}`);
    }
  }

  /** Somebody of whom nobody has heard, in the segment's own subnets. */
  guest(): Guest {
    this.#guests += 1;
    return guestNumber(this.#guests);
  }

  /** The guest says something at a leaf. */
  async says(guest: Guest, leaf: Leaf, signals: readonly GuestSignal[] = ["data"]): Promise<void> {
    await this.sends(
      leaf,
      signals.map((signal) => frameOf(signal, guest)),
    );
  }

  async sends(leaf: Leaf, frames: readonly Uint8Array[]): Promise<void> {
    await this.#stations[leaf].send(frames);
  }

  placeSeenFrom(leaf: Leaf, at: Leaf): string {
    return leaf === at ? HOST_PORT : this.lab.vteps[at];
  }

  /** Until these leaves forward to where the guest is. */
  async followed(guest: Guest, at: Leaf, leaves: readonly Leaf[] = LEAVES): Promise<void> {
    await Promise.all(
      leaves.map((leaf) => this.lab.fdbs[leaf].until(guest.mac, this.placeSeenFrom(leaf, at))),
    );
  }

  /** As `followed`, of a guest who goes on speaking, as all do who want an answer. */
  async speaksUntilFollowed(
    guest: Guest,
    at: Leaf,
    leaves: readonly Leaf[] = LEAVES,
  ): Promise<void> {
    const { fdbs } = this.lab;
    const where = (leaf: Leaf) => fdbs[leaf].placeOf(guest.mac);
    await poll(
      `${leaves} to follow ${guest.mac} to ${at}`,
      async () => {
        await this.says(guest, at, EVERYTHING);
        return leaves.every((leaf) => where(leaf) === this.placeSeenFrom(leaf, at));
      },
      { everyMs: 200, otherwise: () => `${leaves.map(where)}` },
    );
  }

  /**
   * Until all are of one opinion, whichever it is: one leaf claims the MAC and sends it to nobody else
   * (to a port, or to all of them), and the others send it there.
   */
  async agreed({ mac }: { readonly mac: string }): Promise<Leaf> {
    const place = (leaf: Leaf) => this.lab.fdbs[leaf].placeOf(mac);
    const vteps = () => new Set(this.lab.rib.routesOf(mac).map(({ vtep }) => vtep));
    return await poll(
      `all leaves to agree on ${mac}`,
      () => {
        const [vtep, another] = vteps();
        const owner = LEAVES.find((leaf) => this.lab.vteps[leaf] === vtep);
        if (owner === undefined || another !== undefined) return undefined;
        const right = (leaf: Leaf): boolean =>
          leaf === owner ? place(leaf)?.startsWith("eth") !== false : place(leaf) === vtep;
        return LEAVES.every(right) ? owner : undefined;
      },
      { otherwise: () => `${[...vteps()]} claim it; ${LEAVES.map(place)}` },
    );
  }

  /** The guest's routes of one leaf at the spine, in a fixed order. */
  claims(guest: Guest, leaf: Leaf): readonly Claim[] {
    return this.lab.rib
      .routesOf(guest.mac)
      .filter((route) => route.vtep === this.lab.vteps[leaf])
      .map(({ ip, seq }) => ({ ip, seq }))
      .sort((a, b) => (a.ip ?? "").localeCompare(b.ip ?? ""));
  }

  async untilClaims(guest: Guest, leaf: Leaf, claims: readonly Claim[]): Promise<void> {
    const wanted = JSON.stringify(claims);
    const are = (): string => JSON.stringify(this.claims(guest, leaf));
    await poll(`the spine to have ${wanted} of ${leaf}`, () => are() === wanted, {
      otherwise: are,
    });
  }

  /** The numbers a leaf has advertised for the guest, in their order, without repetitions. */
  numbers(guest: Guest, leaf: Leaf): readonly number[] {
    const numbers = this.lab.rib.events
      .filter(({ mac, vtep }) => mac === guest.mac && vtep === this.lab.vteps[leaf])
      .filter(({ withdrawn }) => !withdrawn)
      .map(({ seq }) => seq ?? 0);
    return numbers.filter((seq, index) => seq !== numbers[index - 1]);
  }

  /**
   * Until whatever was under way has arrived everywhere: another guest is told of by each leaf, and
   * what is told later comes later.
   */
  async settled(): Promise<void> {
    await Promise.all(
      LEAVES.map(async (leaf) => {
        const last = this.guest();
        await this.says(last, leaf);
        await this.followed(last, leaf);
      }),
    );
  }

  async vtysh(...commands: readonly string[]): Promise<string> {
    const words = commands.flatMap((command) => ["-c", command]);
    return await this.lab.fabric.run("leaf3", [this.#vtysh, ...words]);
  }

  /** What FRR knows of the MAC: `undefined` when nothing. */
  async frrMac(guest: Guest): Promise<FrrMac | undefined> {
    const text = await this.vtysh(`show evpn mac vni 10 mac ${guest.mac} json`);
    const answer = JSON.parse(text || "{}") as Readonly<Record<string, FrrMac>>;
    return answer[guest.mac];
  }

  /** Stops all of the spine's road between the leaves, until the answer is called. */
  async hold(): Promise<() => Promise<void>> {
    const signal = (name: string) =>
      this.lab.fabric.run("spine", ["sh", "-c", `kill -${name} $(cat /run/gobgpd.pid)`]);
    await signal("STOP");
    return async () => {
      await signal("CONT");
    };
  }
}

export interface FrrMac {
  readonly type: string;
  readonly localSequence?: number;
  readonly remoteSequence?: number;
  readonly isDuplicate?: boolean;
  readonly [field: string]: unknown;
}

/** The routes roamd advertises for a guest who has said everything: the MAC, and each address. */
export function allClaims(guest: Guest, seq: number | null): readonly Claim[] {
  return [
    { ip: null, seq },
    { ip: guest.ipv4, seq },
    { ip: guest.ipv6, seq },
  ];
}

export const EVERYTHING: readonly GuestSignal[] = ["gratuitous-arp", "unsolicited-advertisement"];

/** Up to `NAMED_GUESTS`, for those whom a configuration knows beforehand. */
export function guestNumber(number: number): Guest {
  const hex = number.toString(16).padStart(4, "0");
  return {
    mac: mac(`02:00:00:02:${hex.slice(0, 2)}:${hex.slice(2)}`),
    ipv4: ip(`192.168.10.${130 + (number % 100)}`),
    ipv6: ip(`2001:db8:10::2:${number.toString(16)}`),
  };
}

/** The same file for leaves with other addresses. */
function readdressed(text: string, vteps: Readonly<Record<Leaf, string>>): string {
  const usual = new Map(LEAVES.map((leaf) => [VTEPS[leaf], vteps[leaf]]));
  return text.replaceAll(/\b10\.255\.0\.\d+\b/g, (address) => usual.get(address) ?? address);
}
