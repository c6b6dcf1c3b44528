/**
 * What is known of each IP of a MAC-VRF. There are as many as there are hosts, so that it is all kept in
 * one place: to look for it in several takes several times as long, and as much memory.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { NeighbourRow } from "../evpn/rows.ts";

interface KnownIp {
  /** By anyone's word: nearly always one, which is then kept without a set. */
  holders: MacAddress | Set<MacAddress> | undefined;
  neighbour: NeighbourRow | undefined;
  owner: MacAddress | undefined;
}

export class KnownIps {
  readonly #ips = new Map<IpAddress, KnownIp>();
  /** The one that was asked for last, for one decision asks for it ten times. */
  #last: { readonly ip: IpAddress; readonly known: KnownIp | undefined } | undefined;

  /** Of how many anything is known. */
  get size(): number {
    return this.#ips.size;
  }

  /** Every IP that somebody holds, and those a neighbour row was asked for. */
  *ips(): Iterable<IpAddress> {
    for (const [ip, { holders, neighbour }] of this.#ips) {
      if (holders !== undefined || neighbour !== undefined) yield ip;
    }
  }

  /** Which MACs hold it by anyone's word. */
  holdersOf(ip: IpAddress): readonly MacAddress[] {
    const holders = this.#find(ip)?.holders;
    if (holders === undefined) return [];
    return typeof holders === "string" ? [holders] : [...holders];
  }

  addHolder(ip: IpAddress, mac: MacAddress): void {
    const known = this.#known(ip);
    const { holders } = known;
    if (holders === undefined) known.holders = mac;
    else if (typeof holders !== "string") holders.add(mac);
    else if (holders !== mac) known.holders = new Set([holders, mac]);
  }

  /** Answers whether nobody holds it any more. */
  deleteHolder(ip: IpAddress, mac: MacAddress): boolean {
    const known = this.#find(ip);
    if (known === undefined) return false;
    const { holders } = known;
    if (holders instanceof Set) holders.delete(mac);
    const isLast = holders === mac || (holders instanceof Set && holders.size === 0);
    if (isLast) {
      known.holders = undefined;
      this.#forget(ip, known);
    }
    return isLast;
  }

  /** The neighbour row last asked for: which MACs hold an IP changes with every one of them. */
  neighbourOf(ip: IpAddress): NeighbourRow | undefined {
    return this.#find(ip)?.neighbour;
  }

  setNeighbour(ip: IpAddress, row: NeighbourRow | undefined): void {
    const known = this.#known(ip);
    known.neighbour = row;
    this.#forget(ip, known);
  }

  /** Who had it last, though nobody may have it now (`announcer.ts`). */
  ownerOf(ip: IpAddress): MacAddress | undefined {
    return this.#find(ip)?.owner;
  }

  setOwner(ip: IpAddress, mac: MacAddress | undefined): void {
    const known = this.#known(ip);
    known.owner = mac;
    this.#forget(ip, known);
  }

  #find(ip: IpAddress): KnownIp | undefined {
    if (this.#last?.ip !== ip) this.#last = { ip, known: this.#ips.get(ip) };
    return this.#last.known;
  }

  #known(ip: IpAddress): KnownIp {
    let known = this.#find(ip);
    if (known === undefined) {
      known = { holders: undefined, neighbour: undefined, owner: undefined };
      this.#ips.set(ip, known);
      this.#last = { ip, known };
    }
    return known;
  }

  /** Where nothing is known any more. */
  #forget(ip: IpAddress, { holders, neighbour, owner }: KnownIp): void {
    const isKnown = holders !== undefined || neighbour !== undefined || owner !== undefined;
    if (isKnown) return;
    this.#ips.delete(ip);
    this.#last = undefined;
  }
}
