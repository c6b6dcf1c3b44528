/** What is known of a leaf when it is looked at: what the daemon says, and what the host does. */
import type { FactsRow } from "../control/facts-row.ts";

/** Something that was looked for: found, or why it was not. */
export type Found<T> =
  | { readonly found: true; readonly value: T }
  | { readonly found: false; readonly why: string };

export interface Facts {
  /** Why the daemon does not say, where it does not. */
  readonly daemon: Found<FactsRow>;
  /** Not looked at where the daemon is on another machine. */
  readonly host: Found<HostFacts>;
}

export interface HostFacts {
  readonly links: Found<readonly LinkFacts[]>;
  /** By VTEP: the device that packets to it leave by. */
  readonly devices: ReadonlyMap<string, string>;
  /** By VNI: where flooded frames go. */
  readonly floods: ReadonlyMap<number, Found<readonly string[]>>;
  /** Whether iptables sees frames that only pass through a bridge; IPv4 and IPv6. */
  readonly bridgeNetfilter: Found<{ readonly ipv4: boolean; readonly ipv6: boolean }>;
  /** The chain FORWARD. */
  readonly forward: Found<{
    readonly policy: string;
    readonly rules: number;
    readonly docker: boolean;
  }>;
  /** By bridge: for how long its own ARP entries are believed without being asked about. */
  readonly arpSeconds: ReadonlyMap<string, number>;
  /** Addresses on which somebody listens at the port of GoBGP's API. */
  readonly apiListeners: Found<readonly string[]>;
  readonly gobgpVersion: Found<string>;
  readonly frr: Found<FrrFacts>;
  /** Whether the clock follows others; and who says so. */
  readonly synchronised: Found<boolean>;
}

export interface LinkFacts {
  readonly name: string;
  readonly kind: string | undefined;
  readonly mtu: number;
  readonly master: string | undefined;
  /** Of a VXLAN device. */
  readonly vxlan:
    | { readonly vni: number; readonly local: string | undefined; readonly learning: boolean }
    | undefined;
  /** As a port of a bridge. */
  readonly portLearning: boolean | undefined;
}

export interface FrrFacts {
  /** Those that its zebra holds to be its own. */
  readonly vnis: readonly number[];
  /** EVPN routes of type 2 and 3 that it has from others, in the words of `routeKey`. */
  readonly routes: readonly string[];
}

/** Which route it is, the same for both speakers. */
export function routeKey(route: {
  readonly type: number;
  readonly rd: string;
  readonly mac: string | null;
  readonly ip: string | null;
}): string {
  return `${route.type} ${route.rd} ${route.mac ?? "-"} ${route.ip ?? "-"}`;
}
