/** The GoBGP edge of a leaf, its listener, and routes for two leaves. */

import type { MacAddress } from "../../src/evpn/mac.ts";
import { parseMac } from "../../src/evpn/mac.ts";
import { type MacIpRoute, type MacIpRouteKey, macIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import {
  parseRouteDistinguisher,
  type RouteDistinguisher,
} from "../../src/evpn/route-distinguisher.ts";
import type { VtepAddress } from "../../src/evpn/vtep.ts";
import type { Gobgp, GobgpOptions } from "../../src/gobgp/speaker.ts";
import { openGobgp } from "../../src/gobgp/speaker.ts";
import type { Change, Failure } from "../../src/reconcile/driver.ts";
import { Keeper } from "../gobgp/keeper.ts";
import { ip, macIpRoute, must } from "../gobgp/routes.ts";
import { Gobgpd, type GobgpdOptions } from "./gobgp-daemon.ts";

export const API_1 = "127.0.0.1:50171";
export const API_2 = "127.0.0.1:50172";
export const LEAF_1 = "127.1.0.1";
export const LEAF_2 = "127.1.0.2";
export const vtep1: VtepAddress = ip("192.0.2.1");
export const vtep2: VtepAddress = ip("192.0.2.2");
export const never: AbortSignal = new AbortController().signal;

export function rdOf(leaf: string): RouteDistinguisher {
  return must(parseRouteDistinguisher(`${leaf}:100`));
}

export function macOf(number: number): MacAddress {
  const hex = number.toString(16).padStart(4, "0");
  return must(parseMac(`02:00:00:00:${hex.slice(0, 2)}:${hex.slice(2)}`));
}

/** With the number that it is sent with in any case, so that it comes back as it was put. */
export function routeOf(leaf: string, given: Partial<MacIpRoute> = {}): MacIpRoute {
  const nexthop = leaf === LEAF_1 ? vtep1 : vtep2;
  return macIpRoute({ rd: rdOf(leaf), nexthop, mobility: { seq: 0, sticky: false }, ...given });
}

export function put(row: MacIpRoute): Change<MacIpRouteKey, MacIpRoute> {
  return { kind: "put", key: macIpRouteKey(row), row };
}

export function remove(row: MacIpRoute): Change<MacIpRouteKey, MacIpRoute> {
  return { kind: "remove", key: macIpRouteKey(row), row };
}

/** Two speakers that peer with each other. */
export function pairOf(binary: string, gracefulRestart = false): [GobgpdOptions, GobgpdOptions] {
  const neighbor = (address: string, passive: boolean) => ({
    address,
    asn: 65_000,
    gracefulRestart,
    passive,
  });
  return [
    { binary, address: LEAF_1, apiHosts: API_1, neighbors: [neighbor(LEAF_2, false)] },
    { binary, address: LEAF_2, apiHosts: API_2, neighbors: [neighbor(LEAF_1, true)] },
  ];
}

export class Leaf implements AsyncDisposable {
  readonly keeper: Keeper = new Keeper();
  readonly gobgp: Gobgp;

  constructor(address: string, given: Partial<GobgpOptions> = {}) {
    const options = { tls: undefined, ours: () => true, now: Date.now, ...given };
    this.gobgp = openGobgp({ address, ...options }, this.keeper);
    void this.gobgp.run(never);
  }

  async write(
    ...changes: Change<MacIpRouteKey, MacIpRoute>[]
  ): Promise<readonly Failure<MacIpRouteKey>[]> {
    return await this.gobgp.drivers["mac-ip-route"].write(changes, never);
  }

  async list(): Promise<MacIpRoute[]> {
    return [...(await this.gobgp.drivers["mac-ip-route"].list(never)).values()];
  }

  async told(): Promise<void> {
    await this.keeper.until(() => this.keeper.told("rib-told")[0], 80_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gobgp[Symbol.asyncDispose]();
  }
}

/** Two leaves with a session between them. */
export class Pair implements AsyncDisposable {
  readonly daemon1: Gobgpd;
  readonly daemon2: Gobgpd;
  readonly leaf1: Leaf = new Leaf(API_1);
  readonly leaf2: Leaf = new Leaf(API_2);

  constructor(binary: string) {
    const [one, two] = pairOf(binary);
    this.daemon1 = new Gobgpd(one);
    this.daemon2 = new Gobgpd(two);
  }

  static async start(binary: string): Promise<Pair> {
    const pair = new Pair(binary);
    await Promise.all([pair.daemon1.start(), pair.daemon2.start()]);
    await Promise.all([pair.leaf1.told(), pair.leaf2.told()]);
    return pair;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of [this.leaf1, this.leaf2, this.daemon1, this.daemon2]) {
      await part[Symbol.asyncDispose]();
    }
  }
}
