/** RFC 7432 §7.7 and §15: rules C1. */
import { describe, expect, it } from "vitest";
import { SEQ_MAX } from "../../src/evpn/mac-claim.ts";
import { macIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import { parseRouteTarget } from "../../src/evpn/route-target.ts";
import {
  A,
  adv,
  B,
  BRIDGE_MAC,
  C,
  I4,
  I6,
  imet,
  ip,
  Leaf,
  M,
  M2,
  mac,
  must,
  port,
  VNI,
  vni,
} from "./leaf.ts";

describe("A MAC seen on a local port", () => {
  it("C1.1 is advertised without a sequence number when nobody knew it", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - -`]);
    const [route] = leaf.rows("mac-ip-route");
    expect(route).toMatchObject({ vni: VNI, nexthop: A, rd: "10.255.0.1:10" });
    expect(route?.routeTargets).toEqual([must(parseRouteTarget("65000:10"))]);
  });

  it("C1.2 is advertised with 1 when the other's route had no sequence number", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 1`]);
    expect(leaf.fdb()).toBeUndefined();
  });

  it("C1.3 is advertised with one more than the other's sequence number", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 7 }));
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 8`]);
  });

  it("C1.4 is advertised with one more than the highest of several", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 3 }));
    leaf.hears(adv(C, { seq: 5 }));
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 6`]);
  });

  it("is taught to the bridge where a row of ours may have stood in the way", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    expect(leaf.taught).toEqual([]);
    leaf.hears(adv(B, { seq: 1 }));
    leaf.sees({ port: "p2" });

    expect(leaf.taught).toEqual([{ vni: VNI, mac: M, port: "p2" }]);
  });

  it("C1.14 changes only its port when it moves to another port of the same leaf", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ ip: I4 });
    const before = leaf.advertised();
    leaf.sees({ port: "p2" });

    expect(leaf.where()).toBe("p2");
    expect(leaf.advertised()).toEqual(before);
    expect(leaf.entry().moves).toBe(1);
  });

  it("C1.17 never gets a lower number than it had before it went away", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 4 }));
    leaf.sees();
    leaf.observe({ kind: "aged-out", vni: VNI, mac: M, port: port("p1") });
    leaf.hearsWithdrawn(adv(B, { seq: 4 }));
    expect(leaf.where()).toBe("nowhere");
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 5`]);
  });

  it("C1.23 is refused where the address can not be a host's", () => {
    const leaf = Leaf.ready(A);
    for (const bad of ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01"]) {
      leaf.sees({ mac: mac(bad) });
      leaf.hears(adv(B, { mac: mac(bad) }));
    }

    expect(leaf.advertised()).toEqual([]);
    expect(leaf.rows("fdb")).toEqual([]);
    expect(leaf.noticesOf("sighting-ignored")).toHaveLength(3);
    expect(leaf.noticesOf("route-ignored")).toHaveLength(3);
  });

  it("C1.26 is not claimed when the other has the highest number there is, and this is told", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: SEQ_MAX }));
    leaf.sees();

    expect(leaf.advertised()).toEqual([]);
    expect(leaf.fdb()).toBe(B);
    expect(leaf.noticesOf("seq-exhausted")).toHaveLength(1);
  });

  it("C7.16 is not one of the leaf's own addresses", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ mac: BRIDGE_MAC });

    expect(leaf.advertised()).toEqual([]);
    expect(leaf.noticesOf("sighting-ignored")).toMatchObject([{ reason: "own-mac" }]);
  });

  it("is taken in when its port comes up a moment after its first frame", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ port: "p9", ip: I4 });
    leaf.after(2000);
    leaf.observe({ kind: "port-up", vni: VNI, port: port("p9") });
    expect(leaf.advertised()).toEqual([`${M} - -`, `${M} ${I4} -`]);

    leaf.sees({ port: "p8", mac: M2 });
    leaf.after(2001);
    leaf.observe({ kind: "port-up", vni: VNI, port: port("p8") });
    expect(leaf.where(M2)).toBe("nowhere");
  });

  it("on a port that is not up is ignored, and counted", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ port: "p9" });

    expect(leaf.where()).toBe("nowhere");
    expect(leaf.noticesOf("sighting-ignored")).toMatchObject([{ reason: "unknown-port" }]);
  });
});

describe("A MAC of ours that another VTEP claims", () => {
  it("C1.5 C4.5 with a higher number is let go: MAC and every IP withdrawn, frames sent there", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 1 }));
    leaf.sees({ ip: I4 });
    leaf.sees({ ip: I6 });
    expect(leaf.advertised()).toEqual([`${M} - 2`, `${M} ${I4} 2`, `${M} ${I6} 2`]);
    leaf.hears(adv(B, { seq: 3 }));

    expect(leaf.advertised()).toEqual([]);
    expect(leaf.fdb()).toBe(B);
    expect(leaf.noticesOf("outranked")).toMatchObject([{ decidedBy: "sequence" }]);
  });

  it("C1.6 with a lower number stays ours; the other remains in reserve", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 2 }));
    leaf.sees();
    leaf.hears(adv(C, { seq: 2 }));

    expect(leaf.advertised()).toEqual([`${M} - 3`]);
    expect(leaf.fdb()).toBeUndefined();
    leaf.hearsWithdrawn(adv(B, { seq: 2 }));
    leaf.observe({ kind: "aged-out", vni: VNI, mac: M, port: port("p1") });
    expect(leaf.fdb()).toBe(C);
  });

  it("C1.7 the lower VTEP wins a tie", () => {
    const leaf = Leaf.ready(B);
    leaf.sees();
    leaf.hears(adv(A));

    expect(leaf.advertised()).toEqual([]);
    expect(leaf.fdb()).toBe(A);
    expect(leaf.noticesOf("outranked")).toMatchObject([{ decidedBy: "vtep" }]);
  });

  it("C1.8 a tie won is kept, and not outbid", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(C, { seq: 2 }));
    leaf.sees();
    leaf.hears(adv(B, { seq: 3 }));

    expect(leaf.advertised()).toEqual([`${M} - 3`]);
  });

  it("C1.11 a tie is decided by number: x.9 wins over x.10", () => {
    const leaf = Leaf.ready(ip("192.0.2.10"));
    leaf.sees();
    leaf.hears(adv(ip("192.0.2.9")));

    expect(leaf.fdb()).toBe("192.0.2.9");
  });

  it("C1.10 a tie of IPv6 VTEPs is decided by number, and IPv4 comes before IPv6", () => {
    const six = Leaf.ready(ip("2001:db8::10"));
    six.sees();
    six.hears(adv(ip("2001:db8::9")));
    expect(six.fdb()).toBe("2001:db8::9");

    const mixed = Leaf.ready(ip("2001:db8::9"));
    mixed.sees();
    mixed.hears(adv(B));
    expect(mixed.fdb()).toBe(B);
  });

  it("C1.13 comes back with the next number when it shows itself again", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.hears(adv(B, { seq: 1 }));
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 2`]);
  });

  it("C1.27 is not taken by the route of a gateway", () => {
    const leaf = Leaf.ready(B);
    leaf.sees();
    leaf.hears(adv(A, { seq: 9, defaultGateway: true }));

    expect(leaf.where()).toBe("p1");
    expect(leaf.noticesOf("outranked")).toEqual([]);
  });
});

describe("A MAC that others claim", () => {
  it("C1.9 is at the lower VTEP of a tie, and at the other when that one withdraws", () => {
    const leaf = Leaf.ready(C);
    leaf.hears(adv(B, { seq: 3 }));
    leaf.hears(adv(A, { seq: 3 }));
    expect(leaf.fdb()).toBe(A);
    leaf.hearsWithdrawn(adv(A));

    expect(leaf.fdb()).toBe(B);
  });

  it("C1.16 is forgotten when it is withdrawn, but not its number", () => {
    const leaf = Leaf.ready(C);
    leaf.hears(adv(B, { seq: 3, ip: I4 }));
    expect(leaf.rows("neighbour")).toMatchObject([{ ip: I4, mac: M }]);
    leaf.hearsWithdrawn(adv(B, { ip: I4 }));

    expect(leaf.rows("fdb")).toEqual([]);
    expect(leaf.rows("neighbour")).toEqual([]);
    leaf.sees();
    expect(leaf.advertised()).toEqual([`${M} - 4`]);
  });

  it("C1.30 ends at the new VTEP in whichever order withdrawal and claim arrive", () => {
    const one = Leaf.ready(A);
    one.hears(adv(B));
    one.hearsWithdrawn(adv(B));
    one.hears(adv(C, { seq: 1 }));
    const other = Leaf.ready(A);
    other.hears(adv(B));
    other.hears(adv(C, { seq: 1 }));
    other.hearsWithdrawn(adv(B));

    for (const leaf of [one, other]) {
      expect(leaf.fdb()).toBe(C);
      expect(leaf.advertised()).toEqual([]);
    }
    expect(other.noticesOf("let-go")).toMatchObject([{ vtep: B }]);
  });

  it("C3.8 counts with the highest number of its VTEP's routes, and C3.9 with what is left of them", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 2 }));
    leaf.hears(adv(B, { seq: 6, ip: I4 }));
    leaf.hears(adv(C, { seq: 4 }));
    expect(leaf.fdb()).toBe(B);
    leaf.hearsWithdrawn(adv(B, { ip: I4 }));
    expect(leaf.fdb()).toBe(C);
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 7`]);
  });
});

describe("A route", () => {
  it("C1.20 of another Ethernet tag is another broadcast domain", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 9, ethernetTag: 5 }));
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - -`]);
  });

  it("C1.22 without one of our route targets never influences anything", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.hears(adv(B, { seq: 9, routeTargets: ["65000:11"] }));
    leaf.hears(adv(B, { seq: 9, routeTargets: [], mac: mac("02:00:00:00:00:99") }));

    expect(leaf.advertised()).toEqual([`${M} - -`]);
    expect(leaf.rows("fdb")).toEqual([]);
    expect(leaf.noticesOf("route-ignored")).toHaveLength(2);
  });

  it("that loses its route target is taken out again", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    leaf.hears(adv(B, { routeTargets: ["65000:11"] }));

    expect(leaf.fdb()).toBeUndefined();
  });

  it("C1.24 for an address of the leaf's own is refused and told, but for a gateway's", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { mac: BRIDGE_MAC }));
    leaf.hears(adv(C, { mac: BRIDGE_MAC, defaultGateway: true }));

    expect(leaf.rows("fdb")).toEqual([]);
    expect(leaf.noticesOf("own-mac-claimed")).toMatchObject([{ vtep: B }]);
  });

  it("C1.28 of our own that comes back is never a rival", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.hears(adv(A, { seq: 5 }));
    leaf.hears(adv(B, { seq: 5, rd: "10.255.0.1:10" }));
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - -`]);
    expect(leaf.noticesOf("own-route-reflected")).toHaveLength(2);
  });

  it("that comes before its segment is taken in when the segment comes", () => {
    const leaf = new Leaf(A);
    leaf.hears(adv(B, { seq: 2, ip: I4 }));
    leaf.observe({ kind: "flood-claimed", route: imet(B) });
    leaf.boots();

    expect(leaf.fdb()).toBe(B);
    expect(leaf.rows("flood")).toEqual([{ vni: VNI, vtep: B }]);
    expect(leaf.rows("neighbour")).toHaveLength(1);
  });
});

describe("The start", () => {
  it("C1.29 gives nobody a number before all that stood at the start is told", () => {
    const leaf = new Leaf(A);
    leaf.boots();
    leaf.sees({ ip: I4 });
    leaf.told("kernel");
    leaf.told("packets");
    expect(leaf.advertised()).toEqual([]);
    leaf.hears(adv(B, { seq: 6 }));
    leaf.told("rib");

    expect(leaf.advertised()).toEqual([`${M} - 7`, `${M} ${I4} 7`]);
    expect(leaf.noticesOf("ready")).toHaveLength(1);
  });

  it("takes up its own routes with the same numbers and IPs where the MAC is still there", () => {
    const leaf = new Leaf(A);
    leaf.boots();
    leaf.observe({ kind: "remembered", route: adv(A, { seq: 3 }) });
    leaf.observe({ kind: "remembered", route: adv(A, { seq: 3, ip: I4 }) });
    leaf.hears(adv(B, { seq: 2 }));
    leaf.told("rib");
    leaf.sees();
    leaf.told("kernel");
    leaf.told("packets");

    expect(leaf.advertised()).toEqual([`${M} - 3`, `${M} ${I4} 3`]);
  });

  it("drops its own routes where the MAC is not there any more, but keeps the number", () => {
    const leaf = new Leaf(A);
    leaf.boots();
    leaf.observe({ kind: "remembered", route: adv(A, { seq: 3, ip: I4 }) });
    for (const source of ["rib", "kernel", "packets"] as const) leaf.told(source);
    expect(leaf.advertised()).toEqual([]);
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 3`]);
  });

  it("believes another's claim more than a row of the bridge's table of unknown age", () => {
    const leaf = new Leaf(A);
    leaf.boots();
    leaf.hears(adv(B, { seq: 4 }));
    leaf.told("rib");
    leaf.sees();
    leaf.told("kernel");
    leaf.told("packets");
    expect(leaf.where()).toBe(B);
    leaf.sees();

    expect(leaf.advertised()).toEqual([`${M} - 5`]);
  });
});

describe("A host that leaves", () => {
  it("C1.15 C4.3 with its port is withdrawn at once, MAC and IPs", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ ip: I4 });
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });

    expect(leaf.advertised()).toEqual([]);
    expect(leaf.noticesOf("moved").at(-1)).toMatchObject({ to: { kind: "nowhere" }, ips: [I4] });
  });

  it("stays when another port goes down, or the bridge forgets it on a port it has left", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.sees({ port: "p2" });
    leaf.observe({ kind: "aged-out", vni: VNI, mac: M, port: port("p1") });
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });

    expect(leaf.where()).toBe("p2");
  });

  it("keeps its place when its port gets another name", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    const to = port("renamed");
    leaf.observe({ kind: "port-renamed", vni: VNI, from: port("p1"), to });

    expect(leaf.where()).toBe("renamed");
    leaf.observe({ kind: "port-down", vni: VNI, port: to });
    expect(leaf.advertised()).toEqual([]);
  });

  it("is gone with its VXLAN device, and others' claims are taken up again with the next", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.hears(adv(B, { mac: mac("02:00:00:00:00:09") }));
    leaf.observe({ kind: "segment-down", vni: VNI });
    expect(leaf.rows("mac-ip-route")).toEqual([]);
    expect(leaf.rows("imet-route")).toEqual([]);
    expect(leaf.rows("fdb")).toEqual([]);
    leaf.boots();

    expect(leaf.fdb(mac("02:00:00:00:00:09"))).toBe(B);
    expect(leaf.rows("imet-route")).toHaveLength(1);
  });
});

describe("The speaker", () => {
  it("that refuses our number is bid once more", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.observe({ kind: "seq-refused", vni: VNI, mac: M, seq: 0 });
    leaf.after(999);
    leaf.tick();
    expect(leaf.advertised()).toEqual([`${M} - -`]);
    leaf.observe({ kind: "seq-refused", vni: VNI, mac: M, seq: 0 });
    leaf.after(1);
    leaf.tick();
    expect(leaf.advertised()).toEqual([`${M} - 1`]);
    leaf.observe({ kind: "seq-refused", vni: VNI, mac: M, seq: 0 });
    leaf.after(1000);
    leaf.tick();

    expect(leaf.advertised()).toEqual([`${M} - 1`]);
  });

  it("that refuses our number knows a claim that comes in a moment, and that one decides", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.observe({ kind: "seq-refused", vni: VNI, mac: M, seq: 0 });
    leaf.after(5);
    leaf.hears(adv(B, { seq: 1 }));
    leaf.after(5000);
    leaf.tick();

    expect(leaf.where()).toBe(B);
    expect(leaf.advertised()).toEqual([]);
  });

  it("C1.8 that refuses the number of a tie we have won is bid more as soon as the tie is known", () => {
    for (const order of ["claim first", "refusal first"]) {
      const leaf = Leaf.ready(A);
      leaf.sees();
      const refuse = (): void => leaf.observe({ kind: "seq-refused", vni: VNI, mac: M, seq: 0 });
      if (order === "refusal first") refuse();
      leaf.hears(adv(B));
      if (order === "claim first") refuse();
      leaf.passes(49);
      expect(leaf.advertised(), order).toEqual([`${M} - -`]);
      leaf.passes(1);
      expect(leaf.advertised(), order).toEqual([`${M} - 1`]);
    }
  });

  it("that is another one than before gets our routes under its own name", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.observe({ kind: "speaker-up", speaker: { asn: 65001, routerId: ip("10.255.0.9") } });

    const routes = leaf.rows("mac-ip-route");
    expect(routes).toMatchObject([{ rd: "10.255.0.9:10", routeTargets: ["65001:10"] }]);
  });

  it("hears of a new tunnel address in every route", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.observe({
      kind: "segment-up",
      segment: { vni: VNI, vtep: C, bridge: "br10", vxlan: "vx10", ownMacs: [BRIDGE_MAC] },
    });

    expect(leaf.rows("mac-ip-route")).toMatchObject([{ nexthop: C }]);
    expect(leaf.rows("imet-route")).toMatchObject([{ nexthop: C, originator: C }]);
    expect(leaf.entry().local?.claim.vtep).toBe(C);
  });
});

describe("Flooding", () => {
  it("goes to everybody who asks for it, once, and not to ourselves", () => {
    const leaf = Leaf.ready(A);
    for (const vtep of [A, B, C]) leaf.observe({ kind: "flood-claimed", route: imet(vtep) });
    const twice = { ...imet(B), rd: adv(B, { rd: "192.0.2.2:77" }).rd };
    leaf.observe({ kind: "flood-claimed", route: twice });
    expect(leaf.rows("flood").map(({ vtep }) => vtep)).toEqual([B, C]);

    const key = `${imet(B).rd}|0|${B}` as never;
    leaf.observe({ kind: "flood-unclaimed", key });
    expect(leaf.rows("flood")).toHaveLength(2);
    const other = `${twice.rd}|0|${B}` as never;
    leaf.observe({ kind: "flood-unclaimed", key: other });
    expect(leaf.rows("flood").map(({ vtep }) => vtep)).toEqual([C]);
  });

  it("is asked for by our own route", () => {
    expect(Leaf.ready(A).rows("imet-route")).toMatchObject([
      { originator: A, tunnel: A, vni: VNI },
    ]);
  });
});

it("An unclaimed route that was never claimed is nothing", () => {
  const leaf = Leaf.ready(A);
  leaf.observe({ kind: "unclaimed", key: macIpRouteKey(adv(B)) });

  expect(leaf.where()).toBe("nowhere");
});

it("Routes of segments that are not known yet are told when the start is over, and at once later", () => {
  const leaf = new Leaf(A);
  leaf.hears(adv(B));
  leaf.hears(adv(B, { vni: vni(77) }));
  leaf.boots();
  for (const source of ["rib", "kernel"] as const) leaf.told(source);
  expect(leaf.noticesOf("route-ignored")).toEqual([]);
  leaf.told("packets");
  expect(leaf.rows("fdb")).toHaveLength(1);
  const ignored = { kind: "route-ignored", reason: "unknown-segment" };
  expect(leaf.noticesOf("route-ignored")).toEqual([ignored]);
  leaf.hears(adv(B, { vni: vni(77), mac: M2 }));
  expect(leaf.noticesOf("route-ignored")).toEqual([ignored, ignored]);
});
