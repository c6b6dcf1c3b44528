/** A leaf of the simulated fabric, as the fabric and its judge see it, whatever runs on it. */
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import type { MacIpRoute, MacIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import type { PortName } from "../../src/evpn/port.ts";
import type { Signal } from "../../src/evpn/signal.ts";
import type { VtepAddress } from "../../src/evpn/vtep.ts";

/** What one leaf's speaker tells the others. */
export type Update =
  | { readonly kind: "announce"; readonly route: MacIpRoute }
  | { readonly kind: "withdraw"; readonly key: MacIpRouteKey };

export type Place = { readonly port: PortName } | { readonly vtep: VtepAddress };

/** What a host shows of itself on a port. */
export interface Frame {
  readonly mac: MacAddress;
  readonly ip: IpAddress | undefined;
  readonly port: PortName;
  readonly signal: Signal;
}

export interface Binding {
  readonly ip: IpAddress;
  /** The host has answered to it. */
  readonly answers: boolean;
}

export interface FabricLeaf {
  readonly vtep: VtepAddress;
  /** Whose rules it follows: not all that is asked of ours can be asked of FRR. */
  readonly kind: "roamd" | "frr";
  /** What its speaker advertises now. */
  readonly advertised: ReadonlyMap<MacIpRouteKey, MacIpRoute>;
  /** The bridge: behind which port, or behind which VTEP, each MAC is. */
  readonly bridge: ReadonlyMap<MacAddress, Place>;
  /** What it has done that it must not do. */
  readonly faults: string[];

  /** It starts, or starts again. */
  boot(at: number): void;
  /** It ends; what is not its own process goes on without it until it boots. */
  stop(at: number): void;
  /** Its speaker starts again: its peers lose all it has told, then are told again. */
  restartSpeaker(at: number): void;
  /** A frame of a host comes in; answers how much that changed. */
  frame(frame: Frame, at: number): number;
  /** The bridge forgets what it has learned on a port: ageing, or the link goes. */
  forget(mac: MacAddress, at: number): void;
  receive(update: Update, at: number): void;
  /** The routes of this leaf that it has been told and that were not taken back. */
  heardFrom(vtep: VtepAddress): readonly MacIpRouteKey[];
  /** When it is to be woken at the latest. */
  readonly deadline: number | undefined;
  /** Does what is due by now. */
  wake(at: number): void;
  /** The MAC it answers with to ARP and ND requests for a remote IP. */
  neighbour(ip: IpAddress): MacAddress | undefined;
  /** All of those, as texts. */
  neighbours(): readonly string[];
  /** Whether it holds this MAC, or this IP, to be at several places. */
  isDuplicate(address: MacAddress | IpAddress): boolean;
  /** The IPs that it gives to a MAC behind one of its ports; of FRR's nothing is asked. */
  bindings(mac: MacAddress): readonly Binding[];
  /** To whom it sends on what comes for a MAC that has gone. */
  sendsOn(mac: MacAddress, at: number): VtepAddress | undefined;
  /** Faults that can be seen when everything is at rest. */
  check(): void;
}
