/**
 * One simulated leaf with FRR instead of roamd and GoBGP: zebra, and of bgpd the best path of each
 * MAC and each MAC with IP (`bgp_path_info_cmp`, `evpn_route_select_install`): the higher number,
 * then the lower next hop. A local path that is not the best is thrown away, and zebra told.
 *
 * The comparison is written anew here on purpose: it must not share a mistake of ours.
 */
import { ZERO_ESI } from "../../src/evpn/esi.ts";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { type MacIpRoute, type MacIpRouteKey, macIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import type { RouteDistinguisher } from "../../src/evpn/route-distinguisher.ts";
import type { RouteTarget } from "../../src/evpn/route-target.ts";
import type { VtepAddress } from "../../src/evpn/vtep.ts";
import { VNI } from "../mobility/leaf.ts";
import type { Binding, FabricLeaf, Frame, Place, Update } from "./fabric-leaf.ts";
import { Zebra } from "./frr-zebra.ts";

/** A MAC, or a MAC with an IP: what bgpd selects the best path of. */
interface Prefix {
  readonly mac: MacAddress;
  readonly ip: IpAddress | undefined;
  /** The number that zebra has given. */
  local: number | undefined;
  readonly imported: Map<VtepAddress, MacIpRoute>;
  selected: MacIpRoute | "local" | undefined;
}

export class FrrLeaf implements FabricLeaf {
  readonly vtep: VtepAddress;
  readonly kind = "frr";
  readonly #send: (update: Update) => void;
  readonly advertised: Map<MacIpRouteKey, MacIpRoute> = new Map();
  readonly bridge: Map<MacAddress, Place> = new Map();
  readonly faults: string[] = [];
  readonly #prefixes = new Map<string, Prefix>();
  /** What bgpd has told zebra, which hears of it when it is done with what it does. */
  #toZebra: (() => void)[] = [];
  #zebra: Zebra;

  constructor(vtep: VtepAddress, send: (update: Update) => void) {
    this.vtep = vtep;
    this.#send = send;
    this.#zebra = this.#newZebra();
  }

  #newZebra(): Zebra {
    return new Zebra(
      {
        add: (mac, ip, seq) => this.#localAdded(this.#prefix(mac, ip), seq),
        remove: (mac, ip) => this.#localRemoved(this.#prefix(mac, ip)),
      },
      {
        install: (mac, vtep) => this.bridge.set(mac, { vtep }),
        uninstall: (mac) => {
          const place = this.bridge.get(mac);
          if (place !== undefined && "vtep" in place) this.bridge.delete(mac);
        },
      },
    );
  }

  /** All of FRR starts again: rows and routes go; the bridge's own entries stay, the peers' come back. */
  boot(): void {
    for (const key of [...this.advertised.keys()]) this.#withdraw(key);
    for (const [mac, place] of [...this.bridge]) if ("vtep" in place) this.bridge.delete(mac);
    for (const prefix of this.#prefixes.values()) {
      prefix.local = undefined;
      prefix.selected = undefined;
    }
    this.#toZebra = [];
    this.#zebra = this.#newZebra();
    // zebra reads the kernel's tables long before a session is up: with what it learns there, it
    // knows of nobody else's claim.
    const imported = [...this.#prefixes.values()].map((prefix) => ({
      prefix,
      routes: [...prefix.imported],
    }));
    for (const { prefix } of imported) prefix.imported.clear();
    for (const mac of [...this.bridge.keys()]) this.#zebra.learned(mac);
    for (const { prefix, routes } of imported) {
      for (const [vtep, route] of routes) prefix.imported.set(vtep, route);
      this.#select(prefix);
    }
    this.#settle();
  }

  /** Not to be had separately: bgpd ends with zebra, and both are soon back. */
  stop(): void {}

  restartSpeaker(): void {
    this.boot();
  }

  /** The kernel tells zebra when the bridge learns something, and when an address is resolved. */
  frame({ mac, ip, port }: Frame): number {
    let changes = 0;
    const count = this.#counting(() => changes++);
    const before = this.bridge.get(mac);
    this.bridge.set(mac, { port });
    if (before === undefined || "vtep" in before) this.#zebra.learned(mac);
    this.#settle();
    if (ip !== undefined) this.#zebra.resolved(ip, mac);
    this.#settle();
    count();
    return changes;
  }

  forget(mac: MacAddress): void {
    const place = this.bridge.get(mac);
    if (place === undefined || "vtep" in place) return;
    this.bridge.delete(mac);
    this.#zebra.forgot(mac);
    this.#settle();
  }

  receive(update: Update): void {
    if (update.kind === "announce") {
      const { route } = update;
      const prefix = this.#prefix(route.mac, route.ip);
      prefix.imported.set(route.nexthop, route);
      this.#select(prefix);
    } else {
      for (const prefix of this.#prefixes.values()) {
        for (const [vtep, route] of prefix.imported) {
          if (macIpRouteKey(route) !== update.key) continue;
          prefix.imported.delete(vtep);
          this.#select(prefix);
        }
      }
    }
    this.#settle();
  }

  heardFrom(vtep: VtepAddress): readonly MacIpRouteKey[] {
    return [...this.#prefixes.values()].flatMap(({ imported }) => {
      const route = imported.get(vtep);
      return route === undefined ? [] : [macIpRouteKey(route)];
    });
  }

  readonly deadline: number | undefined = undefined;

  wake(): void {}

  /** FRR knows nothing of that. */
  sendsOn(): undefined {
    return undefined;
  }

  neighbour(ip: IpAddress): MacAddress | undefined {
    return this.#zebra.neighbour(ip);
  }

  neighbours(): readonly string[] {
    return [];
  }

  isDuplicate(): boolean {
    return false;
  }

  bindings(): readonly Binding[] {
    return [];
  }

  check(): void {}

  #prefix(mac: MacAddress, ip: IpAddress | undefined): Prefix {
    const key = `${mac}|${ip ?? ""}`;
    const known = this.#prefixes.get(key);
    if (known !== undefined) return known;
    const prefix: Prefix = { mac, ip, local: undefined, imported: new Map(), selected: undefined };
    this.#prefixes.set(key, prefix);
    return prefix;
  }

  /** update_evpn_route, evpn_cleanup_local_non_best_route */
  #localAdded(prefix: Prefix, seq: number): void {
    prefix.local = seq;
    this.#select(prefix);
    const { selected } = prefix;
    if (selected === "local" || selected === undefined) {
      this.#announce(prefix, seq);
      return;
    }
    this.#tellZebra(prefix, selected);
  }

  #localRemoved(prefix: Prefix): void {
    if (prefix.local === undefined) return;
    prefix.local = undefined;
    this.#withdraw(macIpRouteKey(this.#route(prefix, 0)));
    this.#select(prefix);
  }

  #select(prefix: Prefix): void {
    const old = prefix.selected;
    const best = this.#best(prefix);
    prefix.selected = best;
    if (best === old) return;
    if (best === "local" || best === undefined) {
      if (old !== "local" && old !== undefined) {
        const { mac, ip } = prefix;
        this.#toZebra.push(() => this.#zebra.remoteRemoved(mac, ip));
      }
      return;
    }
    this.#tellZebra(prefix, best);
    if (prefix.local === undefined) return;
    prefix.local = undefined;
    this.#withdraw(macIpRouteKey(this.#route(prefix, 0)));
  }

  #best({ local, imported }: Prefix): MacIpRoute | "local" | undefined {
    let best: { seq: number; vtep: VtepAddress; path: MacIpRoute | "local" } | undefined =
      local === undefined ? undefined : { seq: local, vtep: this.vtep, path: "local" };
    for (const [vtep, route] of imported) {
      const seq = route.mobility?.seq ?? 0;
      const isBetter =
        best === undefined ||
        seq > best.seq ||
        (seq === best.seq && numberOf(vtep) < numberOf(best.vtep));
      if (isBetter) best = { seq, vtep, path: route };
    }
    return best?.path;
  }

  #tellZebra({ mac, ip }: Prefix, { nexthop, mobility }: MacIpRoute): void {
    const remote = { vtep: nexthop, seq: mobility?.seq ?? 0 };
    this.#toZebra.push(() => this.#zebra.remoteAdded(mac, ip, remote));
  }

  #settle(): void {
    for (let next = this.#toZebra.shift(); next !== undefined; next = this.#toZebra.shift()) next();
  }

  #announce(prefix: Prefix, seq: number): void {
    const route = this.#route(prefix, seq);
    const key = macIpRouteKey(route);
    const before = this.advertised.get(key);
    if (before !== undefined && (before.mobility?.seq ?? 0) === seq) return;
    this.advertised.set(key, route);
    this.#tell({ kind: "announce", route });
  }

  #withdraw(key: MacIpRouteKey): void {
    if (this.advertised.delete(key)) this.#tell({ kind: "withdraw", key });
  }

  #tell(update: Update): void {
    this.#onUpdate();
    this.#send(update);
  }

  #onUpdate: () => void = () => {};

  /** Calls `each` for every update that is sent, until the answer is called. */
  #counting(each: () => void): () => void {
    this.#onUpdate = each;
    return () => {
      this.#onUpdate = () => {};
    };
  }

  #route({ mac, ip }: Prefix, seq: number): MacIpRoute {
    return {
      rd: `${this.vtep}:${VNI}` as RouteDistinguisher,
      ethernetTag: 0,
      mac,
      ip,
      vni: VNI,
      l3vni: undefined,
      nexthop: this.vtep,
      routeTargets: [`65000:${VNI}` as RouteTarget],
      mobility: seq === 0 ? undefined : { seq, sticky: false },
      esi: ZERO_ESI,
      defaultGateway: false,
    };
  }
}

function numberOf(vtep: VtepAddress): number {
  return vtep.split(".").reduce((number, byte) => number * 256 + Number(byte), 0);
}
