/**
 * When the routes of MACs alone are told. Where a host has an IP, the route with it tells already where
 * the MAC is; and gobgpd passes on each route by itself, at every leaf and reflector: where a rack moves,
 * the last of its hosts would be waited for twice as long. Those of a few hosts are told at once, those of
 * more when no other host has come for a while. That of a MAC without an IP never waits.
 *
 * The old leaf withdraws its own not before (`withdrawals.ts`): with the last route of a MAC alone FRR
 * (8.4 to 10.7, `zebra_evpn_rem_mac_del`) forgets the MAC's number, though one with an IP stands, and would
 * then believe an older claim that comes late.
 */
import { type MacIpRoute, type MacIpRouteKey, macIpRouteKey } from "./evpn/mac-ip-route.ts";
import { type FdbKey, fdbKey } from "./evpn/rows.ts";
import { FewAtOnce } from "./pace.ts";

/** In each so many milliseconds, */
const LOT_MS = 50;
/** while none waits: those of so many hosts at once, as many as the old leaf withdraws at once; */
const AT_ONCE = 4;
/** but none waits longer, where hosts come for ever. */
const LONGEST_MS = 1000;

export interface MacRoute {
  readonly key: MacIpRouteKey;
  readonly row: MacIpRoute;
}

interface Waiting {
  readonly route: MacRoute;
  readonly since: number;
}

export class MacRoutes {
  readonly #clock: () => number;
  readonly #due: (routes: readonly MacRoute[]) => void;
  /** Of hosts of which it is not known yet whether they are told of with an IP. */
  readonly #lonely = new Map<FdbKey, MacRoute>();
  /** Routes of MACs alone of whose hosts a route with an IP goes in this breath. */
  readonly #left = new Set<MacIpRouteKey>();
  /** The one longest so first. */
  readonly #waiting = new Map<MacIpRouteKey, Waiting>();
  readonly #few = new FewAtOnce(AT_ONCE, LOT_MS);
  #addedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: () => number, due: (routes: readonly MacRoute[]) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  get waiting(): number {
    return this.#waiting.size + this.#lonely.size;
  }

  /** A route without an IP is to be told; answers whether at once. */
  isDue(route: MacRoute): boolean {
    if (this.#waiting.size === 0 && this.#few.take(this.#clock())) return true;
    this.#lonely.set(fdbKey(route.row), route);
    return false;
  }

  /** A route with an IP is told, at once. */
  told(route: MacIpRoute): void {
    if (this.#lonely.size === 0) return;
    const host = fdbKey(route);
    const alone = this.#lonely.get(host);
    if (alone === undefined || alone.row.mobility?.seq !== route.mobility?.seq) return;
    this.#lonely.delete(host);
    this.#addedAt = this.#clock();
    this.#waiting.set(alone.key, { route: alone, since: this.#addedAt });
    this.#timer ??= setTimeout(() => this.#lot(), LOT_MS);
  }

  /** A route with an IP is not to be told any more: nothing else may tell of its host. */
  left(route: MacIpRoute): void {
    if (this.#waiting.size > 0) this.#left.add(macIpRouteKey({ ...route, ip: undefined }));
  }

  /** All that there was to tell of some hosts has been: those told of without an IP do not wait. */
  allTold(): void {
    if (this.#lonely.size === 0 && this.#left.size === 0) return;
    const due = [...this.#lonely.values()];
    for (const key of this.#left) {
      const left = this.#waiting.get(key);
      if (left !== undefined) due.push(left.route);
      this.#waiting.delete(key);
    }
    this.#lonely.clear();
    this.#left.clear();
    if (due.length > 0) this.#due(due);
  }

  /** Something else is wanted at this key. */
  forget(key: MacIpRouteKey): void {
    this.#waiting.delete(key);
    for (const [host, route] of this.#lonely) if (route.key === key) this.#lonely.delete(host);
  }

  /** All that wait are due. */
  hurry(): void {
    this.#take(Number.POSITIVE_INFINITY);
  }

  /** None is due any more. */
  stop(): void {
    this.#waiting.clear();
    this.#lonely.clear();
    this.#left.clear();
    clearTimeout(this.#timer);
  }

  #lot(): void {
    this.#timer = undefined;
    const at = this.#clock();
    this.#take(at - this.#addedAt >= LOT_MS ? at : at - LONGEST_MS);
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#lot(), LOT_MS);
  }

  /** Those that have waited since then or before. */
  #take(upTo: number): void {
    const due: MacRoute[] = [];
    for (const [key, { route, since }] of this.#waiting) {
      if (since > upTo) break;
      this.#waiting.delete(key);
      due.push(route);
    }
    if (due.length > 0) this.#due(due);
  }
}
