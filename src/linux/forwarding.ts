/**
 * What a forwarding entry is of: a bridge, or one VLAN of a bridge that filters them; a VXLAN device, or
 * one VNI of a device for many (`external`). Names, to be compared.
 */
import type { Brand } from "../evpn/brand.ts";

export type BridgeVlan = Brand<string, "BridgeVlan">;
export type Tunnel = Brand<string, "Tunnel">;

/**
 * `vlan` 0: the bridge knows no VLANs. A kernel that can filter them copies what is put into such a
 * bridge into the VLANs of the port, by default 1: those copies are of no use, and of another name.
 */
export function bridgeVlan(bridge: number, vlan: number): BridgeVlan {
  return (vlan === 0 ? `${bridge}` : `${bridge}.${vlan}`) as BridgeVlan;
}

/** `sourceVni` 0 or `undefined`: the device has one VNI. */
export function tunnel(device: number, sourceVni: number | undefined): Tunnel {
  return ((sourceVni ?? 0) === 0 ? `${device}` : `${device}/${sourceVni}`) as Tunnel;
}
