/**
 * News: what the world did, as the sources tell it. Never our own hand seen from outside (an echo):
 * the source that receives a message tells the two apart.
 */
import type { ImetRoute, ImetRouteKey } from "../evpn/imet-route.ts";
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { MacIpRoute, MacIpRouteKey } from "../evpn/mac-ip-route.ts";
import type { Segment, Speaker } from "../evpn/mac-vrf.ts";
import type { PortName } from "../evpn/port.ts";
import type { RowAt, TableName } from "../evpn/rows.ts";
import type { Signal } from "../evpn/signal.ts";
import type { Vni } from "../evpn/vni.ts";
import type { Memory } from "./memory.ts";
import type { Word } from "./migration.ts";

/**
 * Those who tell, in the order in which they are waited for at the start: what the other leaves
 * claim must be known before a local host is given a sequence number (rule C1.29).
 */
export const SOURCES = ["rib", "kernel", "packets"] as const;
export type Source = (typeof SOURCES)[number];

export type Observation =
  /** A MAC-VRF is there, or what Linux says of it has changed. */
  | { readonly kind: "segment-up"; readonly segment: Segment }
  | { readonly kind: "segment-down"; readonly vni: Vni }
  /** A bridge port that hosts may be behind (never the VXLAN device) can carry frames. */
  | { readonly kind: "port-up"; readonly vni: Vni; readonly port: PortName }
  /** It is down, has left the bridge, or is gone. */
  | { readonly kind: "port-down"; readonly vni: Vni; readonly port: PortName }
  | {
      readonly kind: "port-renamed";
      readonly vni: Vni;
      readonly from: PortName;
      readonly to: PortName;
    }
  /** A host has shown itself on a local port, and with `ip` also which address it holds. */
  | {
      readonly kind: "seen";
      readonly vni: Vni;
      readonly port: PortName;
      readonly mac: MacAddress;
      readonly ip: IpAddress | undefined;
      readonly signal: Signal;
      /** The address it wants for itself, if nobody else has it. */
      readonly probed?: IpAddress | undefined;
      /** Whether it is a router, where it says so. */
      readonly router?: boolean | undefined;
      /** It does not insist where another is known to have the IP. */
      readonly yields?: true | undefined;
      /** `old`: it stands in a table, and nobody knows since when. */
      readonly evidence?: "old" | undefined;
    }
  /** A router behind another leaf has advertised itself to all, and so to us. */
  | { readonly kind: "router-heard"; readonly vni: Vni; readonly mac: MacAddress }
  /** A DHCP server has given a host an address; wherever it is. */
  | {
      readonly kind: "leased";
      readonly vni: Vni;
      readonly mac: MacAddress;
      readonly ip: IpAddress;
      /** From now on; 0: it has ended; `undefined`: for ever. */
      readonly seconds: number | undefined;
    }
  /** The bridge has forgotten a host it had learned on this port. */
  | {
      readonly kind: "aged-out";
      readonly vni: Vni;
      readonly port: PortName;
      readonly mac: MacAddress;
    }
  /** The BGP speaker is there, and this is who it is; told at every connect. */
  | { readonly kind: "speaker-up"; readonly speaker: Speaker }
  | { readonly kind: "speaker-down" }
  /** Another VTEP's route stands in the RIB, new or changed. */
  | { readonly kind: "claimed"; readonly route: MacIpRoute }
  | { readonly kind: "unclaimed"; readonly key: MacIpRouteKey }
  | { readonly kind: "flood-claimed"; readonly route: ImetRoute }
  | { readonly kind: "flood-unclaimed"; readonly key: ImetRouteKey }
  /** A route of the local speaker's own stands in the RIB at the start: a former life of ours. */
  | { readonly kind: "remembered"; readonly route: MacIpRoute }
  /** A former life of ours has written this down; told before anything else. */
  | { readonly kind: "recalled"; readonly memory: Memory }
  /** The speaker would not take our route: it knows a higher sequence number than `seq`. */
  | {
      readonly kind: "seq-refused";
      readonly vni: Vni;
      readonly mac: MacAddress;
      readonly seq: number;
    }
  /** A former life of ours has the kernel send on frames for this MAC, until then. */
  | {
      readonly kind: "redirecting";
      readonly vni: Vni;
      readonly mac: MacAddress;
      readonly until: number;
    }
  /** The kernel can not do that. */
  | { readonly kind: "cannot-redirect" }
  /** The operator says that what was held to be a duplicate is none, or is put right (C2.8). */
  | {
      readonly kind: "duplicate-cleared";
      /** `undefined`: in every MAC-VRF. */
      readonly vni: Vni | undefined;
      /** `undefined`: whatever is a duplicate. */
      readonly address: MacAddress | IpAddress | undefined;
      /** Who has said so; not in recordings of before it was known. */
      readonly by?: string;
    }
  /** The hypervisor, or an operator in its place, says where a host is or goes. */
  | {
      readonly kind: "word";
      readonly word: Word;
      /** Who has said so; not in recordings of before it was known. */
      readonly by?: string;
    }
  /** This source has told all that stood at its start. */
  | { readonly kind: "told"; readonly source: Source };

/** A host on a local port. */
export type Sighting = Extract<Observation, { kind: "seen" }>;

/** Where a source delivers. Every call is synchronous and cheap: it decides, and marks rows. */
export interface Listener<EdgeNotice> {
  readonly news: (observation: Observation) => void;
  /** A row of ours as seen outside, or its absence: keeps what we believe to stand there true. */
  readonly echo: (seen: RowAt) => void;
  /** What stands in this table is no longer known (overrun, reconnect): read it again. */
  readonly resync: (table: TableName, cause: string) => void;
  /** What the source itself has to tell people: a peer gone, a frame ignored, and why. */
  readonly tell: (notice: EdgeNotice) => void;
}
