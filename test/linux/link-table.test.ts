import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { LinkTable } from "../../src/linux/link-table.ts";
import type { LinkMessage } from "../../src/wire/netlink-link.ts";

const BRIDGE = 1;
const VXLAN = 2;

function told(message: Partial<LinkMessage> & Pick<LinkMessage, "ifindex" | "name">): LinkMessage {
  return {
    about: "device",
    gone: false,
    enabled: true,
    operstate: "up",
    mac: "02:00:00:00:01:00" as MacAddress,
    master: undefined,
    lower: undefined,
    kind: undefined,
    vxlan: undefined,
    bridgePort: undefined,
    vlanFiltering: false,
    ageingMs: undefined,
    vlan: undefined,
    portVlans: undefined,
    ...message,
  };
}

const bridge = told({ ifindex: BRIDGE, name: "br0", kind: "bridge", vlanFiltering: true });
const device = told({
  ifindex: VXLAN,
  name: "vxlan10",
  master: BRIDGE,
  kind: "vxlan",
  vxlan: {
    vni: 10,
    local: "10.0.0.1" as IpAddress,
    remote: undefined,
    learning: false,
    port: 4789,
    collectMetadata: false,
  },
});

function port(vlan: number, master = BRIDGE): LinkMessage {
  const vlans = [{ first: vlan, last: vlan, pvid: true, untagged: true }];
  return { ...device, about: "port", master, portVlans: { vlans, tunnels: [] } };
}

/** Everything read, with what is heard meanwhile; answers the VLANs of the places. */
function read(messages: readonly LinkMessage[], heard: readonly LinkMessage[]): readonly number[] {
  const table = new LinkTable(undefined, 0);
  table.beginReading();
  for (const message of heard) table.heard(message);
  for (const message of messages) table.read(message);
  table.endReading();
  table.settle();
  return [...table.places.values()].map(({ vlan }) => vlan);
}

describe("While all links are being read", () => {
  const all = [bridge, device, port(10)];

  it("what is heard of a device does not keep the VLANs of the port from being read", () => {
    expect(read(all, [])).toEqual([10]);
    expect(read(all, [device])).toEqual([10]);
  });

  it("what is heard of a port is newer than what is read of it", () => {
    expect(read(all, [device, port(20)])).toEqual([20]);
  });

  it("what is read of a port that has left its bridge since is not taken in", () => {
    expect(read(all, [{ ...device, master: undefined }])).toEqual([]);
    expect(read(all, [{ ...device, gone: true }])).toEqual([]);
  });
});
