import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import type { PortPattern } from "../../src/evpn/pattern.ts";
import type { Vni } from "../../src/evpn/vni.ts";
import { type Link, type Links, takeInLink } from "../../src/linux/links.ts";
import { compare, newsOf } from "../../src/linux/picture.ts";
import { discover, EMPTY_PICTURE, type Picture } from "../../src/linux/segments.ts";
import type { VxlanSettings } from "../../src/wire/netlink-link.ts";
import type { TunnelRange, VlanRange } from "../../src/wire/netlink-vlan.ts";

let nextIfindex = 1;

function link(name: string, settings: Partial<Link> = {}): Link {
  const ifindex = settings.ifindex ?? nextIfindex++;
  return {
    ifindex,
    name,
    enabled: true,
    operstate: "up",
    mac: `02:00:00:00:01:${ifindex.toString(16).padStart(2, "0")}` as MacAddress,
    master: undefined,
    lower: undefined,
    kind: undefined,
    vxlan: undefined,
    bridgePort: undefined,
    vlanFiltering: false,
    ageingMs: undefined,
    vlan: undefined,
    portVlans: undefined,
    ...settings,
  };
}

const bridge = link("br10", { ifindex: 100, kind: "bridge" });

function vxlan(name: string, settings: Partial<VxlanSettings> = {}, of: Partial<Link> = {}): Link {
  return link(name, {
    master: bridge.ifindex,
    kind: "vxlan",
    operstate: "unknown",
    vxlan: {
      vni: 10,
      local: "10.0.0.1" as IpAddress,
      remote: undefined,
      learning: false,
      port: 4789,
      collectMetadata: false,
      ...settings,
    },
    ...of,
  });
}

function port(name: string, settings: Partial<Link> = {}): Link {
  return link(name, { master: bridge.ifindex, kind: "veth", ...settings });
}

function links(...all: readonly Link[]): Links {
  return new Map(all.map((one) => [one.ifindex, one]));
}

function find(...all: readonly Link[]): Picture {
  return discover(links(bridge, ...all), undefined);
}

function portsOf(picture: Picture, vni = 10): readonly string[] {
  const ports = picture.places.get(vni as Vni)?.ports.values() ?? [];
  return [...ports].map(({ name, state }) => `${name} ${state}`);
}

describe("A MAC-VRF", () => {
  it("is a VXLAN device in a bridge; its hosts are behind the other ports", () => {
    const device = vxlan("vxlan10");
    const p1 = port("p1");
    const picture = find(device, p1, link("eth0"));
    expect(picture.places.get(10 as Vni)?.segment).toEqual({
      vni: 10,
      vtep: "10.0.0.1",
      bridge: "br10",
      vxlan: "vxlan10",
      ownMacs: [bridge.mac, device.mac, p1.mac].sort(),
    });
    expect(portsOf(picture)).toEqual(["p1 up"]);
    expect(picture.notices).toEqual([]);
  });

  it("has the addresses of the gateways on its bridge for its own", () => {
    const svi = link("svi10", { lower: bridge.ifindex, kind: "macvlan" });
    const picture = find(vxlan("vxlan10"), svi);
    expect(picture.places.get(10 as Vni)?.ownMacs.has(svi.mac as MacAddress)).toBe(true);
    expect(portsOf(picture)).toEqual([]);
  });

  it("takes a port for up if the driver does not say", () => {
    const picture = find(
      vxlan("vxlan10"),
      port("p1", { operstate: "unknown" }),
      port("p2", { operstate: "lower-layer-down" }),
      port("p3", { enabled: false, operstate: "unknown" }),
      port("p4", { operstate: "dormant" }),
    );
    expect(portsOf(picture)).toEqual(["p1 up", "p2 down", "p3 down", "p4 down"]);
  });

  it("is none without a bridge, and nobody asks why", () => {
    const loose = vxlan("vxlan10", {}, { master: undefined });
    const bonded = vxlan("vxlan20", { vni: 20 }, { master: 200 });
    const picture = discover(links(loose, bonded, link("bond0", { ifindex: 200 })), undefined);
    expect(picture).toEqual(EMPTY_PICTURE);
  });

  it("is not made twice: not of one VNI, and not in one bridge", () => {
    const other = link("br20", { ifindex: 200, kind: "bridge" });
    const first = vxlan("vxlan10", {}, { ifindex: 300 });
    const twin = vxlan("twin", {}, { ifindex: 301, master: 200 });
    const lodger = vxlan("lodger", { vni: 20 }, { ifindex: 302 });
    // In any order in which the kernel may tell them.
    const picture = discover(links(lodger, twin, first, other, bridge), undefined);
    expect([...picture.places.keys()]).toEqual([10]);
    expect(picture.places.get(10 as Vni)?.segment.vxlan).toBe("vxlan10");
    expect(picture.notices).toEqual([
      { kind: "vni-on-two-devices", device: "twin", vni: 10 },
      { kind: "bridge-with-two-vxlan-devices", device: "lodger", bridge: "br10" },
    ]);
    expect(portsOf(picture)).toEqual([]);
  });

  const flaws = [
    ["device-without-local-address", vxlan("vxlan10", { local: undefined })],
    ["device-learns", vxlan("vxlan10", { learning: true })],
    ["device-down", vxlan("vxlan10", {}, { enabled: false })],
    ["external-device-without-vnis", vxlan("vxlan10", { collectMetadata: true, vni: 0 })],
  ] as const;
  for (const [kind, device] of flaws) {
    it(`is none with a flaw, which is named: ${kind}`, () => {
      const picture = find(device, port("p1"));
      expect(picture.places.size).toBe(0);
      expect(picture.notices).toMatchObject([{ kind, device: "vxlan10" }]);
    });
  }

  it("is none in a bridge that is down", () => {
    const down = { ...bridge, enabled: false };
    const picture = discover(links(down, vxlan("vxlan10")), undefined);
    expect(picture.notices).toEqual([{ kind: "device-down", device: "br10", vni: 10 }]);
  });
});

describe("In a bridge that filters VLANs", () => {
  const filtering = { ...bridge, vlanFiltering: true };
  const access = (vlan: number) => [{ first: vlan, last: vlan, pvid: true, untagged: true }];
  const trunk = (first: number, last: number) => [{ first, last, pvid: false, untagged: false }];
  const inVlans = (vlans: readonly VlanRange[], tunnels: readonly TunnelRange[] = []) => ({
    portVlans: { vlans, tunnels },
  });
  const summary = (picture: Picture) =>
    [...picture.places.values()].map(({ segment: { vni, vxlan }, vlan, ports }) => {
      const each = [...ports.values()].map(
        ({ name, tag, isNative }) => `${name} ${tag}${isNative ? " native" : ""}`,
      );
      return [`${vxlan} ${vni} ${vlan}`, ...each];
    });
  const ports = [
    port("p1", inVlans(access(10))),
    port("p2", inVlans(access(20))),
    port("p3", inVlans([...access(30), ...trunk(10, 20)])),
  ];

  it("each VXLAN device is the VLAN its port takes untagged frames for, with the ports in it", () => {
    const first = vxlan("vxlan10", {}, inVlans(access(10)));
    const second = vxlan("vxlan20", { vni: 20 }, inVlans(access(20)));
    const picture = discover(links(filtering, first, second, ...ports), undefined);
    expect(summary(picture)).toEqual([
      ["vxlan10 10 10", "p1 0 native", "p3 10"],
      ["vxlan20 20 20", "p2 0 native", "p3 20"],
    ]);
    expect(picture.notices).toEqual([]);
    expect(picture.places.get(10 as Vni)?.segment.vlan).toBe(10);
  });

  it("one VXLAN device for many VNIs is as many as the bridge maps VLANs to", () => {
    const shared = vxlan(
      "vxlan0",
      { vni: 0, collectMetadata: true },
      inVlans(trunk(10, 20), [
        { first: 10, last: 11, vni: 10_010 },
        { first: 20, last: 20, vni: 20_020 },
      ]),
    );
    const picture = discover(links(filtering, shared, ...ports), undefined);
    expect(summary(picture)).toEqual([
      ["vxlan0 10010 10", "p1 0 native", "p3 10"],
      ["vxlan0 10011 11", "p3 11"],
      ["vxlan0 20020 20", "p2 0 native", "p3 20"],
    ]);
    const wish = { vxlan: "vxlan0", bridge: undefined, vlan: undefined, excludePorts: [] };
    const listed = [
      { ...wish, vni: 10_011 as Vni },
      { ...wish, vni: 20_020 as Vni, vlan: 21 },
    ];
    const some = discover(links(filtering, shared, ...ports), listed);
    expect([...some.places.keys()]).toEqual([10_011]);
    expect(some.notices).toEqual([{ kind: "device-missing", vni: 20_020, device: "vxlan0" }]);
  });

  it("a device is none as long as it is in no VLAN, or in that of another", () => {
    const tagged = vxlan("vxlan10", {}, inVlans(trunk(10, 10)));
    expect(discover(links(filtering, tagged), undefined).notices).toEqual([
      { kind: "vxlan-port-without-vlan", device: "vxlan10", vni: 10 },
    ]);
    const untold = vxlan("vxlan10");
    expect(discover(links(filtering, untold), undefined)).toEqual(EMPTY_PICTURE);
    const first = vxlan("vxlan10", {}, inVlans(access(10)));
    const second = vxlan("vxlan20", { vni: 20 }, inVlans(access(10)));
    const picture = discover(links(filtering, first, second), undefined);
    expect(picture.notices).toEqual([
      { kind: "bridge-with-two-vxlan-devices", device: "vxlan20", bridge: "br10" },
    ]);
  });

  it("neighbours are those of the bridge's interface in the VLAN, where there is one", () => {
    const device = vxlan("vxlan10", {}, inVlans(access(10)));
    const svi = link("br10.10", { kind: "vlan", lower: bridge.ifindex, vlan: 10 });
    const without = discover(links(filtering, device), undefined);
    const within = discover(links(filtering, device, svi), undefined);
    expect(without.places.get(10 as Vni)).toMatchObject({
      neighbourIndex: undefined,
      bridgeMac: bridge.mac,
    });
    expect(within.places.get(10 as Vni)).toMatchObject({
      neighbourIndex: svi.ifindex,
      bridgeMac: svi.mac,
    });
    const kinds = compare(without, within).map(({ kind }) => kind);
    expect(kinds).toContain("neighbours-moved");
    expect(compare(without, within).flatMap(newsOf)).toMatchObject([{ kind: "segment-up" }]);
  });

  it("a MAC-VRF that becomes another VLAN is another place", () => {
    const at = (vlan: number) =>
      discover(
        links(filtering, vxlan("vxlan10", {}, { ifindex: 300, ...inVlans(access(vlan)) })),
        undefined,
      );
    const kinds = compare(at(10), at(11)).map(({ kind }) => kind);
    expect(kinds).toEqual(["place-lost", "place-found"]);
  });
});

describe("A list of MAC-VRFs", () => {
  const wish = {
    vni: 10 as Vni,
    vxlan: undefined,
    bridge: undefined,
    vlan: undefined,
    excludePorts: [],
  };

  it("takes those alone, and leaves out ports", () => {
    const uplinks = "up*" as PortPattern;
    const all = links(bridge, vxlan("vxlan10"), port("p1"), port("uplink1"));
    expect(portsOf(discover(all, [{ ...wish, excludePorts: [uplinks] }]))).toEqual(["p1 up"]);
    expect(discover(all, []).places.size).toBe(0);
  });

  it("names what it waits for, whatever the reason is", () => {
    const all = links(bridge, vxlan("vxlan10"));
    for (const other of [{ vxlan: "vx10" }, { bridge: "br11" }, { vni: 11 as Vni }]) {
      const { places, notices } = discover(all, [{ ...wish, ...other }]);
      expect(places.size).toBe(0);
      expect(notices).toMatchObject([{ kind: "device-missing" }]);
    }
    const learning = links(bridge, vxlan("vxlan10", { learning: true }));
    expect(discover(learning, [wish]).notices).toMatchObject([{ kind: "device-learns" }]);
  });
});

describe("compare()", () => {
  function news(before: Picture, after: Picture): string[] {
    return compare(before, after)
      .flatMap(newsOf)
      .map((o) => ("port" in o ? `${o.kind} ${o.port}` : o.kind));
  }

  const device = vxlan("vxlan10", {}, { ifindex: 300 });
  const p1 = port("p1", { ifindex: 301 });
  const before = find(device, p1);

  it("says nothing of what is the same", () => {
    expect(compare(before, find(device, p1))).toEqual([]);
  });

  it("tells a place before its ports, and the end of its ports before its own", () => {
    expect(news(EMPTY_PICTURE, before)).toEqual(["segment-up", "port-up p1"]);
    expect(news(before, EMPTY_PICTURE)).toEqual(["port-down p1", "segment-down"]);
  });

  it("takes devices made anew for another place", () => {
    const anew = find({ ...device, ifindex: 400 }, p1);
    expect(news(before, anew)).toEqual([
      "port-down p1",
      "segment-down",
      "segment-up",
      "port-up p1",
    ]);
  });

  it("takes another VTEP address for the same place, told anew: the hosts are still there", () => {
    const moved = find(vxlan("vxlan10", { local: "10.0.0.2" as IpAddress }, { ifindex: 300 }), p1);
    expect(news(before, moved)).toEqual(["segment-up"]);
    expect(compare(before, moved)).toMatchObject([{ kind: "place-found", isNew: false }]);
  });

  it("takes another name for the same place, told anew", () => {
    const changes = compare(before, find({ ...device, name: "vx" }, p1));
    expect(changes).toMatchObject([{ kind: "place-found", isNew: false }]);
  });

  it("takes a port made anew under its name for another port", () => {
    const anew = find(device, { ...p1, ifindex: 401 });
    expect(news(before, anew)).toEqual(["port-down p1", "port-up p1"]);
  });

  it("tells nothing of ports that are down, and of renamed ones both names", () => {
    const down = find(device, { ...p1, operstate: "down" });
    expect(news(before, down)).toEqual(["port-down p1"]);
    expect(news(down, find(device))).toEqual(["segment-up"]);
    const renamed = compare(before, find(device, { ...p1, name: "swp1" })).flatMap(newsOf);
    expect(renamed).toEqual([{ kind: "port-renamed", vni: 10, from: "p1", to: "swp1" }]);
  });

  it("notices once, and again after it was well", () => {
    const flawed = find(vxlan("vxlan10", { learning: true }, { ifindex: 300 }));
    const noticed = (from: Picture, to: Picture): number =>
      compare(from, to).filter(({ kind }) => kind === "noticed").length;
    expect(noticed(EMPTY_PICTURE, flawed)).toBe(1);
    expect(noticed(flawed, flawed)).toBe(0);
    expect(noticed(before, flawed)).toBe(1);
  });
});

describe("takeInLink()", () => {
  const portVlans = { vlans: [{ first: 10, last: 10, pvid: true, untagged: true }], tunnels: [] };

  it("keeps the VLANs that a bridge has told of its port, until it leaves", () => {
    const all = new Map([[7, link("p1", { ifindex: 7, master: 100 })]]);
    const device = { ...told, ...link("p1", { ifindex: 7, master: 100 }) };
    expect(takeInLink(all, { ...device, about: "port", portVlans })).toBe(true);
    takeInLink(all, { ...device, name: "swp1" });
    expect(all.get(7)).toMatchObject({ name: "swp1", portVlans });
    expect(takeInLink(all, { ...device, about: "port" })).toBe(true);
    expect(all.get(7)?.portVlans).toEqual({ vlans: [], tunnels: [] });
    takeInLink(all, { ...device, about: "port", gone: true });
    expect(all.get(7)?.portVlans).toBeUndefined();
  });

  it("does not take what a bridge says of itself for a port", () => {
    const all = new Map([[7, link("br0", { ifindex: 7 })]]);
    const itself = { ...told, ...link("br0", { ifindex: 7, master: 7, portVlans }) };
    expect(takeInLink(all, { ...itself, about: "port" })).toBe(false);
    expect(all.get(7)?.master).toBeUndefined();
  });

  const told = { about: "device", gone: false } as const;

  it("keeps what a bridge does not know of its port", () => {
    const all = new Map([[7, link("p1", { ifindex: 7, kind: "veth", master: 100 })]]);
    const settings = { learning: true, neighSuppress: true, isolated: false };
    const about = { ...told, ...link("p1", { ifindex: 7, master: 100, bridgePort: settings }) };
    takeInLink(all, { ...about, about: "port" });
    expect(all.get(7)).toMatchObject({ kind: "veth", bridgePort: settings });
  });

  it("does not take a port that left its bridge for one that is gone", () => {
    const all = new Map([[7, link("p1", { ifindex: 7, master: 100 })]]);
    const gone = { ...told, ...link("p1", { ifindex: 7, master: 100 }), gone: true } as const;
    expect(takeInLink(all, { ...gone, about: "port" })).toBe(true);
    expect(all.get(7)).toMatchObject({ master: undefined });
    expect(takeInLink(all, { ...gone, about: "device" })).toBe(true);
    expect(all.size).toBe(0);
  });

  it("does not take an old bridge's farewell for the new one's", () => {
    const all = new Map([[7, link("p1", { ifindex: 7, master: 200 })]]);
    const farewell = { ...told, ...link("p1", { ifindex: 7, master: 100 }), gone: true } as const;
    takeInLink(all, { ...farewell, about: "port" });
    expect(all.get(7)).toMatchObject({ master: 200 });
  });

  it("knows when nothing has changed", () => {
    const all = new Map<number, Link>();
    const message = { ...told, ...link("p1", { ifindex: 7 }) };
    expect(takeInLink(all, message)).toBe(true);
    expect(takeInLink(all, { ...message })).toBe(false);
  });
});
