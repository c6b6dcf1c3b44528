/**
 * One simulated leaf: the real engine, and beside it what outlives its process: the speaker's RIB
 * and the bridge's table.
 */
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import type { MacIpRoute, MacIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import type { PortName } from "../../src/evpn/port.ts";
import type { RowAt } from "../../src/evpn/rows.ts";
import type { Signal } from "../../src/evpn/signal.ts";
import type { VtepAddress } from "../../src/evpn/vtep.ts";
import { rowsOf } from "../../src/mobility/desired.ts";
import { DEFAULT_DUPLICATES } from "../../src/mobility/duplicates.ts";
import { Engine, type EngineSettings } from "../../src/mobility/engine.ts";
import type { Observation } from "../../src/mobility/observation.ts";
import { BRIDGE_MAC, port, VNI } from "../mobility/leaf.ts";

/** Hosts move here as fast as they like; duplicates have tests of their own. */
const SETTINGS: EngineSettings = {
  domains: new Map(),
  duplicates: { ...DEFAULT_DUPLICATES, action: "warn" },
};

/** What one leaf's speaker tells the others. */
export type Update =
  | { readonly kind: "announce"; readonly route: MacIpRoute }
  | { readonly kind: "withdraw"; readonly key: MacIpRouteKey };

export class SimulatedLeaf {
  readonly vtep: VtepAddress;
  readonly #send: (update: Update) => void;
  readonly #ports: readonly PortName[];
  /** Received from the others; kept by the speaker across restarts of roamd. */
  readonly rib: Map<MacIpRouteKey, MacIpRoute> = new Map();
  readonly advertised: Map<MacIpRouteKey, MacIpRoute> = new Map();
  readonly neighbours: Map<string, RowAt> = new Map();
  /** The bridge: behind which port, or behind which VTEP, each MAC is. */
  readonly bridge: Map<MacAddress, { port: PortName } | { vtep: VtepAddress }> = new Map();
  readonly faults: string[] = [];
  engine: Engine;

  constructor(vtep: VtepAddress, send: (update: Update) => void) {
    this.vtep = vtep;
    this.#send = send;
    this.#ports = ["p1", "p2"].map(port);
    this.engine = new Engine(SETTINGS);
    this.boot(0);
  }

  /** roamd starts, or starts again: it knows nothing but what the RIB and the kernel hold. */
  boot(at: number): void {
    this.engine = new Engine(SETTINGS);
    const wants: RowAt[] = [];
    const tell = (observation: Observation): void => {
      wants.push(...this.engine.observe(observation, at).wants);
    };
    tell({
      kind: "speaker-up",
      speaker: { asn: 65000, routerId: this.vtep },
    });
    tell({
      kind: "segment-up",
      segment: { vni: VNI, vtep: this.vtep, bridge: "b", vxlan: "v", ownMacs: [BRIDGE_MAC] },
    });
    for (const of of this.#ports) tell({ kind: "port-up", vni: VNI, port: of });
    for (const route of this.rib.values()) tell({ kind: "claimed", route });
    for (const route of this.advertised.values()) tell({ kind: "remembered", route });
    tell({ kind: "told", source: "rib" });
    for (const [mac, place] of this.bridge) {
      if ("vtep" in place) continue;
      tell({ kind: "seen", vni: VNI, port: place.port, mac, ip: undefined, signal: "data" });
    }
    tell({ kind: "told", source: "kernel" });
    tell({ kind: "told", source: "packets" });
    this.#reconcileAll(wants);
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
    this.neighbours.clear();
    for (const row of desired.values()) this.#apply(row);
  }

  observe(observation: Observation, at: number): number {
    const { wants } = this.engine.observe(observation, at);
    for (const want of wants) this.#apply(want);
    return wants.length;
  }

  /** A frame of the host comes in: the bridge learns, and roamd hears. */
  frame(
    what: { mac: MacAddress; ip: IpAddress | undefined; port: PortName; signal: Signal },
    at: number,
  ): number {
    this.bridge.set(what.mac, { port: what.port });
    return this.observe({ kind: "seen", vni: VNI, ...what }, at);
  }

  receive(update: Update, at: number): void {
    if (update.kind === "announce") {
      this.rib.set(keyOf(update.route), update.route);
      this.observe({ kind: "claimed", route: update.route }, at);
    } else if (this.rib.delete(update.key)) {
      this.observe({ kind: "unclaimed", key: update.key }, at);
    }
  }

  /** The bridge forgets what it has learned on a port: ageing, or the link goes. */
  forget(mac: MacAddress, at: number): void {
    const place = this.bridge.get(mac);
    if (place === undefined || "vtep" in place) return;
    this.bridge.delete(mac);
    this.observe({ kind: "aged-out", vni: VNI, mac, port: place.port }, at);
  }

  /** The speaker restarts: its peers lose all it has told, then are told again. */
  restartSpeaker(at: number): void {
    for (const key of this.advertised.keys()) this.#send({ kind: "withdraw", key });
    this.observe({ kind: "speaker-down" }, at);
    this.observe({ kind: "speaker-up", speaker: { asn: 65000, routerId: this.vtep } }, at);
    for (const route of this.advertised.values()) this.#send({ kind: "announce", route });
  }

  #apply(want: RowAt): void {
    switch (want.table) {
      case "mac-ip-route":
        if (want.row === undefined) {
          if (this.advertised.delete(want.key)) this.#send({ kind: "withdraw", key: want.key });
          return;
        }
        this.#checkSpeaker(want.row);
        this.advertised.set(want.key, want.row);
        this.#send({ kind: "announce", route: want.row });
        return;
      case "fdb": {
        const mac = want.key.slice(want.key.indexOf("|") + 1) as MacAddress;
        const place = this.bridge.get(mac);
        if (want.row !== undefined) this.bridge.set(mac, { vtep: want.row.vtep });
        else if (place !== undefined && "vtep" in place) this.bridge.delete(mac);
        return;
      }
      case "neighbour":
        if (want.row === undefined) this.neighbours.delete(want.key);
        else this.neighbours.set(want.key, want);
        return;
      case "flood":
      case "imet-route":
        return;
    }
  }

  /** Numbers never fall, as long as the route stands. */
  #checkSpeaker(route: MacIpRoute): void {
    const before = this.advertised.get(keyOf(route));
    const seq = route.mobility?.seq ?? 0;
    if (before !== undefined && (before.mobility?.seq ?? 0) > seq) {
      this.faults.push(`${this.vtep} lowers ${keyOf(route)} to ${seq}`);
    }
  }

  /** What stands must follow from the state alone, whatever the way to it. */
  checkRows(): void {
    const domain = this.engine.domain(VNI);
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
  }

  #same(what: string, wanted: readonly string[], standing: readonly string[]): void {
    const [a, b] = [[...wanted].sort().join(" "), [...standing].sort().join(" ")];
    if (a !== b) this.faults.push(`${this.vtep} ${what}: wanted ${a}, standing ${b}`);
  }
}

export function keyOf(route: MacIpRoute): MacIpRouteKey {
  return `${route.rd}|${route.ethernetTag}|${route.mac}|${route.ip ?? ""}` as MacIpRouteKey;
}
