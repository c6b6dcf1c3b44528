/** The texts are what the tools have said: iproute2 6.1, FRR 8.4 and 10.7, iptables 1.8, GoBGP 3.36. */
import { describe, expect, it } from "vitest";
import {
  readFloods,
  readForward,
  readFrrRoutes,
  readFrrVnis,
  readLinks,
  readListeners,
  readRouteDevice,
  readVersion,
} from "../../src/doctor/readers.ts";

describe("ip -j -d link show", () => {
  it("says of a VXLAN device that is a port what it learns, and of others their MTU", () => {
    const json = `[
      {"ifindex":2,"ifname":"eth1","mtu":9500,"linkinfo":{"info_kind":"veth"}},
      {"ifindex":5,"ifname":"br10","mtu":1500,"linkinfo":{"info_kind":"bridge","info_data":{"ageing_time":30000}}},
      {"ifindex":6,"ifname":"vxlan10","mtu":9450,"master":"br10","linkinfo":{"info_kind":"vxlan",
        "info_data":{"id":10,"local":"10.255.0.1","port":4789,"learning":true,"ttl":0},
        "info_slave_kind":"bridge","info_slave_data":{"state":"forwarding","learning":false}}},
      {"ifindex":7,"ifname":"vxlan6","mtu":1430,"linkinfo":{"info_kind":"vxlan",
        "info_data":{"id":6,"local6":"2001:db8::1","learning":false}}},
      {}, 7]`;
    expect(readLinks(json)).toEqual([
      { name: "eth1", kind: "veth", mtu: 9500 },
      { name: "br10", kind: "bridge", mtu: 1500 },
      {
        name: "vxlan10",
        kind: "vxlan",
        mtu: 9450,
        master: "br10",
        vxlan: { vni: 10, local: "10.255.0.1", learning: true },
        portLearning: false,
      },
      {
        name: "vxlan6",
        kind: "vxlan",
        mtu: 1430,
        vxlan: { vni: 6, local: "2001:db8::1", learning: false },
      },
    ]);
  });
});

it("ip -j route get says the device", () => {
  const json = '[{"dst":"10.255.0.2","gateway":"10.0.1.0","dev":"eth1","flags":[],"cache":[]}]';
  expect(readRouteDevice(json)).toBe("eth1");
  expect(readRouteDevice("[]")).toBeUndefined();
});

it("bridge -j fdb show says where flooded frames go", () => {
  const json = `[{"mac":"02:00:00:00:01:00","dst":"10.255.0.2","flags":["self"],"state":"static"},
    {"mac":"00:00:00:00:00:00","dst":"10.255.0.3","flags":["self"],"state":"static"},
    {"mac":"2e:ad:b6:c7:47:c2","flags":[],"master":"br10","state":"permanent"}]`;
  expect(readFloods(json, 10)).toEqual(["10.255.0.3"]);
  const many = `[{"mac":"00:00:00:00:00:00","dst":"10.255.0.3","src_vni":10},
    {"mac":"00:00:00:00:00:00","dst":"10.255.0.4","src_vni":20}]`;
  expect(readFloods(many, 20)).toEqual(["10.255.0.4"]);
});

it("iptables -S FORWARD says the policy, and whether docker was there", () => {
  const text = "-P FORWARD DROP\n-A FORWARD -j DOCKER-USER\n-A FORWARD -i br0 -j ACCEPT\n";
  expect(readForward(text)).toEqual({ policy: "DROP", rules: 2, docker: true });
  expect(readForward("-P FORWARD ACCEPT\n")).toEqual({ policy: "ACCEPT", rules: 0, docker: false });
});

it("/proc/net/tcp and tcp6 say who listens at a port", () => {
  const tcp = `  sl  local_address rem_address   st tx_queue rx_queue
   0: 0100007F:C383 00000000:0000 0A 00000000:00000000
   1: 00000000:C383 00000000:0000 0A 00000000:00000000
   2: 0100007F:9FD4 0100007F:C383 01 00000000:00000000
   3: 0100007F:C384 00000000:0000 0A 00000000:00000000
`;
  const tcp6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:C383 00000000000000000000000000000000:0000 0A
   1: 00000000000000000000000001000000:C383 00000000000000000000000000000000:0000 0A
   2: B80D0120000000000000000001000000:C383 00000000000000000000000000000000:0000 0A
   3: 0000000000000000FFFF00000100007F:C383 00000000000000000000000000000000:0000 0A
`;
  expect(readListeners(tcp, 50_051)).toEqual(["127.0.0.1", "0.0.0.0"]);
  expect(readListeners(tcp6, 50_051)).toEqual([
    "::",
    "::1",
    "2001:db8:0:0:0:0:0:1",
    "::ffff:127.0.0.1",
  ]);
});

it("gobgpd --version says which it is", () => {
  expect(readVersion("gobgpd version 3.36.0\n")).toBe("3.36.0");
  expect(readVersion("gobgpd version devel\n")).toBeUndefined();
});

describe("vtysh", () => {
  it("says which VNIs zebra has", () => {
    expect(readFrrVnis('{"10":{"vni":10,"type":"L2","vxlanIf":"vxlan10","numMacs":1}}')).toEqual([
      10,
    ]);
    expect(readFrrVnis("{}")).toEqual([]);
  });

  const path = (more: string) =>
    `{"valid":true,"bestpath":true,"pathFrom":"internal","peerId":"10.255.0.100","ethTag":0,${more}}`;

  it.each([
    ["FRR 10", (one: string) => `[${one}]`],
    ["FRR 8, which nests paths once more", (one: string) => `[[${one}]]`],
  ])("says which routes bgpd has from others: %s", (_version, paths) => {
    const json = `{"bgpTableVersion":5,"bgpLocalRouterId":"10.255.0.3","localAS":65000,
      "10.255.0.2:10":{"rd":"10.255.0.2:10",
        "[2]:[0]:[48]:[02:00:00:00:01:00]:[32]:[192.168.10.100]":{"prefix":"x","paths":
          ${paths(path('"routeType":2,"mac":"02:00:00:00:01:00","ip":"192.168.10.100"'))}},
        "[3]:[0]:[32]:[10.255.0.2]":{"prefix":"x","paths":
          ${paths(path('"routeType":3,"ip":"10.255.0.2"'))}},
        "[5]:[0]:[24]:[10.0.0.0]":{"prefix":"x","paths":${paths(path('"routeType":5'))}}},
      "10.255.0.3:2":{"rd":"10.255.0.3:2","[3]:[0]:[32]:[10.255.0.3]":{"paths":
          ${paths('{"valid":true,"pathFrom":"external","peerId":"(unspec)","weight":32768,"routeType":3,"ip":"10.255.0.3"}')}}},
      "numPrefix":3}`;
    expect(readFrrRoutes(json)).toEqual([
      "2 10.255.0.2:10 02:00:00:00:01:00 192.168.10.100",
      "3 10.255.0.2:10 - 10.255.0.2",
    ]);
  });
});
