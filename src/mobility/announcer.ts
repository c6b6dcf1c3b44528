/**
 * Who had an IP last, and when that was told to hosts: what is remembered for `announce.ts`. A virtual
 * IP that goes to and fro must not make a storm, nor a thousand of them that go at once.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import { Agenda } from "./agenda.ts";
import type { KnownIps } from "./known-ips.ts";

/** An IP is announced no more often; the last of what has happened meanwhile is, after it. */
export const AGAIN_MS = 500;
/** Of all IPs of a MAC-VRF together; and so many answers to probes at one port. */
export const ANNOUNCED_PER_SECOND = 100;
/** IPs that nobody has: who had them last is remembered of so many. */
const OWNERLESS_MAX = 4096;

/** So many a second, counted second by second. */
export class Allowance {
  readonly #perSecond: number;
  #since = Number.NEGATIVE_INFINITY;
  #taken = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** How many milliseconds there is to wait; 0: one has been taken. */
  take(at: number): number {
    if (at - this.#since >= 1000) {
      this.#since = at;
      this.#taken = 0;
    }
    if (this.#taken >= this.#perSecond) return Math.max(1, this.#since + 1000 - at);
    this.#taken += 1;
    return 0;
  }
}

export class Announcer {
  /** Announcements that wait for their turn. */
  readonly agenda: Agenda<IpAddress> = new Agenda();
  readonly #known: KnownIps;
  /** When an IP came to its owner from another MAC; of most there was none. */
  readonly #movedAt = new Map<IpAddress, number>();
  /** Of those, the IPs that nobody has now; the one longest so first. */
  readonly #ownerless = new Set<IpAddress>();
  /** When an IP was last announced; the one longest ago first. */
  readonly #announced = new Map<IpAddress, number>();
  readonly #allowance = new Allowance(ANNOUNCED_PER_SECOND);

  constructor(known: KnownIps) {
    this.#known = known;
  }

  /** Answers who had it before, if that was another. */
  held(ip: IpAddress, mac: MacAddress, at: number): MacAddress | undefined {
    this.#ownerless.delete(ip);
    const before = this.#known.ownerOf(ip);
    if (before === mac) return undefined;
    this.#known.setOwner(ip, mac);
    if (before !== undefined) this.#movedAt.set(ip, at);
    return before;
  }

  /** Nobody has it. */
  left(ip: IpAddress): void {
    if (this.#known.ownerOf(ip) === undefined) return;
    this.#ownerless.add(ip);
    if (this.#ownerless.size <= OWNERLESS_MAX) return;
    for (const longest of this.#ownerless) {
      this.#ownerless.delete(longest);
      this.#known.setOwner(longest, undefined);
      this.#movedAt.delete(longest);
      return;
    }
  }

  /** Whether it has come to another MAC within the last `ms`. */
  hasMovedWithin(ip: IpAddress, ms: number, at: number): boolean {
    const movedAt = this.#movedAt.get(ip);
    return movedAt !== undefined && at - movedAt < ms;
  }

  /** How many milliseconds there is to wait before it may be announced; 0: it is now. */
  turn(ip: IpAddress, at: number): number {
    for (const [longest, when] of this.#announced) {
      if (at - when < AGAIN_MS) break;
      this.#announced.delete(longest);
    }
    const last = this.#announced.get(ip);
    if (last !== undefined) return AGAIN_MS - (at - last);
    const wait = this.#allowance.take(at);
    if (wait === 0) this.#announced.set(ip, at);
    return wait;
  }
}
