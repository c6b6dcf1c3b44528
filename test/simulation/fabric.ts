/**
 * A fabric of leaves and hosts, driven by a seed: hosts move and speak, frames are lost, updates are
 * delayed (in order between each two leaves, as BGP keeps them), processes restart. In the end
 * everybody speaks once more, and all leaves must agree.
 */
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { ip, mac, port, VNI } from "../mobility/leaf.ts";
import { SimulatedLeaf, type Update } from "./leaf.ts";
import { Random } from "./random.ts";

interface Host {
  readonly mac: MacAddress;
  ips: IpAddress[];
  leaf: number;
  port: "p1" | "p2";
}

interface Planned {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class Fabric {
  readonly random: Random;
  readonly leaves: SimulatedLeaf[];
  readonly hosts: Host[];
  readonly faults: string[] = [];
  readonly story: string[] = [];
  #now = 0;
  #order = 0;
  #planned: Planned[] = [];
  /** When the last update sent from one leaf to another arrives: later ones come after it. */
  readonly #lastArrival = new Map<string, number>();

  constructor(seed: number) {
    this.random = new Random(seed);
    const leafCount = this.random.between(2, 5);
    this.leaves = Array.from({ length: leafCount }, (_, i) => {
      // .9 and .10 are neighbours, so that an order of text would show.
      const vtep = ip(`192.0.2.${7 + i}`);
      return new SimulatedLeaf(vtep, (update) => this.#broadcast(i, update));
    });
    this.hosts = Array.from({ length: this.random.between(1, 4) }, (_, i) => ({
      mac: mac(`02:00:00:00:00:0${i + 1}`),
      ips: [ip(`10.0.0.${i + 1}`), ip(`2001:db8::${i + 1}`)].slice(0, this.random.between(0, 2)),
      leaf: this.random.between(0, leafCount - 1),
      port: "p1",
    }));
  }

  /** Runs the whole story; answers what went wrong. */
  run(): readonly string[] {
    const acts = this.random.between(5, 40);
    let at = 0;
    for (let i = 0; i < acts; i++) {
      // Sometimes quiet for long, sometimes everything at once.
      at += this.random.chance(0.4) ? this.random.between(0, 3) : this.random.between(10, 200);
      this.#plan(at, () => this.#act());
    }
    this.#drain();
    for (let round = 0; round < 3; round++) {
      for (const host of this.hosts) this.#speakAll(host);
      this.#drain();
    }
    this.#checkAgreement();
    this.#checkQuiet();
    for (const leaf of this.leaves) {
      leaf.checkRows();
      this.faults.push(...leaf.faults);
    }
    this.#checkRestart();
    return this.faults;
  }

  #plan(at: number, run: () => void): void {
    this.#planned.push({ at, order: this.#order++, run });
  }

  #drain(): void {
    while (this.#planned.length > 0) {
      this.#planned.sort((a, b) => b.at - a.at || b.order - a.order);
      const next = this.#planned.pop();
      if (next === undefined) return;
      this.#now = Math.max(this.#now, next.at);
      next.run();
      if (this.#order > 20_000) {
        this.faults.push("does not come to rest");
        this.#planned = [];
      }
    }
  }

  #broadcast(from: number, update: Update): void {
    for (const [to, leaf] of (this.leaves ?? []).entries()) {
      if (to === from) continue;
      const road = `${from}>${to}`;
      const delay = this.random.chance(0.1)
        ? this.random.between(20, 80)
        : this.random.between(1, 5);
      const at = Math.max(this.#now + delay, this.#lastArrival.get(road) ?? 0);
      this.#lastArrival.set(road, at);
      this.#plan(at, () => leaf.receive(update, this.#now));
    }
  }

  #act(): void {
    const { random } = this;
    const host = random.pick(this.hosts);
    const leaf = random.pick(this.leaves);
    const dice = random.next();
    if (dice < 0.4) this.#move(host);
    else if (dice < 0.7) this.#speak(host);
    else if (dice < 0.78) this.#swapIp(host);
    else if (dice < 0.86) this.#forget(host);
    else if (dice < 0.93) this.#restart(leaf);
    else {
      this.story.push(`${this.#now} speaker of ${leaf.vtep} restarts`);
      leaf.restartSpeaker(this.#now);
    }
  }

  #move(host: Host): void {
    const from = this.leaves[host.leaf];
    host.leaf = this.random.between(0, this.leaves.length - 1);
    host.port = this.random.pick(["p1", "p2"]);
    this.story.push(
      `${this.#now} ${host.mac} moves to ${this.leaves[host.leaf]?.vtep} ${host.port}`,
    );
    // The old port goes down before, after, or never.
    const portGoes = this.random.pick(["before", "after", "never", "never"]);
    if (portGoes === "before") from?.forget(host.mac, this.#now);
    if (portGoes === "after") {
      this.#plan(this.#now + this.random.between(1, 60), () => {
        if (this.leaves[host.leaf] !== from) from?.forget(host.mac, this.#now);
      });
    }
    if (!this.random.chance(0.2)) this.#speak(host);
  }

  #speak(host: Host): void {
    const leaf = this.leaves[host.leaf];
    const hasIp = host.ips.length > 0 && this.random.chance(0.7);
    const ipShown = hasIp ? this.random.pick(host.ips) : undefined;
    this.story.push(`${this.#now} ${host.mac} speaks at ${leaf?.vtep} ${ipShown ?? ""}`);
    this.#frame(host, ipShown);
  }

  #speakAll(host: Host): void {
    for (const shown of [undefined, ...host.ips]) {
      this.#plan(this.#now + this.random.between(0, 30), () => {
        this.#frame(host, shown);
      });
    }
  }

  #frame(host: Host, shown: IpAddress | undefined): number {
    const signal = shown === undefined ? "data" : "gratuitous-arp";
    const where = { mac: host.mac, ip: shown, port: port(host.port), signal } as const;
    return this.leaves[host.leaf]?.frame(where, this.#now) ?? 0;
  }

  /** A virtual IP changes hands: both hosts live on. */
  #swapIp(host: Host): void {
    const other = this.random.pick(this.hosts);
    const moved = host.ips.pop();
    if (moved === undefined) return;
    other.ips.push(moved);
    this.story.push(`${this.#now} ${moved} goes from ${host.mac} to ${other.mac}`);
    this.#frame(other, moved);
  }

  #forget(host: Host): void {
    this.story.push(`${this.#now} bridge forgets ${host.mac}`);
    this.leaves[host.leaf]?.forget(host.mac, this.#now);
  }

  #restart(leaf: SimulatedLeaf): void {
    this.story.push(`${this.#now} roamd of ${leaf.vtep} restarts`);
    leaf.boot(this.#now);
  }

  #checkAgreement(): void {
    for (const host of this.hosts) {
      const owner = this.leaves[host.leaf];
      for (const leaf of this.leaves) {
        const place = leaf.bridge.get(host.mac);
        const seen = place === undefined ? "nowhere" : "vtep" in place ? place.vtep : place.port;
        const right = leaf === owner ? host.port : owner?.vtep;
        if (seen !== right) this.faults.push(`${leaf.vtep}: ${host.mac} at ${seen}, not ${right}`);
      }
      for (const [index, leaf] of this.leaves.entries()) this.#checkNeighbours(host, index, leaf);
    }
  }

  #checkNeighbours(host: Host, index: number, leaf: SimulatedLeaf): void {
    for (const held of host.ips) {
      const row = leaf.neighbours.get(`${VNI}|${held}`)?.row;
      const found = row !== undefined && "mac" in row ? row.mac : "none";
      const right = index === host.leaf ? "none" : host.mac;
      if (found !== right) this.faults.push(`${leaf.vtep}: ${held} is ${found}, not ${right}`);
    }
  }

  /** Nobody has anything to say any more. */
  #checkQuiet(): void {
    for (const host of this.hosts) {
      for (const shown of [undefined, ...host.ips]) {
        if (this.#frame(host, shown) > 0) this.faults.push(`${host.mac} still causes changes`);
      }
    }
    this.#drain();
  }

  /** A restart changes nothing that is right. */
  #checkRestart(): void {
    for (const leaf of this.leaves) {
      const before = picture(leaf);
      leaf.boot(this.#now);
      const after = picture(leaf);
      if (before !== after) this.faults.push(`${leaf.vtep} restarts:\n${before}\n${after}`);
    }
    this.#planned = [];
  }
}

function picture(leaf: SimulatedLeaf): string {
  const routes = [...leaf.advertised].map(([key, route]) => `${key}=${route.mobility?.seq ?? "-"}`);
  const fdb = [...leaf.bridge].map(([mac, at]) => `${mac}=${"vtep" in at ? at.vtep : at.port}`);
  return [...routes, ...fdb, ...leaf.neighbours.keys()].sort().join(" ");
}
