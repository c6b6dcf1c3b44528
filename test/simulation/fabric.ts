/**
 * A fabric of leaves and hosts, driven by a seed: hosts move and speak, frames are lost, updates are
 * delayed, sessions flap, processes restart. Some fabrics have leaves with FRR, some freeze
 * duplicates. In the end everybody speaks once more, and `judge.ts` looks at what has come of it.
 */
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import type { Signal } from "../../src/evpn/signal.ts";
import { DEFAULT_DUPLICATES, type DuplicateSettings } from "../../src/mobility/duplicates.ts";
import { HOLD_MS } from "../../src/mobility/guard.ts";
import { DEFAULT_PROBES, type ProbeSettings, type Question } from "../../src/mobility/probes.ts";
import { ip, mac, port } from "../mobility/leaf.ts";
import type { FabricLeaf, Update } from "./fabric-leaf.ts";
import { FrrLeaf } from "./frr-leaf.ts";
import { judge, judgeRedirects, judgeRestart } from "./judge.ts";
import { Random } from "./random.ts";
import { Roads } from "./roads.ts";
import { RoamdLeaf } from "./roamd-leaf.ts";

export interface Host {
  readonly mac: MacAddress;
  ips: IpAddress[];
  leaf: FabricLeaf;
  port: "p1" | "p2";
}

interface Planned {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  /** The answer to a question: it goes on for ever, and is no unrest. */
  readonly isAnswer: boolean;
}

/** More than this can not follow from what is told. */
const STEPS_MAX = 20_000;
/** Longer than any window or recovery of a duplicate here. */
const CALM_MS = 10_000;

export class Fabric {
  readonly #random: Random;
  readonly leaves: readonly FabricLeaf[];
  readonly hosts: readonly Host[];
  readonly story: string[] = [];
  readonly #roads: Roads;
  readonly #freezes: boolean;
  /** Leaves keep their state directories. */
  readonly #remembers: boolean;
  /** Hosts are asked so soon that the end is long enough for it. */
  readonly asksSoon: boolean;
  /** What was added later is drawn from here: the stories of before stay what they were. */
  readonly #more: Random;
  readonly #hasForger: boolean;
  /** The last two moves of each host, the last first. */
  readonly #moves: Map<MacAddress, readonly [number, number]> = new Map();
  /** Longer than whatever is put off. */
  readonly #calmMs: number;
  #isOver = false;
  #now = 0;
  #order = 0;
  #planned: Planned[] = [];

  constructor(seed: number) {
    const random = new Random(seed);
    this.#random = random;
    this.#more = new Random(seed ^ 0x5eed);
    this.asksSoon = this.#more.chance(0.3);
    const guard = this.#more.pick(["off", "warn", "warn", "strict", "strict"] as const);
    this.#hasForger = this.#more.chance(0.2);
    this.#calmMs = guard === "strict" ? HOLD_MS + CALM_MS : CALM_MS;
    this.#roads = new Roads(random, {
      plan: (at, run) => this.#plan(at, run),
      now: () => this.#now,
    });
    this.#freezes = random.chance(0.2);
    // Without its state directory a duplicate would be forgotten by a restart.
    this.#remembers = this.#freezes || random.chance(0.5);
    const options = {
      duplicates: this.#freezes ? freezing(random) : WARNING,
      remembers: this.#remembers,
      probe: this.asksSoon ? SOON : DEFAULT_PROBES,
      guard,
      isHonest: (moved: MacAddress): boolean => !this.#hasForger && !this.#hasJustBeenBack(moved),
      ask: (leaf: FabricLeaf, question: Question): void => this.#asked(leaf, question),
    };
    const frrShare = random.chance(0.4) ? random.pick([0.3, 0.6]) : 0;
    // Few hosts and leaves, so that there is much going to and fro.
    const [mostLeaves, mostHosts] = this.#freezes ? [3, 2] : [5, 4];
    const leafCount = random.between(2, mostLeaves);
    const leaves: FabricLeaf[] = [];
    for (let i = 0; i < leafCount; i++) {
      // .9 and .10 are neighbours, so that an order of text would show.
      const vtep = ip(`192.0.2.${7 + i}`);
      const send = (update: Update): void => this.#broadcast(leaves[i], update);
      const isFrr = random.chance(frrShare);
      leaves.push(isFrr ? new FrrLeaf(vtep, send) : new RoamdLeaf(vtep, send, options));
    }
    this.leaves = leaves;
    this.hosts = Array.from({ length: random.between(1, mostHosts) }, (_, i) => ({
      mac: mac(`02:00:00:00:00:0${i + 1}`),
      ips: [ip(`10.0.0.${i + 1}`), ip(`2001:db8::${i + 1}`)].slice(0, random.between(0, 2)),
      leaf: random.pick(leaves),
      port: "p1",
    }));
    const kinds = leaves.map(({ vtep, kind }) => `${vtep} ${kind}`).join(", ");
    this.story.push(
      `leaves: ${kinds}; ${this.#freezes ? "freezes" : "warns of"} duplicates, guard ${guard}`,
    );
  }

  /** Runs the whole story; answers what went wrong. */
  run(): readonly string[] {
    const acts = this.#random.between(5, 40);
    let at = 0;
    for (let i = 0; i < acts; i++) {
      // Sometimes quiet for long, sometimes everything at once.
      at += this.#random.chance(0.4) ? this.#random.between(0, 3) : this.#random.between(10, 200);
      this.#plan(at, () => this.#act());
    }
    const faults = this.#drain();
    this.#isOver = true;
    if (this.asksSoon || this.#calmMs > CALM_MS) this.#age();
    for (let round = 0; round < 3; round++) {
      for (const host of this.hosts) this.#speakAll(host);
      faults.push(...this.#drain());
    }
    faults.push(...judge(this));
    faults.push(...this.#judgeQuiet());
    faults.push(...judgeRestart(this, this.#now));
    return faults;
  }

  #plan(at: number, run: () => void, isAnswer = false): void {
    this.#planned.push({ at, order: this.#order++, run, isAnswer });
  }

  /** Does all that is planned and all that is due, until it has been calm for a while. */
  #drain(): string[] {
    let calmAt = this.#now + this.#calmMs;
    for (let step = 0; step < STEPS_MAX; step++) {
      this.#planned.sort((a, b) => b.at - a.at || b.order - a.order);
      const next = this.#planned.at(-1);
      const dueAt = Math.min(...this.leaves.map(({ deadline }) => deadline ?? Number.MAX_VALUE));
      if ((next === undefined || next.at > calmAt) && dueAt > calmAt) {
        this.#now = calmAt;
        return [];
      }
      this.#now = Math.max(this.#now, Math.min(dueAt, next?.at ?? Number.MAX_VALUE));
      for (const leaf of this.leaves) leaf.wake(this.#now);
      const circles = this.#remembers ? judgeRedirects(this, this.#now) : [];
      if (circles.length > 0) return circles;
      if (next === undefined || next.at > this.#now) continue;
      // Those who were woken may have planned more.
      this.#planned.splice(this.#planned.indexOf(next), 1);
      next.run();
      if (!next.isAnswer) calmAt = this.#now + this.#calmMs;
    }
    this.#planned = [];
    return ["does not come to rest"];
  }

  /** A host answers for what it has, where it is; now and then a question is lost. */
  #asked(leaf: FabricLeaf, { mac: asked, ip: about, port: at }: Question): void {
    const host = this.hosts.find(({ mac: own }) => own === asked);
    const isThere = host?.leaf === leaf && host.port === at && host.ips.includes(about);
    if (host === undefined || !isThere || (!this.#isOver && this.#random.chance(0.05))) return;
    const answer = (): void => {
      const frame = { mac: asked, ip: about, port: at, signal: "answer" } as const;
      // By then it may have gone.
      const isStillThere = host.leaf === leaf && host.port === at;
      if (isStillThere && host.ips.includes(about)) leaf.frame(frame, this.#now);
    };
    this.#plan(this.#now + this.#random.between(1, 3), answer, true);
  }

  #broadcast(from: FabricLeaf | undefined, update: Update): void {
    // While the fabric is being built, there is nobody to be told.
    for (const to of this.leaves ?? []) {
      if (from !== undefined && to !== from) this.#roads.send(from, to, update);
    }
  }

  #act(): void {
    const random = this.#random;
    const host = random.pick(this.hosts);
    const leaf = random.pick(this.leaves);
    const dice = random.next();
    if (dice < 0.4) this.#move(host);
    else if (dice < 0.68) this.#speak(host);
    else if (dice < 0.76) this.#swapIp(host);
    else if (dice < 0.84) this.#forget(host);
    else if (dice < 0.9) this.#restart(leaf);
    else if (dice < 0.95) this.#restartSpeaker(leaf);
    else this.#flap(leaf);
  }

  #move(host: Host): void {
    const random = this.#random;
    const from = host.leaf;
    host.leaf = random.pick(this.leaves);
    host.port = random.pick(["p1", "p2"]);
    this.#moves.set(host.mac, [this.#now, this.#moves.get(host.mac)?.[0] ?? -1000]);
    this.#tell(`${host.mac} moves to ${host.leaf.vtep} ${host.port}`);
    // The old port goes down before, after, or never.
    const portGoes = random.pick(["before", "after", "never", "never"]);
    if (portGoes === "before") from.forget(host.mac, this.#now);
    if (portGoes === "after") {
      this.#plan(this.#now + random.between(1, 60), () => {
        if (host.leaf !== from) from.forget(host.mac, this.#now);
      });
    }
    if (!random.chance(0.2)) this.#speak(host);
    if (this.#hasForger && this.#more.chance(0.2)) this.#forge(host);
  }

  /** Away and back so fast, it may answer what was meant for whoever is there no more. */
  #hasJustBeenBack(mac: MacAddress): boolean {
    const [, first = -1000] = this.#moves.get(mac) ?? [];
    return this.#now - first <= DEFAULT_PROBES.intervalMs;
  }

  /** Somebody behind the other port of the leaf uses the host's MAC. */
  #forge({ mac: forged, leaf, port: own }: Host): void {
    const other = port(own === "p1" ? "p2" : "p1");
    this.#tell(`${forged} is forged at ${leaf.vtep} ${other}`);
    leaf.frame({ mac: forged, ip: undefined, port: other, signal: "rarp" }, this.#now);
  }

  #speak(host: Host): void {
    const hasIp = host.ips.length > 0 && this.#random.chance(0.7);
    const ipShown = hasIp ? this.#random.pick(host.ips) : undefined;
    this.#tell(`${host.mac} speaks at ${host.leaf.vtep} ${ipShown ?? ""}`);
    this.#frame(host, ipShown);
  }

  #speakAll(host: Host): void {
    for (const shown of [undefined, ...host.ips]) {
      this.#plan(this.#now + this.#random.between(0, 30), () => this.#frame(host, shown));
    }
  }

  /** Answers how much the frame has changed. */
  #frame(host: Host, shown: IpAddress | undefined): number {
    const spoken = this.#random.pick<Signal>(["gratuitous-arp", "arp-request"]);
    const signal = shown === undefined ? "data" : spoken;
    const frame = { mac: host.mac, ip: shown, port: port(host.port), signal };
    return host.leaf.frame(frame, this.#now);
  }

  /** A virtual IP changes hands: both hosts live on. Or it is let go without a word. */
  #swapIp(host: Host): void {
    const other = this.#random.pick(this.hosts);
    const moved = host.ips.pop();
    if (moved === undefined) return;
    if (this.asksSoon && this.#more.chance(0.3)) {
      this.#tell(`${host.mac} lets ${moved} go`);
      return;
    }
    other.ips.push(moved);
    this.#tell(`${moved} goes from ${host.mac} to ${other.mac}`);
    this.#frame(other, moved);
  }

  #forget(host: Host): void {
    this.#tell(`bridge of ${host.leaf.vtep} forgets ${host.mac}`);
    host.leaf.forget(host.mac, this.#now);
  }

  /** The bridges forget who has left them without a word, as they do some time after we have asked. */
  #age(): void {
    for (const { mac: gone, leaf } of this.hosts) {
      for (const other of this.leaves) if (other !== leaf) other.forget(gone, this.#now);
    }
  }

  #restart(leaf: FabricLeaf): void {
    const downMs = this.#random.chance(0.5) ? 0 : this.#random.between(1, 300);
    this.#tell(`${leaf.kind} of ${leaf.vtep} restarts, and is back after ${downMs} ms`);
    leaf.stop(this.#now);
    this.#plan(this.#now + downMs, () => leaf.boot(this.#now));
  }

  #restartSpeaker(leaf: FabricLeaf): void {
    this.#tell(`speaker of ${leaf.vtep} restarts`);
    leaf.restartSpeaker(this.#now);
  }

  #flap(leaf: FabricLeaf): void {
    const other = this.#random.pick(this.leaves);
    if (other === leaf) return;
    this.#tell(`session of ${leaf.vtep} and ${other.vtep} flaps`);
    this.#roads.flap(leaf, other);
  }

  #tell(what: string): void {
    this.story.push(`${this.#now} ${what}`);
  }

  /** Nobody has anything to say any more. */
  #judgeQuiet(): string[] {
    const faults: string[] = [];
    for (const host of this.hosts) {
      for (const shown of [undefined, ...host.ips]) {
        if (this.#frame(host, shown) > 0) faults.push(`${host.mac} still causes changes`);
      }
    }
    faults.push(...this.#drain());
    return faults;
  }
}

const SOON: ProbeSettings = { idleMs: 2000, attempts: 3, intervalMs: 100 };

/** Hosts move here as fast as they like. */
const WARNING: DuplicateSettings = { ...DEFAULT_DUPLICATES, action: "warn" };

function freezing(random: Random): DuplicateSettings {
  return {
    ...DEFAULT_DUPLICATES,
    action: "freeze",
    moves: random.between(2, 3),
    windowMs: random.between(500, 5000),
    recoverAfterMs: random.chance(0.3) ? undefined : random.between(50, 2000),
  };
}
