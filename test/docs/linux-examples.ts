/** Examples of what Linux has to tell; see `notice-examples.ts`. */
import type { PortName } from "../../src/evpn/port.ts";
import type { LinuxNotice } from "../../src/linux/notice.ts";
import { IP, MAC, VNI } from "../report/fixtures.ts";
import type { Examples } from "./examples.ts";

const device = { device: "vxlan10", vni: VNI };
const port = "eth1" as PortName;

export const LINUX_EXAMPLES: Examples<LinuxNotice> = {
  "device-without-local-address": [device],
  "device-learns": [device],
  "device-down": [device],
  "vxlan-port-without-vlan": [device],
  "bridge-forgets-early": [{ device: "br10", ageingMs: 30_000, leastMs: 163_000 }],
  "external-device-without-vnis": [{ device: "vxlan0" }],
  "vni-on-two-devices": [{ device: "vxlan11", vni: VNI }],
  "bridge-with-two-vxlan-devices": [{ device: "vxlan11", bridge: "br10" }],
  "device-missing": [device],
  "netlink-overrun": [{}],
  "device-of-frr": [device],
  provisioned: [{ done: "made bridge br10" }],
  "not-provisioned": [{ reason: "Cannot provision vni 10: br10 is no bridge" }],
  "netlink-worker-died": [{ reason: "it has ended" }],
  "netlink-ignored": [{ reason: "netlink-truncated" }],
  "netlink-unreadable": [{ reason: "ENOBUFS" }],
  "frame-ignored": [{ vni: VNI, port, reason: "arp-sender-mismatch" }],
  "port-flooded": [{ vni: VNI, port, framesPerSecond: 2000 }],
  "frames-over-limit": [{ vni: VNI, port, frames: 1500 }],
  "frames-lost": [{ vni: VNI, port, frames: 1500 }],
  "membership-not-asked": [{ vni: VNI, port, reason: `Cannot send on ${port}: ENETDOWN` }],
  "cannot-redirect": [{ reason: "Cannot put the rules: EOPNOTSUPP" }],
  redirected: [{ vni: VNI, mac: MAC, frames: 37 }],
  "not-taught": [
    {
      vni: VNI,
      mac: MAC,
      port,
      reason: `Cannot teach the bridge that ${MAC} is behind ${port}: ENETDOWN`,
    },
  ],
  "not-announced": [{ vni: VNI, ip: IP, mac: MAC, reason: `Cannot send on ${port}: ENETDOWN` }],
  "unknown-targets-flooded": [{ ...device, reason: "neigh_suppress is off on vxlan10" }],
  "port-deaf": [{ vni: VNI, port, reason: "ENODEV" }],
};
