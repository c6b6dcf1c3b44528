/**
 * One simulated leaf with roamd: the real engine, and beside it what outlives its process: the
 * speaker's RIB, the bridge's table, and the state directory, if it is kept.
 */
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { type MacIpRoute, type MacIpRouteKey, macIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import type { PortName } from "../../src/evpn/port.ts";
import type { RowAt } from "../../src/evpn/rows.ts";
import type { VtepAddress } from "../../src/evpn/vtep.ts";
import { rowsOf } from "../../src/mobility/desired.ts";
import type { DuplicateSettings } from "../../src/mobility/duplicates.ts";
import { Engine } from "../../src/mobility/engine.ts";
import type { GuardMode } from "../../src/mobility/guard.ts";
import type { Memory } from "../../src/mobility/memory.ts";
import type { Notice } from "../../src/mobility/notice.ts";
import type { Observation } from "../../src/mobility/observation.ts";
import type { Decision } from "../../src/mobility/outbox.ts";
import type { ProbeSettings, Question } from "../../src/mobility/probes.ts";
import { BRIDGE_MAC, port, VNI } from "../mobility/leaf.ts";
import type { Binding, FabricLeaf, Frame, Place, Update } from "./fabric-leaf.ts";

export interface RoamdOptions {
  readonly duplicates: DuplicateSettings;
  /** Whether the state directory is still there after a restart. */
  readonly remembers: boolean;
  readonly probe: ProbeSettings;
  readonly guard: GuardMode;
  /** Nobody but the host uses its MAC, and the host no more than one place. */
  readonly isHonest: (mac: MacAddress) => boolean;
  /** Whoever is behind that port may answer. */
  readonly ask: (leaf: FabricLeaf, question: Question) => void;
}

const REDIRECT_MS = 3000;

export class RoamdLeaf implements FabricLeaf {
  readonly vtep: VtepAddress;
  readonly kind = "roamd";
  readonly #send: (update: Update) => void;
  readonly #options: RoamdOptions;
  readonly #ports: readonly PortName[];
  /** Received from the others; kept by the speaker across restarts of roamd. */
  readonly #rib: Map<MacIpRouteKey, MacIpRoute> = new Map();
  readonly advertised: Map<MacIpRouteKey, MacIpRoute> = new Map();
  readonly #neighbours: Map<string, MacAddress> = new Map();
  readonly #tunnels: Map<MacAddress, VtepAddress> = new Map();
  /** What comes out of the tunnel for a MAC is sent on, until then. */
  readonly #redirects: Map<MacAddress, number> = new Map();
  readonly bridge: Map<MacAddress, Place> = new Map();
  /** The state directory. */
  readonly #memories: Map<string, Memory> = new Map();
  /** The highest number ever sent for each MAC. */
  readonly #sent: Map<MacAddress, number> = new Map();
  readonly faults: string[] = [];
  /** When each MAC came to us from another VTEP. */
  readonly #arrivals: Map<MacAddress, number[]> = new Map();
  #engine: Engine;
  #isUp = false;

  constructor(vtep: VtepAddress, send: (update: Update) => void, options: RoamdOptions) {
    this.vtep = vtep;
    this.#send = send;
    this.#options = options;
    this.#ports = ["p1", "p2"].map(port);
    this.#engine = this.#newEngine();
    this.boot(0);
  }

  #newEngine(): Engine {
    const { duplicates, probe, guard } = this.#options;
    const redirectMs = REDIRECT_MS;
    return new Engine({ domains: new Map(), duplicates, probe, guard, redirectMs });
  }

  /** It knows nothing but what the RIB, the kernel and the state directory hold. */
  boot(at: number): void {
    this.#isUp = true;
    this.#engine = this.#newEngine();
    const wants: RowAt[] = [];
    const tell = (observation: Observation): void => {
      const decision = this.#engine.observe(observation, at);
      this.#remember(decision);
      wants.push(...decision.wants);
    };
    if (this.#options.remembers) {
      for (const memory of [...this.#memories.values()]) tell({ kind: "recalled", memory });
    }
    tell({ kind: "speaker-up", speaker: { asn: 65000, routerId: this.vtep } });
    tell({
      kind: "segment-up",
      segment: { vni: VNI, vtep: this.vtep, bridge: "b", vxlan: "v", ownMacs: [BRIDGE_MAC] },
    });
    for (const of of this.#ports) tell({ kind: "port-up", vni: VNI, port: of });
    for (const route of this.#rib.values()) tell({ kind: "claimed", route });
    for (const route of this.advertised.values()) tell({ kind: "remembered", route });
    tell({ kind: "told", source: "rib" });
    for (const [mac, place] of this.bridge) {
      if ("vtep" in place) continue;
      tell({ kind: "seen", vni: VNI, port: place.port, mac, ip: undefined, signal: "data" });
    }
    for (const [mac, until] of this.#redirects) {
      if (until > at) tell({ kind: "redirecting", vni: VNI, mac, until });
    }
    tell({ kind: "told", source: "kernel" });
    tell({ kind: "told", source: "packets" });
    this.#reconcileAll(wants);
  }

  stop(): void {
    this.#isUp = false;
  }

  /** After a start all desired rows are known at once: what is not among them goes. */
  #reconcileAll(wants: readonly RowAt[]): void {
    const desired = new Map<string, RowAt>();
    for (const want of wants) {
      if (want.row === undefined) desired.delete(`${want.table}|${want.key}`);
      else desired.set(`${want.table}|${want.key}`, want);
    }
    for (const key of [...this.advertised.keys()]) {
      if (!desired.has(`mac-ip-route|${key}`)) {
        this.#apply({ table: "mac-ip-route", key, row: undefined });
      }
    }
    for (const [mac, place] of [...this.bridge]) {
      if ("vtep" in place && !desired.has(`fdb|${VNI}|${mac}`)) this.bridge.delete(mac);
    }
    this.#redirects.clear();
    this.#neighbours.clear();
    this.#tunnels.clear();
    for (const row of desired.values()) this.#apply(row);
  }

  #observe(observation: Observation, at: number): number {
    if (!this.#isUp) return 0;
    const changes = this.#act(this.#engine.observe(observation, at), at);
    const again = this.#engine.observe(observation, at).wants;
    if (again.length > 0) {
      this.faults.push(`${this.vtep}: twice ${observation.kind} is not once: ${again[0]?.key}`);
    }
    return changes;
  }

  get deadline(): number | undefined {
    return this.#isUp ? this.#engine.deadline : undefined;
  }

  wake(at: number): void {
    const { deadline } = this;
    if (deadline !== undefined && deadline <= at) this.#act(this.#engine.tick(at), at);
  }

  #act(decision: Decision, at: number): number {
    this.#remember(decision);
    for (const notice of decision.notices) this.#checkNotice(notice, at);
    for (const want of decision.wants) this.#apply(want);
    // The daemon teaches the bridge where a host is that has come to us.
    for (const { mac, port: at } of decision.lessons) {
      if (!this.#tunnels.has(mac)) this.bridge.set(mac, { port: at });
    }
    for (const question of decision.questions) this.#options.ask(this, question);
    return decision.wants.length;
  }

  #remember({ memories }: Decision): void {
    for (const memory of memories) {
      this.#memories.set(memory.kind === "ip" ? memory.ip : memory.mac, memory);
    }
  }

  /** The bridge learns, and roamd hears. */
  frame(frame: Frame, at: number): number {
    this.bridge.set(frame.mac, { port: frame.port });
    const changes = this.#observe({ kind: "seen", vni: VNI, ...frame }, at);
    // Where our row is still wanted, the reconciler puts it back over what the bridge has learned.
    const vtep = this.#tunnels.get(frame.mac);
    if (vtep !== undefined) this.bridge.set(frame.mac, { vtep });
    return changes;
  }

  receive(update: Update, at: number): void {
    if (update.kind === "announce") {
      this.#rib.set(macIpRouteKey(update.route), update.route);
      this.#observe({ kind: "claimed", route: update.route }, at);
    } else if (this.#rib.delete(update.key)) {
      this.#observe({ kind: "unclaimed", key: update.key }, at);
    }
  }

  heardFrom(vtep: VtepAddress): readonly MacIpRouteKey[] {
    return [...this.#rib].flatMap(([key, { nexthop }]) => (nexthop === vtep ? [key] : []));
  }

  forget(mac: MacAddress, at: number): void {
    const place = this.bridge.get(mac);
    if (place === undefined || "vtep" in place) return;
    this.bridge.delete(mac);
    this.#observe({ kind: "aged-out", vni: VNI, mac, port: place.port }, at);
  }

  restartSpeaker(at: number): void {
    for (const key of this.advertised.keys()) this.#send({ kind: "withdraw", key });
    // gobgpd forgets what it was given; if roamd is down as well, nobody gives it again.
    if (!this.#isUp) this.advertised.clear();
    this.#observe({ kind: "speaker-down" }, at);
    this.#observe({ kind: "speaker-up", speaker: { asn: 65000, routerId: this.vtep } }, at);
    for (const route of this.advertised.values()) this.#send({ kind: "announce", route });
  }

  sendsOn(mac: MacAddress, at: number): VtepAddress | undefined {
    const until = this.#redirects.get(mac) ?? 0;
    return until > at ? this.#tunnels.get(mac) : undefined;
  }

  neighbour(ip: IpAddress): MacAddress | undefined {
    return this.#neighbours.get(`${VNI}|${ip}`);
  }

  neighbours(): readonly string[] {
    return [...this.#neighbours].map(([key, mac]) => `${key}=${mac}`);
  }

  isDuplicate(address: MacAddress | IpAddress): boolean {
    const domain = this.#engine.domain(VNI);
    return (
      domain?.entry(address as MacAddress)?.duplicate !== undefined ||
      domain?.ipMoves.get(address as IpAddress)?.duplicate !== undefined
    );
  }

  bindings(mac: MacAddress): readonly Binding[] {
    const ips = this.#engine.domain(VNI)?.entry(mac)?.local?.ips ?? [];
    return [...ips].map(([ip, { answers }]) => ({ ip, answers }));
  }

  #apply(want: RowAt): void {
    switch (want.table) {
      case "mac-ip-route":
        if (want.row === undefined) {
          if (this.advertised.delete(want.key)) this.#send({ kind: "withdraw", key: want.key });
          return;
        }
        this.#checkNumber(want.row);
        this.advertised.set(want.key, want.row);
        this.#send({ kind: "announce", route: want.row });
        return;
      case "fdb": {
        const mac = want.key.slice(want.key.indexOf("|") + 1) as MacAddress;
        const place = this.bridge.get(mac);
        if (want.row !== undefined) {
          this.bridge.set(mac, { vtep: want.row.vtep });
          this.#tunnels.set(mac, want.row.vtep);
          return;
        }
        this.#tunnels.delete(mac);
        if (place !== undefined && "vtep" in place) this.bridge.delete(mac);
        return;
      }
      case "redirect": {
        const mac = want.key.slice(want.key.indexOf("|") + 1) as MacAddress;
        if (want.row === undefined) this.#redirects.delete(mac);
        else this.#redirects.set(mac, want.row.until);
        return;
      }
      case "neighbour":
        if (want.row === undefined) this.#neighbours.delete(want.key);
        else this.#neighbours.set(want.key, want.row.mac);
        return;
      case "flood":
      case "imet-route":
        return;
    }
  }

  /** Numbers never fall: as long as the route stands, and with the state directory ever. */
  #checkNumber(route: MacIpRoute): void {
    const { mac } = route;
    const seq = route.mobility?.seq ?? 0;
    const standing = this.advertised.get(macIpRouteKey(route))?.mobility?.seq ?? 0;
    const least = this.#options.remembers ? (this.#sent.get(mac) ?? 0) : standing;
    if (seq < least) this.faults.push(`${this.vtep} lowers ${mac} from ${least} to ${seq}`);
    this.#sent.set(mac, Math.max(least, seq));
  }

  /** Nobody is called a duplicate that has not come to us so often (C2.9), by a count of our own. */
  #checkNotice(notice: Notice, at: number): void {
    const { windowMs, moves, action } = this.#options.duplicates;
    if (notice.kind === "moved" && notice.from.kind === "vtep" && notice.to.kind === "port") {
      this.#arrivals.set(notice.mac, [...(this.#arrivals.get(notice.mac) ?? []), at]);
    }
    if (notice.kind === "at-two-ports" && this.#options.isHonest(notice.mac)) {
      this.faults.push(`${this.vtep}: ${notice.mac} is held to be at two ports`);
    }
    if (notice.kind !== "duplicate-detected" || notice.ip !== undefined) return;
    const arrivals = this.#arrivals.get(notice.mac) ?? [];
    const recent = arrivals.filter((time) => at - time <= windowMs).length;
    // The one that is too many is told of before it is made, and where duplicates are frozen it is not.
    if (recent + 1 < moves) this.faults.push(`${this.vtep}: ${action} ${notice.mac} at ${recent}`);
  }

  /** What stands must follow from the state alone, whatever the way to it. */
  check(): void {
    const domain = this.#engine.domain(VNI);
    const vrf = domain?.vrf;
    if (domain === undefined || vrf === undefined) return;
    const rows = [...domain.entries()].flatMap((entry) =>
      rowsOf(entry, { vrf, frozenIps: domain.frozenIps }),
    );
    const routes = rows.filter(({ table }) => table === "mac-ip-route").map(({ key }) => `${key}`);
    const fdb = rows.filter(({ table }) => table === "fdb").map(({ key }) => `${key}`);
    const standing = [...this.advertised.keys()].map(String);
    const tunnels = [...this.bridge].flatMap(([mac, at]) =>
      "vtep" in at ? [`${VNI}|${mac}`] : [],
    );
    this.#same("routes", routes, standing);
    this.#same("fdb", fdb, tunnels);
    this.#checkOneNumber();
  }

  /** All routes of a MAC carry one number. */
  #checkOneNumber(): void {
    const numbers = new Map<MacAddress, number>();
    for (const { mac, mobility } of this.advertised.values()) {
      const seq = mobility?.seq ?? 0;
      if ((numbers.get(mac) ?? seq) !== seq)
        this.faults.push(`${this.vtep}: ${mac} has two numbers`);
      numbers.set(mac, seq);
    }
  }

  #same(what: string, wanted: readonly string[], standing: readonly string[]): void {
    const [a, b] = [[...wanted].sort().join(" "), [...standing].sort().join(" ")];
    if (a !== b) this.faults.push(`${this.vtep} ${what}: wanted ${a}, standing ${b}`);
  }
}
