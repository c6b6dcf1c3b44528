/** A bridge that filters VLANs, with VXLAN devices of both kinds: VLAN v is VNI 10000 + v. */
import type { Vni } from "../../src/evpn/vni.ts";
import { sh } from "../kernel/namespace.ts";

export const VLANS = [10, 20] as const;

export function vniOf(vlan: number): Vni {
  return (10_000 + vlan) as Vni;
}

/** One VXLAN device per VNI, or one for all of them. */
export type Tunnels = "one-per-vni" | "shared";

/** Ports: `p10` and `p20` are in one VLAN each, untagged; `trunk` is in both, tagged. */
export function makeVlanBridge(tunnels: Tunnels): void {
  sh(`
    ip link add br0 type bridge vlan_filtering 1 vlan_default_pvid 0
    ip link set br0 addrgenmode none up
  `);
  if (tunnels === "shared") addSharedTunnel();
  else for (const vlan of VLANS) addTunnel(vlan);
  for (const vlan of VLANS) addVlanPort(`p${vlan}`, [`${vlan} pvid untagged`]);
  addVlanPort(
    "trunk",
    VLANS.map((vlan) => `${vlan}`),
  );
}

function addTunnel(vlan: number): void {
  sh(`
    ip link add vxlan${vlan} type vxlan id ${vniOf(vlan)} local 10.0.0.1 dstport 4789 nolearning
    ip link set vxlan${vlan} addrgenmode none master br0 up
    bridge vlan add dev vxlan${vlan} vid ${vlan} pvid untagged
  `);
}

function addSharedTunnel(): void {
  sh(`
    ip link add vxlan0 type vxlan external vnifilter local 10.0.0.1 dstport 4789 nolearning
    ip link set vxlan0 addrgenmode none master br0 up
    bridge link set dev vxlan0 vlan_tunnel on
  `);
  for (const vlan of VLANS) {
    sh(`
      bridge vni add vni ${vniOf(vlan)} dev vxlan0
      bridge vlan add dev vxlan0 vid ${vlan}
      bridge vlan add dev vxlan0 vid ${vlan} tunnel_info id ${vniOf(vlan)}
    `);
  }
}

/** `vlans` as `bridge vlan add` is told of them. The port's peer is `NAMEh`. */
export function addVlanPort(name: string, vlans: readonly string[]): void {
  sh(`
    ip link add ${name} type veth peer name ${name}h
    ip link set ${name}h addrgenmode none up
    ip link set ${name} addrgenmode none master br0 up
  `);
  for (const vlan of vlans) sh(`bridge vlan add dev ${name} vid ${vlan}`);
}
