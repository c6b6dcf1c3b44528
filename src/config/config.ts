/**
 * What an operator can say, in the words of the program. The text of each key, its default and its
 * limits stand in `schema.ts`, which the compiler holds against the types here.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { MacVrfSettings } from "../evpn/mac-vrf.ts";
import type { MacPattern, PortPattern } from "../evpn/pattern.ts";
import type { IpPrefix } from "../evpn/prefix.ts";
import type { Vni } from "../evpn/vni.ts";

export interface Config {
  readonly gobgp: GobgpConfig;
  readonly control: ControlConfig;
  /** Where `/metrics` and `/healthz` are served, `host:port`; `undefined`: nowhere. */
  readonly http: string | undefined;
  /** The directory for what should survive a restart of the machine. */
  readonly state: string;
  /** Leave the routes with GoBGP when told to stop, for somebody is about to start us again. */
  readonly keepOnExit: boolean;
  readonly macVrfs: "discover" | readonly MacVrfConfig[];
  readonly mobility: MobilityConfig;
  readonly hosts: HostsConfig;
  readonly dataPlane: DataPlaneConfig;
}

export interface GobgpConfig {
  /** `host:port` or `unix:/path`. */
  readonly address: string;
  readonly tls: TlsConfig | undefined;
}

/** Paths of PEM files; what is `undefined` is not used. */
export interface TlsConfig {
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
}

export interface ControlConfig {
  readonly socket: string;
  /** Permission bits of the socket. */
  readonly mode: number;
  /** Name of the group that owns the socket; `undefined`: that of the process. */
  readonly group: string | undefined;
  /** A way in besides the socket; `undefined`: none. */
  readonly tcp: ControlTcpConfig | undefined;
}

/** Without `tls` and `keyFile` only ever on a loopback address. */
export interface ControlTcpConfig {
  /** `host:port`. */
  readonly address: string;
  /** Paths of PEM files; whoever has no certificate of this CA is refused. */
  readonly tls:
    | { readonly ca: string; readonly certificate: string; readonly key: string }
    | undefined;
  /** Path of the key that every request must be signed with. */
  readonly keyFile: string | undefined;
}

export interface MacVrfConfig {
  readonly vni: Vni;
  /** `undefined`: the VXLAN device that has the VNI, and the bridge it is a port of. */
  readonly vxlan: string | undefined;
  readonly bridge: string | undefined;
  /** Of a bridge that filters VLANs; `undefined`: the one that is mapped to the VNI. */
  readonly vlan: number | undefined;
  readonly settings: MacVrfSettings;
  /** Bridge ports behind which no hosts are looked for. */
  readonly excludePorts: readonly PortPattern[];
  readonly sticky: readonly StickyConfig[];
  /** Where the hosts' IPs are; none: anywhere. */
  readonly prefixes: readonly IpPrefix[];
  /** How bridge and VXLAN device are to be made; `undefined`: they are taken as they are found. */
  readonly provision: ProvisionConfig | undefined;
}

/** What is `undefined` is found out. */
export interface ProvisionConfig {
  readonly local: IpAddress | undefined;
  readonly mtu: number | undefined;
  readonly ports: readonly string[];
}

/** A host that may not move (RFC 7432 §15.2). */
export interface StickyConfig {
  readonly mac: MacAddress;
  readonly ips: readonly IpAddress[];
}

export interface MobilityConfig {
  readonly duplicates: DuplicatesConfig;
  /** Whether a move between two ports of this leaf raises the sequence number as well. */
  readonly sequenceOnPortMove: boolean;
}

export interface DuplicatesConfig {
  readonly moves: number;
  readonly windowMs: number;
  readonly action: "warn" | "freeze";
  /** `undefined`: a duplicate stays one until it is cleared by hand. */
  readonly recoverAfterMs: number | undefined;
  readonly exempt: readonly MacPattern[];
}

export interface HostsConfig {
  readonly probe: {
    readonly idleMs: number;
    readonly attempts: number;
    readonly intervalMs: number;
  };
  readonly limits: {
    readonly macsPerPort: number;
    readonly ipsPerMac: number;
    readonly framesPerSecond: number;
  };
  readonly guard: "off" | "warn" | "strict";
  readonly linkLocal: "advertise" | "ignore";
}

export interface DataPlaneConfig {
  readonly suppression: boolean;
  /** What becomes of requests for an IP that nobody is known to have. */
  readonly unknownTargets: "flood" | "drop";
  /** How long packets in flight are sent on to the new leaf; 0: not at all. */
  readonly redirectMs: number;
  readonly membershipQueries: boolean;
}
