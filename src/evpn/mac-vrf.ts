/** MAC-VRFs: one broadcast domain on one leaf (RFC 7432 §3, RFC 8365 §5.1.2). */
import type { IpAddress } from "./ip.ts";
import type { MacAddress } from "./mac.ts";
import { automaticRouteDistinguisher, type RouteDistinguisher } from "./route-distinguisher.ts";
import { automaticRouteTarget, type ImportRule, type RouteTarget } from "./route-target.ts";
import type { Vni } from "./vni.ts";
import type { VtepAddress } from "./vtep.ts";

/** A VXLAN device that is a port of a bridge: what Linux says of a MAC-VRF. */
export interface Segment {
  readonly vni: Vni;
  readonly vtep: VtepAddress;
  readonly bridge: string;
  readonly vxlan: string;
  /** The VLAN of the bridge that it is. Left out: the bridge knows no VLANs, it is all of it. */
  readonly vlan?: number;
  /** Addresses that are the leaf's own (bridge, VXLAN device, ports): never those of a host. */
  readonly ownMacs: readonly MacAddress[];
  /**
   * The kernel keeps ARP and ND that it can answer out of the tunnel, and announcements and probes of
   * duplicate address detection with it (`neigh_suppress` of the VXLAN device). Left out: it does not.
   */
  readonly suppresses?: true;
  /** The VXLAN device is for many VNIs: what is sent out by it itself goes nowhere. Left out: it is not. */
  readonly isShared?: true;
}

/** The BGP speaker beside us, as it names itself. */
export interface Speaker {
  readonly asn: number;
  readonly routerId: IpAddress;
}

/** What an operator has said of a MAC-VRF; what is `undefined` is derived. */
export interface MacVrfSettings {
  readonly rd: RouteDistinguisher | undefined;
  readonly imports: readonly RouteTarget[] | undefined;
  readonly exports: readonly RouteTarget[] | undefined;
}

export interface MacVrf {
  readonly segment: Segment;
  readonly rd: RouteDistinguisher;
  readonly imports: ImportRule;
  readonly exports: readonly RouteTarget[];
}

/**
 * `rdNumber` is the VNI where it fits the 16 bits an RD leaves for it (RFC 4364 §4.2), else a number
 * of the leaf's own choosing.
 */
export function macVrf(
  segment: Segment,
  speaker: Speaker,
  { rdNumber, settings }: { rdNumber: number; settings: MacVrfSettings | undefined },
): MacVrf {
  return {
    segment,
    rd: settings?.rd ?? automaticRouteDistinguisher(speaker.routerId, rdNumber),
    imports:
      settings?.imports === undefined
        ? { kind: "automatic", vni: segment.vni }
        : { kind: "listed", targets: settings.imports },
    exports: settings?.exports ?? [automaticRouteTarget(speaker.asn, segment.vni)],
  };
}
