/** What is known of one VNI: its MACs, who holds which IP, who wants flooded frames. No decisions. */
import type { ImetRoute, ImetRouteKey } from "../evpn/imet-route.ts";
import { type IpAddress, isLinkLocal } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { MacVrf, Segment } from "../evpn/mac-vrf.ts";
import type { PortName } from "../evpn/port.ts";
import type { IpPrefix } from "../evpn/prefix.ts";
import type { Vni } from "../evpn/vni.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import { Agenda } from "./agenda.ts";
import { Allowance, ANNOUNCED_PER_SECOND, Announcer } from "./announcer.ts";
import type { Duplicate, MoveTimes } from "./duplicates.ts";
import { Guard, type GuardMode } from "./guard.ts";
import { KnownIps } from "./known-ips.ts";
import { Leases } from "./leases.ts";
import { DEFAULT_LIMITS, type LimitSettings, Limits } from "./limits.ts";
import { ipsNamed, type MacEntry } from "./mac-entry.ts";
import { MembershipQueries } from "./membership.ts";
import type { Migration } from "./migration.ts";
import type { Sighting } from "./observation.ts";
import { Probes } from "./probes.ts";
import { Redirects } from "./redirects.ts";
import { TwoPorts } from "./two-ports.ts";

export interface IpMoves {
  readonly times: MoveTimes;
  readonly duplicate: Duplicate | undefined;
}

/** MACs that are remembered though they are nowhere: a forger can invent as many as he likes. */
export const IDLE_MAX = 65_536;

/**
 * Whether addresses that mean something on one link only are advertised. A MAC-VRF is one link: with
 * them its leaves answer for routers' fe80:: as for all else, and a host is found by them; FRR does it
 * too. Without them there are fewer routes, and hosts are asked for them over the tunnels.
 */
export type LinkLocalPolicy = "advertise" | "ignore";

/** What the operator has said of the hosts behind our ports. */
export interface HostRules {
  readonly limits: LimitSettings;
  readonly guard: GuardMode;
  /** Where the IPs of the MAC-VRF are; none: anywhere. */
  readonly prefixes: readonly IpPrefix[];
  /** For how long frames for a MAC that has gone are sent on, in milliseconds; 0: not at all. */
  readonly redirectMs: () => number;
  /** Whose an IP is, whatever anybody says. */
  readonly sticky: ReadonlyMap<IpAddress, MacAddress>;
  readonly linkLocal: LinkLocalPolicy;
  readonly membershipQueries: boolean;
  /** Whether ARP and ND are answered in the place of hosts elsewhere. */
  readonly suppression: boolean;
}

const NO_RULES: HostRules = {
  limits: DEFAULT_LIMITS,
  guard: "off",
  prefixes: [],
  redirectMs: () => 0,
  sticky: new Map(),
  linkLocal: "advertise",
  membershipQueries: false,
  suppression: true,
};

/** How often the old owner of a MAC was to be reminded, and was; since when the host is being asked. */
export interface Reminding {
  readonly tries: number;
  readonly bids: number;
  readonly askedAt: number | undefined;
}

export class Domain {
  readonly vni: Vni;
  /** `undefined` while Linux has no VXLAN device for it. */
  segment: Segment | undefined;
  /** `undefined` while the segment or the speaker is unknown: then nothing can be advertised. */
  vrf: MacVrf | undefined;
  readonly ports: Set<PortName> = new Set();
  /** Hosts seen on ports that are not up yet; the oldest first. */
  early: { readonly sighting: Sighting; readonly at: number }[] = [];
  readonly floods: Map<ImetRouteKey, ImetRoute> = new Map();
  /** Who holds each IP, and has it. */
  readonly known: KnownIps = new KnownIps();
  /** How often each IP has lately gone from one MAC to another by other than a handover. */
  readonly ipMoves: Map<IpAddress, IpMoves> = new Map();
  /** IPs that are at several hosts at once and frozen. */
  readonly frozenIps: Set<IpAddress> = new Set();
  /** Hosts that are on their way, by the word of the hypervisor. */
  readonly migrations: Map<MacAddress, Migration> = new Map();
  /** When each IP of a host here was last shown by the host, or asked about to no end. */
  readonly confirmedAt: Map<IpAddress, number> = new Map();
  readonly probes: Probes = new Probes();
  /** MACs that came to us and whose old owner has not let go yet. */
  readonly lettingGo: Map<MacAddress, Reminding> = new Map();
  readonly letGoAgenda: Agenda<MacAddress> = new Agenda();
  /** When each VTEP has last let go of a MAC that came to us. */
  readonly letGoAt: Map<VtepAddress, number> = new Map();
  /** What the bridge has learned at the port a MAC was just taken from; or it has answered there. */
  readonly returning: Map<MacAddress, Sighting | "answered"> = new Map();
  /** MACs that have gone, and that the bridge may remember still; the one longest so first. */
  readonly departed: Set<MacAddress> = new Set();
  /** Numbers of ours that the speaker would not take, and when more is bid. */
  readonly refusals: Map<MacAddress, number> = new Map();
  readonly refusalAgenda: Agenda<MacAddress> = new Agenda();
  /** When which MAC is to be looked at. */
  readonly agenda: Agenda<MacAddress> = new Agenda();
  readonly leases: Leases = new Leases();
  readonly announcer: Announcer = new Announcer(this.known);
  /** MACs that have gone, for which frames still come. */
  readonly redirects: Redirects = new Redirects();
  readonly redirectMs: HostRules["redirectMs"];
  readonly limits: Limits;
  readonly guard: Guard;
  readonly twoPorts: TwoPorts = new TwoPorts();
  readonly membership: MembershipQueries;
  readonly sticky: HostRules["sticky"];
  readonly suppression: boolean;
  readonly #linkLocal: LinkLocalPolicy;
  /** What is answered to probes at each port. */
  readonly #answers = new Map<PortName, Allowance>();
  readonly #duplicates = new Set<MacAddress>();
  /** MACs that are nowhere and kept for their numbers, the one longest so first. */
  readonly #idle = new Set<MacAddress>();
  readonly #entries = new Map<MacAddress, MacEntry>();

  constructor(vni: Vni, rules: HostRules = NO_RULES) {
    const { limits, guard, prefixes, sticky, linkLocal, redirectMs, suppression } = rules;
    this.vni = vni;
    this.redirectMs = redirectMs;
    this.limits = new Limits(limits);
    this.guard = new Guard(guard, prefixes);
    this.sticky = sticky;
    this.suppression = suppression;
    this.#linkLocal = linkLocal;
    this.membership = new MembershipQueries(rules.membershipQueries);
  }

  /** Whether a host of ours may have the IP, as far as it depends on the IP alone. */
  mayBind(ip: IpAddress): boolean {
    return this.#linkLocal === "advertise" || !isLinkLocal(ip) || this.sticky.has(ip);
  }

  /** How many probes may be answered at a port: one that floods must not silence the others. */
  answersAt(port: PortName): Allowance {
    const known = this.#answers.get(port);
    if (known !== undefined) return known;
    for (const gone of this.#answers.keys()) if (!this.ports.has(gone)) this.#answers.delete(gone);
    const allowance = new Allowance(ANNOUNCED_PER_SECOND);
    this.#answers.set(port, allowance);
    return allowance;
  }

  entry(mac: MacAddress): MacEntry | undefined {
    return this.#entries.get(mac);
  }

  entries(): IterableIterator<MacEntry> {
    return this.#entries.values();
  }

  /** Stores the entry; answers the IPs whose holders it may have changed. */
  put(entry: MacEntry): readonly IpAddress[] {
    const before = this.#entries.get(entry.mac);
    this.#entries.set(entry.mac, entry);
    this.limits.moved(before?.local?.port, entry.local?.port);
    this.#trackIdle(entry);
    if (entry.duplicate !== undefined) this.#duplicates.add(entry.mac);
    else if (before?.duplicate !== undefined) this.#duplicates.delete(entry.mac);
    if (before !== undefined && sameHoldings(before, entry)) return NO_IPS;
    const named = ipsNamed(entry);
    for (const ip of named) this.known.addHolder(ip, entry.mac);
    if (before === undefined) return named;
    const affected = new Set(named);
    for (const ip of ipsNamed(before)) {
      if (affected.has(ip)) continue;
      affected.add(ip);
      if (this.known.deleteHolder(ip, entry.mac)) this.confirmedAt.delete(ip);
    }
    return [...affected];
  }

  /** Stores the entry of a host that is where it was, and of which only the time is another. */
  putStill(entry: MacEntry): void {
    this.#entries.set(entry.mac, entry);
  }

  /** The MACs that are duplicates. */
  duplicates(): MacEntry[] {
    return [...this.#duplicates].flatMap((mac) => this.#entries.get(mac) ?? []);
  }

  /** The MAC has gone from here without a word of the bridge. */
  depart(mac: MacAddress): void {
    this.departed.add(mac);
    if (this.departed.size <= IDLE_MAX) return;
    for (const longest of this.departed) {
      this.departed.delete(longest);
      return;
    }
  }

  /** Forgets a MAC that nobody claims. */
  drop(mac: MacAddress): void {
    this.#entries.delete(mac);
    this.probes.delete(mac);
    this.returning.delete(mac);
    this.twoPorts.forget(mac);
    this.refusals.delete(mac);
    this.refusalAgenda.delete(mac);
    this.agenda.delete(mac);
    this.lettingGo.delete(mac);
    this.letGoAgenda.delete(mac);
    this.#idle.delete(mac);
  }

  /** The MACs that hold this IP by anyone's word. */
  holders(ip: IpAddress): MacEntry[] {
    const macs = this.known.holdersOf(ip);
    const [first] = macs;
    if (first === undefined) return [];
    const entry = this.#entries.get(first);
    if (macs.length === 1) return entry === undefined ? [] : [entry];
    return macs.flatMap((mac) => this.#entries.get(mac) ?? []);
  }

  #trackIdle({ mac, local, remote, duplicate }: MacEntry): void {
    const isIdle = local === undefined && remote.length === 0 && duplicate === undefined;
    if (!isIdle) {
      this.#idle.delete(mac);
      return;
    }
    this.#idle.add(mac);
    if (this.#idle.size <= IDLE_MAX) return;
    for (const longest of this.#idle) {
      this.drop(longest);
      return;
    }
  }
}

/** Whether both give the same IPs to the same place. */
function sameHoldings(a: MacEntry, b: MacEntry): boolean {
  const sameOwner = a.remote === b.remote && a.frozen?.held === b.frozen?.held;
  return sameOwner && a.local?.ips === b.local?.ips;
}

const NO_IPS: readonly IpAddress[] = [];
