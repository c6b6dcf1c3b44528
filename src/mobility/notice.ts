/**
 * What the decision has to tell people. The kinds are stable names: logs, metrics, the timeline and
 * `roam watch` use them as they are.
 */
import type { IpAddress, IpRefusal } from "../evpn/ip.ts";
import type { MacAddress, MacRefusal } from "../evpn/mac.ts";
import type { DecidedBy, MacClaim } from "../evpn/mac-claim.ts";
import type { PortName } from "../evpn/port.ts";
import type { Signal } from "../evpn/signal.ts";
import type { Vni } from "../evpn/vni.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import type { MigrationStep, Phase } from "./migration.ts";

/** Where a MAC is or was: behind a port of ours, behind another VTEP, or nobody knows. */
export type Place =
  | { readonly kind: "port"; readonly port: PortName }
  | { readonly kind: "vtep"; readonly vtep: VtepAddress }
  | { readonly kind: "nowhere" };

/** What has brought a MAC to another place: a signal of the host's, or one of these. */
export type MovedBy = Signal | "route" | "port-down" | "aged-out" | "silent" | "word";

/** A claim that still stood and lost, and the step of the comparison at which it did. */
export interface Outranked extends MacClaim {
  readonly decidedBy: DecidedBy;
}

interface OfMac {
  readonly vni: Vni;
  readonly mac: MacAddress;
}

export type Notice =
  /** The MAC is at another place than before; from `nowhere` it is an arrival, to it a departure. */
  | (OfMac & {
      readonly kind: "moved";
      readonly ips: readonly IpAddress[];
      readonly from: Place;
      readonly to: Place;
      /** Of the claim that won; `undefined` where the MAC is now nowhere. */
      readonly seq: number | undefined;
      readonly signal: MovedBy;
      /** The claim it was taken from; not there where that was given up without being outranked. */
      readonly over?: Outranked | undefined;
    })
  /** The VTEP that had the MAC before still claims it, though we have outbid it `tries` times more. */
  | (OfMac & {
      readonly kind: "not-let-go";
      readonly vtep: VtepAddress;
      readonly tries: number;
    })
  /** The VTEP that had the MAC before has withdrawn its last route for it. */
  | (OfMac & { readonly kind: "let-go"; readonly vtep: VtepAddress })
  /** We have given up the MAC to a claim that outranks ours. */
  | (OfMac & {
      readonly kind: "outranked";
      readonly ours: MacClaim;
      readonly theirs: MacClaim;
      readonly decidedBy: DecidedBy;
    })
  /** An IP has come to another MAC. */
  | (OfMac & { readonly kind: "ip-moved"; readonly ip: IpAddress; readonly from: MacAddress })
  | (OfMac & { readonly kind: "ip-learned"; readonly ip: IpAddress; readonly signal: Signal })
  /** What the hypervisor has said was acted upon, or why not; `by` is who has said it. */
  | (OfMac & { readonly kind: "word-given"; readonly word: SaidWord; readonly by?: string })
  | (OfMac & {
      readonly kind: "word-refused";
      readonly word: SaidWord;
      readonly refused: WordRefused;
      readonly by?: string;
    })
  | (OfMac & { readonly kind: "migration-timed-out"; readonly phase: Phase })
  /** The MAC was to go to `expected`, and another VTEP claims it. */
  | (OfMac & {
      readonly kind: "went-elsewhere";
      readonly expected: VtepAddress;
      readonly vtep: VtepAddress;
    })
  /** Another MAC wants an IP whose host stands still while it is moved: it does not get it. */
  | (OfMac & {
      readonly kind: "reserved-ip-claimed";
      readonly ip: IpAddress;
      readonly owner: MacAddress;
      readonly by: Place;
    })
  /** The MAC asked whether the IP is free, and heard from us that it is `owner`'s; or it did not. */
  | (OfMac & Probed & { readonly kind: "probe-answered" })
  | (OfMac & Probed & { readonly kind: "probe-unanswered"; readonly reason: ProbeUnanswered })
  /** The IP has come to this MAC from another, and hosts were told so in its place. */
  | (OfMac & {
      readonly kind: "ip-announced";
      readonly ip: IpAddress;
      readonly to: readonly ("ports" | "tunnel")[];
    })
  /** The RIB gave the MAC this IP when it came here, and it did not answer to it. */
  | (OfMac & { readonly kind: "ip-unverified"; readonly ip: IpAddress })
  /** The MAC is here and answers for others of its IPs, or has for this one, but does no longer. */
  | (OfMac & { readonly kind: "ip-let-go"; readonly ip: IpAddress })
  /** The MAC had the IP by a lease alone, and the lease is over. */
  | (OfMac & { readonly kind: "lease-ended"; readonly ip: IpAddress })
  /** The MAC claims an IP of another, which has reasons to keep it. */
  | (OfMac & {
      readonly kind: "spoof-suspected";
      readonly ip: IpAddress;
      readonly owner: MacAddress;
      readonly ownerAt: Place;
      readonly action: "believed" | "refused" | "taken-back";
    })
  /** The MAC claims an IP that nobody in this MAC-VRF can have (C7.14). */
  | (OfMac & {
      readonly kind: "ip-outside-prefixes";
      readonly ip: IpAddress;
      readonly port: PortName;
      readonly action: "believed" | "refused";
    })
  /** All behind the port are asked of which multicast groups they are, for a host has come to it. */
  | { readonly kind: "membership-asked"; readonly vni: Vni; readonly port: PortName }
  /** As many as may be; told again only after it was well below. */
  | {
      readonly kind: "limit-hit";
      readonly vni: Vni;
      readonly port: PortName;
      readonly mac: MacAddress | undefined;
      readonly limit: "macs-per-port" | "ips-per-mac";
      readonly most: number;
    }
  /** The MAC has gone to another leaf, and still answers here: it is at both. */
  | (OfMac & { readonly kind: "alive-twice"; readonly port: PortName; readonly vtep: VtepAddress })
  /** The MAC was seen at the port `other`, and still answers at this one, where it was before. */
  | (OfMac & {
      readonly kind: "at-two-ports";
      readonly port: PortName;
      readonly other: PortName;
      readonly action: "believed" | "refused";
    })
  /** The MAC may not move: it is sticky where it is, and was seen or claimed elsewhere (C2.12). */
  | (OfMac & { readonly kind: "sticky-violated"; readonly owner: MacClaim; readonly by: Place })
  /** It moves too often (RFC 7432 §15.1): with `ip`, that IP does, from MAC to MAC. */
  | (OfMac & {
      readonly kind: "duplicate-detected";
      readonly ip: IpAddress | undefined;
      readonly moves: number;
      readonly vteps: readonly VtepAddress[];
      readonly action: "warned" | "frozen";
    })
  | (OfMac & {
      readonly kind: "duplicate-cleared";
      readonly ip: IpAddress | undefined;
      readonly by: "time" | "operator";
      /** Who has said so, where it is by the operator. */
      readonly who?: string;
    })
  /** A claim to an address of the leaf's own (C1.24). */
  | (OfMac & { readonly kind: "own-mac-claimed"; readonly vtep: VtepAddress })
  /** 2^32-1 has been reached: no higher claim is possible (C1.26). */
  | (OfMac & { readonly kind: "seq-exhausted"; readonly vtep: VtepAddress | undefined })
  /** The speaker refused our sequence number; we bid again with `seq`. */
  | (OfMac & { readonly kind: "seq-refused"; readonly refused: number; readonly seq: number })
  /** Another speaker uses our route distinguisher, or our own route came back to us (C1.28). */
  | { readonly kind: "own-route-reflected"; readonly rd: string; readonly vtep: VtepAddress }
  | { readonly kind: "segment-up"; readonly vni: Vni; readonly vtep: VtepAddress }
  | { readonly kind: "segment-down"; readonly vni: Vni }
  /** All sources have told their start: rows are written from now on. */
  | { readonly kind: "ready" }
  /** A host was seen, and it means nothing; `reason` is a counter's label. */
  | (OfMac & {
      readonly kind: "sighting-ignored";
      readonly port: PortName;
      readonly reason: SightingIgnored;
    })
  /** A route that says nothing to us; `reason` is a counter's label. */
  | { readonly kind: "route-ignored"; readonly reason: RouteIgnored };

interface Probed {
  readonly ip: IpAddress;
  readonly owner: MacAddress;
  readonly port: PortName;
}

export type ProbeUnanswered =
  /** The IP or its owner is on its way: whoever probes may be the next owner. */
  | "moving"
  /** Another has claimed it, and its owner has not answered yet. */
  | "contested"
  /** More probes from this port than are answered. */
  | "rate";

export type SaidWord = MigrationStep | "attach" | "detach";

export type WordRefused =
  | "unknown-segment"
  | "unknown-port"
  /** The segment has several ports, and none was said. */
  | "port-needed"
  | "not-here"
  | "suspended"
  | "no-migration"
  /** Sticky or frozen elsewhere, or the highest number is used up. */
  | "claimed-elsewhere";

export type SightingIgnored =
  | MacRefusal
  | IpRefusal
  | "own-mac"
  | "unknown-port"
  /** Found in the bridge's table at the start, while another VTEP claims the MAC. */
  | "stale-evidence"
  | "frozen"
  /** It still answers at another port of this leaf, and the guard is strict. */
  | "at-another-port"
  /** From the port it was taken from a moment ago: sent before it went, or an answer to our check. */
  | "late";

export type RouteIgnored =
  | MacRefusal
  | "no-matching-route-target"
  | "own-nexthop"
  | "own-route-distinguisher"
  | "own-mac"
  | "default-gateway"
  | "ethernet-tag"
  | "unknown-segment";
