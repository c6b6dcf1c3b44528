/** What the operator has said, as far as it bears on decisions. */
import type { MacVrfSettings } from "../evpn/mac-vrf.ts";
import type { IpPrefix } from "../evpn/prefix.ts";
import type { Vni } from "../evpn/vni.ts";
import type { HostRules, LinkLocalPolicy } from "./domain.ts";
import type { DuplicateSettings } from "./duplicates.ts";
import type { GuardMode } from "./guard.ts";
import type { StickyHosts } from "./hosts.ts";
import { DEFAULT_LIMITS, type LimitSettings } from "./limits.ts";
import type { ProbeSettings } from "./probes.ts";

/** What the operator has said of one MAC-VRF. */
export interface DomainSettings {
  readonly routes: MacVrfSettings;
  readonly sticky: StickyHosts;
  /** Where its IPs are; left out: anywhere. */
  readonly prefixes?: readonly IpPrefix[];
}

export interface EngineSettings {
  readonly domains: ReadonlyMap<Vni, DomainSettings>;
  readonly duplicates: DuplicateSettings;
  readonly probe: ProbeSettings;
  /** Left out, as in recordings of before these were: the default, and no guard. */
  readonly limits?: LimitSettings | undefined;
  readonly guard?: GuardMode | undefined;
  /** Left out: link-local addresses are advertised as any other. */
  readonly linkLocal?: LinkLocalPolicy | undefined;
  /** Whether hosts are asked for their multicast groups when one comes; left out: they are not. */
  readonly membershipQueries?: boolean | undefined;
  /** Whether ARP and ND are answered in the place of hosts elsewhere; left out: they are. */
  readonly suppression?: boolean | undefined;
  /** For how long frames for a MAC that has gone are sent on, in milliseconds; 0, or left out: never. */
  readonly redirectMs?: number | undefined;
}

const NO_STICKY: StickyHosts = new Map();

/** The hosts that belong to this leaf and do not move. */
export function stickyHosts(settings: DomainSettings | undefined): StickyHosts {
  return settings?.sticky ?? NO_STICKY;
}

/** What the operator has said of the hosts of one MAC-VRF. */
export function hostRules(settings: EngineSettings, vni: Vni): Omit<HostRules, "redirectMs"> {
  const { limits = DEFAULT_LIMITS, guard = "off" } = settings;
  const { linkLocal = "advertise", membershipQueries = false, suppression = true } = settings;
  const own = settings.domains.get(vni);
  const pinned = [...stickyHosts(own)].flatMap(([mac, ips]) => ips.map((ip) => [ip, mac] as const));
  const { prefixes = [] } = own ?? {};
  const bound = { prefixes, sticky: new Map(pinned), linkLocal };
  return { limits, guard, ...bound, membershipQueries, suppression };
}
