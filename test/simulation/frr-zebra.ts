/**
 * FRR's zebra as far as MAC mobility goes, from reading `zebra_evpn_mac.c` and `zebra_evpn_neigh.c`
 * (10.x; the rules are those since 8.1, which takes lower numbers from bgpd where a MAC is remote):
 *
 * - Learned locally over a remote entry: the remote number + 1, never below our own of before.
 * - A remote entry over a local one: only if its number is not lower; then the MAC and all its local
 *   neighbours are withdrawn, and those are kept, inactive, until the MAC is local again.
 * - Numbers are forgotten with the entry: when the bridge forgets a local MAC that has no neighbours.
 * - An IP that comes from another MAC lifts its new MAC to that one's number + 1.
 * - A MAC/IP route of another leaf says nothing of where the MAC is.
 *
 * No multihoming, no sticky MACs, no duplicate detection: FRR's default only warns.
 */
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import type { VtepAddress } from "../../src/evpn/vtep.ts";

/** What zebra tells bgpd. */
export interface Bgpd {
  add(mac: MacAddress, ip: IpAddress | undefined, seq: number): void;
  remove(mac: MacAddress, ip: IpAddress | undefined): void;
}

/** What zebra has the kernel do. */
export interface KernelFdb {
  install(mac: MacAddress, vtep: VtepAddress): void;
  uninstall(mac: MacAddress): void;
}

interface Mac {
  readonly mac: MacAddress;
  side: "local" | "remote" | undefined;
  /** It exists for the sake of its neighbours. */
  auto: boolean;
  localSeq: number;
  remoteSeq: number;
  vtep: VtepAddress | undefined;
  readonly neighbours: Set<Neighbour>;
}

interface Neighbour {
  readonly ip: IpAddress;
  mac: Mac;
  side: "local" | "remote";
  active: boolean;
  localSeq: number;
  remoteSeq: number;
  vtep: VtepAddress | undefined;
}

interface Remote {
  readonly vtep: VtepAddress;
  readonly seq: number;
}

export class Zebra {
  readonly #macs = new Map<MacAddress, Mac>();
  readonly #neighbours = new Map<IpAddress, Neighbour>();
  readonly #bgpd: Bgpd;
  readonly #fdb: KernelFdb;

  constructor(bgpd: Bgpd, fdb: KernelFdb) {
    this.#bgpd = bgpd;
    this.#fdb = fdb;
  }

  neighbour(ip: IpAddress): MacAddress | undefined {
    const known = this.#neighbours.get(ip);
    return known?.side === "remote" ? known.mac.mac : undefined;
  }

  /** zebra_evpn_add_update_local_mac */
  learned(address: MacAddress): void {
    const mac = this.#macs.get(address) ?? this.#newMac(address);
    if (mac.side === "local") return;
    if (mac.side === "remote") mac.localSeq = Math.max(mac.remoteSeq + 1, mac.localSeq);
    mac.side = "local";
    mac.auto = false;
    mac.vtep = undefined;
    this.#bgpd.add(address, undefined, mac.localSeq);
    this.#advertiseNeighbours(mac, (neighbour) => !neighbour.active);
  }

  /** zebra_evpn_del_local_mac */
  forgot(address: MacAddress): void {
    const mac = this.#macs.get(address);
    if (mac?.side !== "local") return;
    this.#withdrawNeighbours(mac);
    this.#bgpd.remove(address, undefined);
    mac.side = undefined;
    mac.remoteSeq = 0;
    mac.auto = true;
    this.#dropUnused(mac);
  }

  /** zebra_evpn_local_neigh_update */
  resolved(ip: IpAddress, address: MacAddress): void {
    let mac = this.#macs.get(address);
    if (mac === undefined) {
      mac = this.#newMac(address);
      mac.auto = true;
    }
    let isNewNumber = mac.side === "remote";
    let otherSeq = -1;
    let neighbour = this.#neighbours.get(ip);
    if (neighbour === undefined) {
      neighbour = this.#newNeighbour(ip, mac, "local");
    } else {
      const { mac: old, side } = neighbour;
      if (side === "local" && old === mac) return;
      if (old !== mac) {
        if (side === "local" && neighbour.active && old.side === "local") {
          this.#bgpd.remove(old.mac, ip);
        }
        otherSeq = old.side === "remote" ? old.remoteSeq : old.localSeq;
        isNewNumber = true;
        this.#link(neighbour, mac);
      }
      neighbour.side = "local";
      neighbour.vtep = undefined;
    }
    const own = mac.side === "remote" ? mac.remoteSeq + 1 : mac.localSeq;
    const seq = isNewNumber ? Math.max(mac.localSeq, own, otherSeq + 1) : 0;
    if (mac.side !== "local") {
      neighbour.active = false;
      neighbour.localSeq = 0;
      mac.localSeq = seq;
      return;
    }
    if (isNewNumber && mac.localSeq !== seq) {
      mac.localSeq = seq;
      this.#bgpd.add(address, undefined, seq);
      this.#advertiseNeighbours(mac, () => true);
      return;
    }
    neighbour.localSeq = mac.localSeq;
    neighbour.active = true;
    this.#bgpd.add(address, ip, mac.localSeq);
  }

  /** zebra_evpn_rem_macip_add */
  remoteAdded(address: MacAddress, ip: IpAddress | undefined, remote: Remote): void {
    if (ip === undefined) {
      this.#remoteMacAdded(address, remote);
      return;
    }
    let mac = this.#macs.get(address);
    if (mac === undefined) {
      mac = this.#newMac(address);
      mac.auto = true;
    }
    this.#remoteNeighbourAdded(mac, ip, remote);
  }

  #remoteMacAdded(address: MacAddress, { vtep, seq }: Remote): void {
    const known = this.#macs.get(address);
    const mac = known ?? this.#newMac(address);
    if (mac.side !== "remote" || mac.vtep !== vtep || mac.remoteSeq !== seq) {
      if (mac.side === "local") {
        if (seq < mac.localSeq) return;
        this.#bgpd.remove(address, undefined);
      }
      mac.side = "remote";
      mac.vtep = vtep;
      this.#withdrawNeighbours(mac);
      this.#fdb.install(address, vtep);
    }
    mac.remoteSeq = seq;
    mac.auto = false;
  }

  #remoteNeighbourAdded(mac: Mac, ip: IpAddress, { vtep, seq }: Remote): void {
    const known = this.#neighbours.get(ip);
    const neighbour = known ?? this.#newNeighbour(ip, mac, "remote");
    if (known?.side === "local") {
      if (seq < known.localSeq) return;
      if (known.active) this.#bgpd.remove(known.mac.mac, ip);
    }
    if (neighbour.mac !== mac) this.#link(neighbour, mac);
    neighbour.side = "remote";
    neighbour.active = true;
    neighbour.vtep = vtep;
    neighbour.remoteSeq = seq;
  }

  /** zebra_evpn_rem_macip_del */
  remoteRemoved(address: MacAddress, ip: IpAddress | undefined): void {
    const mac = this.#macs.get(address);
    const neighbour = ip === undefined ? undefined : this.#neighbours.get(ip);
    if (mac === undefined) return;
    if (neighbour !== undefined) {
      if (neighbour.mac !== mac || neighbour.side === "local") return;
      this.#neighbours.delete(neighbour.ip);
      mac.neighbours.delete(neighbour);
      this.#dropUnused(mac);
      return;
    }
    if (mac.side !== "remote") return;
    mac.remoteSeq = 0;
    mac.auto = true;
    this.#dropUnused(mac);
  }

  /** zebra_evpn_process_neigh_on_local_mac_change */
  #advertiseNeighbours(mac: Mac, concerns: (neighbour: Neighbour) => boolean): void {
    for (const neighbour of mac.neighbours) {
      if (neighbour.side !== "local" || !concerns(neighbour)) continue;
      neighbour.active = true;
      neighbour.localSeq = mac.localSeq;
      this.#bgpd.add(mac.mac, neighbour.ip, mac.localSeq);
    }
  }

  /** zebra_evpn_process_neigh_on_local_mac_del, ..._on_remote_mac_add */
  #withdrawNeighbours(mac: Mac): void {
    for (const neighbour of mac.neighbours) {
      if (neighbour.side !== "local" || !neighbour.active) continue;
      neighbour.active = false;
      neighbour.localSeq = 0;
      this.#bgpd.remove(mac.mac, neighbour.ip);
    }
  }

  /** zebra_evpn_deref_ip2mac */
  #dropUnused(mac: Mac): void {
    if (!mac.auto) return;
    const hasRemote = [...mac.neighbours].some(({ side }) => side === "remote");
    if (mac.side === "remote" && !hasRemote) {
      this.#fdb.uninstall(mac.mac);
      mac.side = undefined;
    }
    if (mac.side === undefined && mac.neighbours.size === 0) this.#macs.delete(mac.mac);
  }

  #link(neighbour: Neighbour, mac: Mac): void {
    const old = neighbour.mac;
    old.neighbours.delete(neighbour);
    neighbour.mac = mac;
    mac.neighbours.add(neighbour);
    this.#dropUnused(old);
  }

  #newMac(address: MacAddress): Mac {
    const mac: Mac = {
      mac: address,
      side: undefined,
      auto: false,
      localSeq: 0,
      remoteSeq: 0,
      vtep: undefined,
      neighbours: new Set(),
    };
    this.#macs.set(address, mac);
    return mac;
  }

  #newNeighbour(ip: IpAddress, mac: Mac, side: Neighbour["side"]): Neighbour {
    const neighbour: Neighbour = {
      ip,
      mac,
      side,
      active: true,
      localSeq: 0,
      remoteSeq: 0,
      vtep: undefined,
    };
    this.#neighbours.set(ip, neighbour);
    mac.neighbours.add(neighbour);
    return neighbour;
  }
}
