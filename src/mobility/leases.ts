/**
 * What DHCP servers have given to whom, and until when. A lease is no sign of where a host is: it says
 * which IP a host has, wherever it is.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import { Agenda } from "./agenda.ts";

interface Lease {
  readonly mac: MacAddress;
  /** `undefined`: never. */
  readonly endsAt: number | undefined;
}

/** A forged server can give away as much as he likes. */
export const LEASES_MAX = 16_384;

const NO_IPS: ReadonlySet<IpAddress> = new Set();

export class Leases {
  /** An IP is one client's at a time. The one given longest ago first. */
  readonly #leases = new Map<IpAddress, Lease>();
  readonly #ips = new Map<MacAddress, Set<IpAddress>>();
  readonly #ends = new Agenda<IpAddress>();
  /** Hosts that the bridge has forgotten and that are kept for their leases, and since when. */
  readonly kept: Map<MacAddress, number> = new Map();

  get size(): number {
    return this.#leases.size;
  }

  /** When the next one ends. */
  get next(): number | undefined {
    return this.#ends.next;
  }

  give(ip: IpAddress, lease: Lease): void {
    this.end(ip);
    this.#leases.set(ip, lease);
    const ips = this.#ips.get(lease.mac);
    if (ips === undefined) this.#ips.set(lease.mac, new Set([ip]));
    else ips.add(ip);
    if (lease.endsAt !== undefined) this.#ends.set(ip, lease.endsAt);
    if (this.#leases.size <= LEASES_MAX) return;
    for (const oldest of this.#leases.keys()) {
      this.end(oldest);
      return;
    }
  }

  /** Answers whose it was. */
  end(ip: IpAddress): MacAddress | undefined {
    const lease = this.#leases.get(ip);
    if (lease === undefined) return undefined;
    this.#leases.delete(ip);
    this.#ends.delete(ip);
    const ips = this.#ips.get(lease.mac);
    ips?.delete(ip);
    if (ips?.size === 0) this.#ips.delete(lease.mac);
    return lease.mac;
  }

  /** Takes out the next one that is over by now. */
  takeEnded(now: number): { readonly ip: IpAddress; readonly mac: MacAddress } | undefined {
    const ip = this.#ends.take(now);
    const mac = ip === undefined ? undefined : this.end(ip);
    return ip === undefined || mac === undefined ? undefined : { ip, mac };
  }

  ipsOf(mac: MacAddress): ReadonlySet<IpAddress> {
    return this.#ips.get(mac) ?? NO_IPS;
  }

  /** When the lease of this IP ends; `undefined`: never, or there is none. */
  endOf(ip: IpAddress): number | undefined {
    return this.#leases.get(ip)?.endsAt;
  }

  holderOf(ip: IpAddress): MacAddress | undefined {
    return this.#leases.get(ip)?.mac;
  }
}
