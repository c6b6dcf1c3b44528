/** What Linux, as we find it, has to tell people. The kinds and reasons are stable names. */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import type { Vni } from "../evpn/vni.ts";
import type { DhcpIgnored } from "../wire/dhcp.ts";
import type { NetlinkMalformed } from "../wire/netlink.ts";
import type { NeighbourIgnored } from "../wire/netlink-neighbour.ts";
import type { FrameIgnored } from "../wire/sighting.ts";

/** Why a frame says nothing; a counter's label. */
export type PacketIgnored =
  | FrameIgnored
  | DhcpIgnored
  /** A lease in a VLAN, hence of another network. */
  | "dhcp-other-vlan"
  /** In a VLAN that has no VNI, or that the port is not in. */
  | "other-vlan"
  /** From an address of the leaf's own (C7.16). */
  | "own-mac"
  /** More frames per second than are looked at. */
  | "rate"
  /** The kernel had no room for it. */
  | "no-room";

/** Why a VXLAN device is not taken for a MAC-VRF, or not wholly. */
export type DeviceNotice =
  | { readonly kind: "device-without-local-address"; readonly device: string; readonly vni: Vni }
  /** It learns addresses from packets, which would undo what BGP says; it must be `nolearning`. */
  | { readonly kind: "device-learns"; readonly device: string; readonly vni: Vni }
  | { readonly kind: "device-down"; readonly device: string; readonly vni: Vni }
  /** `external`, one device for many VNIs: the bridge does not say which VLAN is which VNI. */
  | { readonly kind: "external-device-without-vnis"; readonly device: string }
  | { readonly kind: "vni-on-two-devices"; readonly device: string; readonly vni: Vni }
  /** Two for one bridge, or for one VLAN of a bridge that filters them. */
  | {
      readonly kind: "bridge-with-two-vxlan-devices";
      readonly device: string;
      readonly bridge: string;
    }
  /** The bridge filters VLANs, and does not say which one the VNI is: the port's untagged PVID. */
  | { readonly kind: "vxlan-port-without-vlan"; readonly device: string; readonly vni: Vni }
  /** FRR's zebra programs it (`advertise-all-vni`): two can not. */
  | { readonly kind: "device-of-frr"; readonly device: string; readonly vni: Vni }
  /** It forgets silent hosts before we have asked them; see `ageing.ts`. */
  | {
      readonly kind: "bridge-forgets-early";
      readonly device: string;
      readonly ageingMs: number;
      readonly leastMs: number;
    }
  /** The configuration names a MAC-VRF whose VXLAN device is not a port of a bridge, or not there. */
  | {
      readonly kind: "device-missing";
      readonly vni: Vni;
      readonly device: string | undefined;
    };

export type LinuxNotice =
  | DeviceNotice
  /** The kernel had more to tell than we could take: all is read again. */
  | { readonly kind: "netlink-overrun" }
  | { readonly kind: "netlink-ignored"; readonly reason: NetlinkMalformed | NeighbourIgnored }
  /** Made, or changed, because the configuration says so. */
  | { readonly kind: "provisioned"; readonly done: string }
  | { readonly kind: "not-provisioned"; readonly reason: string }
  /** The thread that reads and writes tables has died; another one goes on. */
  | { readonly kind: "netlink-worker-died"; readonly reason: string }
  /** The picture could not be read again after an overrun; it is tried again. */
  | { readonly kind: "netlink-unreadable"; readonly reason: string }
  | {
      readonly kind: "frame-ignored";
      readonly vni: Vni;
      readonly port: PortName;
      readonly reason: PacketIgnored;
    }
  /** More frames come from this port than are looked at; told again when it has been quiet between. */
  | {
      readonly kind: "port-flooded";
      readonly vni: Vni;
      readonly port: PortName;
      readonly framesPerSecond: number;
    }
  /** So many were not looked at, for the reason `rate`. */
  | {
      readonly kind: "frames-over-limit";
      readonly vni: Vni;
      readonly port: PortName;
      readonly frames: number;
    }
  /** So many were not heard, for the reason `no-room`. */
  | {
      readonly kind: "frames-lost";
      readonly vni: Vni;
      readonly port: PortName;
      readonly frames: number;
    }
  /** The kernel has not got what it takes to redirect frames in flight. */
  | { readonly kind: "cannot-redirect"; readonly reason: string }
  /** So many frames more, which came here for a MAC that has gone elsewhere, were sent on to it. */
  | {
      readonly kind: "redirected";
      readonly vni: Vni;
      readonly mac: MacAddress;
      readonly frames: number;
    }
  /** The bridge does not know yet that the host is behind this port; its next frame will tell. */
  | {
      readonly kind: "not-taught";
      readonly vni: Vni;
      readonly mac: MacAddress;
      readonly port: PortName;
      readonly reason: string;
    }
  /** Hosts were not told which MAC has the IP now; their own caches will find out. */
  | {
      readonly kind: "not-announced";
      readonly vni: Vni;
      readonly ip: IpAddress;
      readonly mac: MacAddress;
      readonly reason: string;
    }
  /** Those behind the port were not asked of which multicast groups they are. */
  | {
      readonly kind: "membership-not-asked";
      readonly vni: Vni;
      readonly port: PortName;
      readonly reason: string;
    }
  /** Requests for IPs that nobody is known to have are flooded, though they were to be dropped. */
  | {
      readonly kind: "unknown-targets-flooded";
      readonly vni: Vni;
      readonly device: string;
      readonly reason: string;
    }
  /** No frames can be heard on this port. */
  | {
      readonly kind: "port-deaf";
      readonly vni: Vni;
      readonly port: PortName;
      readonly reason: string;
    };
