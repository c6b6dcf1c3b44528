/**
 * When our routes of hosts that have moved to another leaf are withdrawn. They are found there already,
 * by claims that outrank ours, and gobgpd passes on each route by itself, at every leaf and reflector:
 * where a rack moves, as many withdrawals as claims would keep the last of the hosts waiting. Those of
 * a few hosts are withdrawn at once, the others by and by; and at once when a host is not at the other
 * leaf any more: for as long as others believe us, what they send it is lost.
 *
 * The route of a MAC alone goes after the other leaf has told its own. Of one host or a few it tells that
 * first; of more, later than those with the IPs (`mac-routes.ts`).
 */
import type { MacIpRoute, MacIpRouteKey } from "./evpn/mac-ip-route.ts";
import { type FdbKey, fdbKey } from "./evpn/rows.ts";
import { FewAtOnce } from "./pace.ts";

/** In each so many milliseconds, */
const LOT_MS = 50;
/** while none waits: so many at once, which is one host, or a few; */
const AT_ONCE = 8;
/** while more hosts leave: those of one, by which others see that we are at it (`mobility/let-go.ts`), */
const FEW = 2;
/** and this share of all that wait, so that none waits for ever where hosts leave for ever; */
const SHARE = 1 / 512;
/** and when none has for a while: half of what a gobgpd passes on (5 to 6k a second). */
const MANY = 128;
const QUIET_MS = 200;
/** So long at most for the other leaf's: there are speakers that never tell of a MAC alone. */
const SUCCESSOR_MS = 10_000;

interface Waiting {
  readonly route: MacIpRoute;
  readonly since: number;
}

export class Withdrawals {
  readonly #clock: () => number;
  readonly #due: (keys: readonly MacIpRouteKey[]) => void;
  readonly #isSucceeded: (route: MacIpRoute) => boolean;
  /** Routes that wait, the one longest so first. */
  readonly #waiting = new Map<MacIpRouteKey, Waiting>();
  /** Routes of MACs alone that wait for that of the other leaf, and hold up no others. */
  readonly #unsucceeded = new Map<MacIpRouteKey, Waiting>();
  /** The hosts of both; forgotten when none waits. */
  readonly #moved = new Set<FdbKey>();
  readonly #few = new FewAtOnce(AT_ONCE, LOT_MS);
  #movedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** `isSucceeded`: whether who has the MAC now tells of it without an IP. */
  constructor(
    clock: () => number,
    due: (keys: readonly MacIpRouteKey[]) => void,
    isSucceeded: (route: MacIpRoute) => boolean,
  ) {
    this.#clock = clock;
    this.#due = due;
    this.#isSucceeded = isSucceeded;
  }

  get waiting(): number {
    return this.#waiting.size + this.#unsucceeded.size;
  }

  /** The host of this route of ours is at another leaf; answers whether it is withdrawn at once. */
  isDue(key: MacIpRouteKey, route: MacIpRoute): boolean {
    const at = this.#clock();
    const isOneOfFew = this.#waiting.size === 0 && this.#few.take(at);
    if (isOneOfFew && this.#mayGo(route)) return true;
    this.#movedAt = at;
    (isOneOfFew ? this.#unsucceeded : this.#waiting).set(key, { route, since: at });
    this.#moved.add(fdbKey(route));
    this.#timer ??= setTimeout(() => this.#lot(), LOT_MS);
    return false;
  }

  /** Something else is wanted at this key. */
  forget(key: MacIpRouteKey): void {
    this.#waiting.delete(key);
    this.#unsucceeded.delete(key);
  }

  /** The host is not at another leaf any more: its routes go, and all that wait with them. */
  left(host: FdbKey): void {
    if (!this.#moved.has(host)) return;
    const most = Number.POSITIVE_INFINITY;
    this.#tell([...this.#next(most), ...this.#succeeded(most)]);
  }

  /** All that wait are due. */
  hurry(): void {
    const due = [...this.#waiting.keys(), ...this.#unsucceeded.keys()];
    this.#waiting.clear();
    this.#unsucceeded.clear();
    this.#tell(due);
  }

  /** None is due any more. */
  stop(): void {
    this.#waiting.clear();
    this.#unsucceeded.clear();
    clearTimeout(this.#timer);
  }

  #lot(): void {
    this.#timer = undefined;
    const at = this.#clock();
    const isQuiet = at - this.#movedAt >= QUIET_MS;
    const most = isQuiet ? MANY : FEW + Math.floor(this.#waiting.size * SHARE);
    const succeeded = this.#succeeded(most);
    this.#tell([...succeeded, ...this.#next(Math.max(FEW, most - succeeded.length))]);
    if (this.waiting > 0) this.#timer = setTimeout(() => this.#lot(), LOT_MS);
  }

  /** The next so many of those that wait; of them, those that wait for nothing else. */
  #next(most: number): MacIpRouteKey[] {
    const due: MacIpRouteKey[] = [];
    let looked = 0;
    for (const [key, waiting] of this.#waiting) {
      if (looked++ === most) break;
      this.#waiting.delete(key);
      if (this.#mayGo(waiting.route)) due.push(key);
      else this.#unsucceeded.set(key, waiting);
    }
    return due;
  }

  /** Of those that wait for the other leaf's, as many that need not any more, or have for long enough. */
  #succeeded(most: number): MacIpRouteKey[] {
    const due: MacIpRouteKey[] = [];
    const at = this.#clock();
    for (const [key, { route, since }] of this.#unsucceeded) {
      if (due.length >= most) break;
      if (at - since < SUCCESSOR_MS && !this.#isSucceeded(route)) continue;
      this.#unsucceeded.delete(key);
      due.push(key);
    }
    return due;
  }

  #mayGo(route: MacIpRoute): boolean {
    return route.ip !== undefined || this.#isSucceeded(route);
  }

  #tell(due: readonly MacIpRouteKey[]): void {
    if (this.waiting === 0) this.#moved.clear();
    if (due.length > 0) this.#due(due);
  }
}
