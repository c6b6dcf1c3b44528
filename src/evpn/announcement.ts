/**
 * What a leaf says to hosts in the place of the host that has an IP: that it is at this MAC. Where the
 * bridge keeps ARP and ND out of the tunnel (`neigh_suppress`), Linux answers questions, but carries
 * no gratuitous ARP, no unsolicited advertisement and no probe of duplicate address detection, and
 * answers none (Linux 6.18, `br_do_proxy_suppress_arp`, `br_do_suppress_nd`).
 */
import type { IpAddress } from "./ip.ts";
import type { MacAddress } from "./mac.ts";
import type { PortName } from "./port.ts";
import type { Vni } from "./vni.ts";

export interface Announcement {
  readonly vni: Vni;
  readonly ip: IpAddress;
  readonly mac: MacAddress;
  /** Whether the host is a router; said of an IPv6 address alone (the R flag of RFC 4861 §4.4). */
  readonly router: boolean;
  readonly to: Audience;
}

export type Audience =
  /** One that wants the IP for itself: it hears that the IP is taken (RFC 5227 §2.1.1, RFC 4862 §5.4). */
  | { readonly kind: "prober"; readonly port: PortName; readonly mac: MacAddress }
  /** All behind ports of ours, but for one. */
  | { readonly kind: "ports"; readonly except: PortName | undefined }
  /** All behind other leaves. */
  | { readonly kind: "tunnel" };
