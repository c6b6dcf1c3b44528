/**
 * Routes of ours that have time: gobgpd passes on each by itself, at every leaf and reflector, so that
 * where a rack moves they would keep waiting those by which frames go to the new places.
 *
 * - That a host has moved its routes with its IPs tell; the one without an IP says nothing new.
 * - A host that is at another leaf is found there by a claim that outranks ours: it is withdrawn at once
 *   if it moves alone or with a few, and else by and by; but at once when it is not there any more: for
 *   as long as others believe us, what they send it is lost.
 */
import type { MacIpRoute } from "./evpn/mac-ip-route.ts";
import { type FdbKey, fdbKey, type RowAt } from "./evpn/rows.ts";

type RouteAt = Extract<RowAt, { table: "mac-ip-route" }>;

/** At most so many go in each so many milliseconds, */
const LOT_MS = 50;
/** while others are added: those of a few hosts; */
const FEW = 8;
/** and when none has been for a while: half of what a gobgpd passes on (5 to 6k a second). */
const MANY = 128;
const QUIET_MS = 200;

export class LaterRoutes {
  readonly #clock: () => number;
  readonly #due: (routes: readonly RouteAt[]) => void;
  readonly #waiting = new Map<RouteAt["key"], RouteAt>();
  /** Hosts that are elsewhere and whose routes wait; forgotten when none waits. */
  readonly #moved = new Set<FdbKey>();
  #addedAt = Number.NEGATIVE_INFINITY;
  #lotAt = Number.NEGATIVE_INFINITY;
  #ofLot = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: () => number, due: (routes: readonly RouteAt[]) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** The route without an IP of a host that others with an IP were told of. */
  tell(route: RouteAt): void {
    this.#add(route);
  }

  /** A route of a host that is at another leaf; answers whether it is to be withdrawn at once. */
  withdraw(route: RouteAt, ours: MacIpRoute): boolean {
    const at = this.#clock();
    if (at - this.#lotAt >= LOT_MS) {
      this.#lotAt = at;
      this.#ofLot = 0;
    }
    if (this.#waiting.size === 0 && this.#ofLot < FEW) {
      this.#ofLot++;
      return true;
    }
    this.#moved.add(fdbKey(ours));
    this.#add(route);
    return false;
  }

  /** Something else is wanted at this key. */
  forget(key: RouteAt["key"]): void {
    this.#waiting.delete(key);
  }

  /** The host is not at another leaf any more. */
  left(host: FdbKey): void {
    if (this.#moved.has(host)) this.hurry();
  }

  /** All that wait are due. */
  hurry(): void {
    if (this.#waiting.size > 0) this.#take(Number.POSITIVE_INFINITY);
  }

  /** None is due any more. */
  stop(): void {
    this.#waiting.clear();
    clearTimeout(this.#timer);
  }

  #add(route: RouteAt): void {
    this.#addedAt = this.#clock();
    this.#waiting.set(route.key, route);
    this.#timer ??= setTimeout(() => this.#lot(), LOT_MS);
  }

  #lot(): void {
    this.#timer = undefined;
    this.#take(this.#clock() - this.#addedAt < QUIET_MS ? FEW : MANY);
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#lot(), LOT_MS);
  }

  #take(most: number): void {
    const due: RouteAt[] = [];
    for (const [key, route] of this.#waiting) {
      if (due.length === most) break;
      this.#waiting.delete(key);
      due.push(route);
    }
    if (this.#waiting.size === 0) this.#moved.clear();
    this.#due(due);
  }
}
