/**
 * ARP and ND suppression with real frames: what Linux does with `neigh_suppress` on the VXLAN device, and
 * what is said in its place. Should one of these fail with a newer kernel, so much less is to be done.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import type { Audience } from "../../src/evpn/announcement.ts";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { portName } from "../../src/evpn/port.ts";
import { fdbKey, neighbourKey } from "../../src/evpn/rows.ts";
import type { Vni } from "../../src/evpn/vni.ts";
import type { VtepAddress } from "../../src/evpn/vtep.ts";
import type { Kernel } from "../../src/linux/kernel.ts";
import { decodeArp } from "../../src/wire/arp.ts";
import { decodeEthernet } from "../../src/wire/ethernet.ts";
import { decodeNd } from "../../src/wire/nd.ts";
import {
  arpRequest,
  gratuitousArp,
  Host,
  sendThroughTunnel,
  solicitation,
  unsolicited,
} from "./frames.ts";
import { clearLinks, makeSegment, requireOwnNamespace, run, sh } from "./namespace.ts";
import { open, Recorder } from "./recorder.ts";

const vni = 10 as Vni;
const OWNER = "02:00:00:00:00:99" as MacAddress;
const HOST = "02:00:00:00:00:0a" as MacAddress;
const ip = (text: string): IpAddress => text as IpAddress;
const [I4, I6] = [ip("192.0.2.99"), ip("2001:db8::99")];

let recorder: Recorder;
let kernel: Kernel;

beforeAll(requireOwnNamespace);
beforeEach(async () => {
  recorder = new Recorder();
  makeSegment();
  sh("bridge link set dev vxlan10 neigh_suppress on learning off");
  kernel = await open(recorder);
  const signal = new AbortController().signal;
  const row = { vni, mac: OWNER, vtep: "10.0.0.9" as VtepAddress, pinned: false };
  await kernel.drivers.fdb.write([{ kind: "put", key: fdbKey(row), row }], signal);
  const rows = [I4, I6].map((each) => ({ vni, ip: each, mac: OWNER }));
  const puts = rows.map((each) => ({ kind: "put", key: neighbourKey(each), row: each }) as const);
  expect(await kernel.drivers.neighbour.write(puts, signal)).toEqual([]);
});
afterEach(async () => {
  await kernel[Symbol.asyncDispose]();
  clearLinks();
});

/** A frame as a person would tell it; of others than ARP and ND, of which the bridge makes some, nothing. */
function story(frame: Uint8Array): readonly string[] {
  const told = tell(frame);
  // Devices look for duplicates of their own addresses meanwhile.
  return told === undefined || told.includes("fe80::") ? [] : [told];
}

function tell(frame: Uint8Array): string | undefined {
  const decoded = decodeEthernet(frame);
  if (!decoded.ok) return undefined;
  const { destination, payload, etherType } = decoded.value;
  if (etherType === 0x0806) {
    const arp = decodeArp(payload);
    if (!arp.ok) return undefined;
    const { operation, senderIp, senderMac, targetIp } = arp.value;
    return `to ${destination}: ${operation} ${senderIp} ${senderMac} -> ${targetIp}`;
  }
  const nd = decodeNd(payload);
  if (!nd.ok) return undefined;
  if (nd.value.kind === "neighbour-solicitation") {
    return `to ${destination}: solicitation ${nd.value.source} -> ${nd.value.target}`;
  }
  if (nd.value.kind !== "neighbour-advertisement") return nd.value.kind;
  const { target, linkAddress, router, solicited, override } = nd.value;
  const flags = `${router ? "R" : ""}${solicited ? "S" : ""}${override ? "O" : ""}`;
  return `to ${destination}: advertisement ${target} ${linkAddress} ${flags}`;
}

function heard(from: Host): string[] {
  const stories: string[] = [];
  for (let one = from.receive(); one !== undefined; one = from.receive()) {
    stories.push(...story(one));
  }
  return stories;
}

/**
 * What has come out of the bridge by each way after the frame came in by p1. All is done when `send`
 * comes back, for a veth hands a frame over at once.
 */
function outOf(frame: Uint8Array): Record<"back" | "other" | "tunnel", string[]> {
  using host = new Host("p1h");
  using other = new Host("p2h");
  using tunnel = new Host("vxlan10", { outgoing: true });
  host.send(frame);
  return { back: heard(host), other: heard(other), tunnel: heard(tunnel) };
}

describe("Linux with neigh_suppress on the VXLAN device", () => {
  it("C6.1 answers a request for an IP at another leaf, and does not flood it", () => {
    const asked = outOf(arpRequest(HOST, { sender: "192.0.2.1", target: I4 }));
    expect(asked.back).toEqual([`to ${HOST}: reply ${I4} ${OWNER} -> 192.0.2.1`]);
    expect(asked.tunnel).toEqual([]);
    const solicited = outOf(solicitation(HOST, { source: "2001:db8::1", target: I6 }));
    expect(solicited.back).toEqual([`to ${HOST}: advertisement ${I6} ${OWNER} SO`]);
    expect(solicited.tunnel).toEqual([]);
  });

  it("C6.8 says of a router that it is one, where the row does", async () => {
    const signal = new AbortController().signal;
    const key = neighbourKey({ vni, ip: I6 });
    const row = { vni, ip: I6, mac: OWNER, router: true };
    expect(await kernel.drivers.neighbour.write([{ kind: "put", key, row }], signal)).toEqual([]);
    const solicited = outOf(solicitation(HOST, { source: "2001:db8::1", target: I6 }));
    expect(solicited.back).toEqual([`to ${HOST}: advertisement ${I6} ${OWNER} RSO`]);
    // A process that has just started finds it so, and leaves it until it knows better.
    const found = (await kernel.drivers.neighbour.list(signal)).get(key);
    expect(found).toEqual(row);
    const { agree } = kernel.drivers.neighbour;
    const unknown = { vni, ip: I6, mac: OWNER };
    expect([agree(unknown, row), agree({ ...row, router: false }, row)]).toEqual([true, false]);
  });

  it("C6.3 floods a request for an IP that nobody is known to have", () => {
    const asked = outOf(arpRequest(HOST, { sender: "192.0.2.1", target: ip("192.0.2.50") }));
    expect(asked).toMatchObject({ back: [], tunnel: [expect.stringContaining("request")] });
    const source = "2001:db8::1";
    const solicited = outOf(solicitation(HOST, { source, target: ip("2001:db8::50") }));
    expect(solicited).toMatchObject({ back: [], tunnel: [expect.stringContaining("solicit")] });
  });

  it("C6.7 leaves a question to the owner alone to the owner", () => {
    const asked = arpRequest(HOST, { sender: "192.0.2.1", target: I4, to: OWNER });
    expect(outOf(asked)).toMatchObject({ back: [], tunnel: [expect.stringContaining("request")] });
    const solicited = solicitation(HOST, { source: "2001:db8::1", target: I6, to: OWNER });
    expect(outOf(solicited)).toMatchObject({ back: [], tunnel: [expect.anything()] });
  });

  it("answers no probe for an address, and carries none into the tunnel", () => {
    for (const probe of [
      arpRequest(HOST, { sender: "0.0.0.0", target: I4 }),
      solicitation(HOST, { source: "::", target: I6 }),
    ]) {
      expect(outOf(probe)).toMatchObject({ back: [], other: [expect.anything()], tunnel: [] });
    }
  });

  it("carries announcements to the other ports, and none into the tunnel", () => {
    for (const announcement of [
      gratuitousArp(HOST, "192.0.2.1"),
      unsolicited(HOST, "2001:db8::1"),
    ]) {
      expect(outOf(announcement)).toMatchObject({ other: [expect.anything()], tunnel: [] });
    }
  });

  it("is told, and that it no longer does", async () => {
    const suppresses = (): (true | undefined)[] =>
      recorder.of("segment-up").map(({ segment }) => segment.suppresses);
    expect(suppresses()).toEqual([true]);
    sh("bridge link set dev vxlan10 neigh_suppress off");
    await recorder.until(() => suppresses().length === 2);
    expect(suppresses()).toEqual([true, undefined]);
  });

  it("C6.15 answers no more when the row is gone", async () => {
    const key = neighbourKey({ vni, ip: I4 });
    const row = { vni, ip: I4, mac: OWNER };
    await kernel.drivers.neighbour.write(
      [{ kind: "remove", key, row }],
      new AbortController().signal,
    );
    expect(outOf(arpRequest(HOST, { sender: "192.0.2.1", target: I4 }))).toMatchObject({
      back: [],
    });
  });
});

describe("What comes out of the tunnel", () => {
  beforeEach(() => {
    sh(`
      ip link set lo up
      ip address add 10.0.0.1/32 dev lo
      ip address add 10.0.0.2/32 dev lo
    `);
  });
  afterEach(() => {
    sh(`
      ip address del 10.0.0.1/32 dev lo
      ip address del 10.0.0.2/32 dev lo
    `);
  });

  it("C6.2 is flooded to the ports, and answered by nobody here", async () => {
    const far = "02:00:00:00:00:77" as MacAddress;
    using host = new Host("p1h");
    using tunnel = new Host("vxlan10", { outgoing: true });
    const asked = [
      arpRequest(far, { sender: "192.0.2.7", target: I4 }),
      arpRequest(far, { sender: "0.0.0.0", target: I4 }),
      solicitation(far, { source: "2001:db8::7", target: I6 }),
      solicitation(far, { source: "::", target: I6 }),
    ];
    const arrived: string[] = [];
    for (const frame of asked) await sendThroughTunnel(frame);
    await poll("all of them to arrive", () => arrived.push(...heard(host)) === asked.length, {
      otherwise: () => arrived.join("\n"),
    });
    expect(heard(tunnel)).toEqual([]);
    expect(recorder.of("seen").filter(({ mac }) => mac === far)).toEqual([]);
  });
});

describe("Requests for an IP that nobody is known to have", () => {
  const arp = arpRequest(HOST, { sender: "192.0.2.1", target: ip("192.0.2.50") });
  const nd = solicitation(HOST, { source: "2001:db8::1", target: ip("2001:db8::50") });
  const filters = (): string => run("tc", ["filter", "show", "dev", "vxlan10", "egress"]);

  /** The kernel as it is opened by a configuration that says so. */
  async function reopened(unknownTargets: "flood" | "drop"): Promise<void> {
    await kernel[Symbol.asyncDispose]();
    recorder.clear();
    kernel = await open(recorder, { unknownTargets });
  }

  async function untilFilters(there: boolean): Promise<void> {
    const what = `a filter ${there ? "to be" : "not to be"} there`;
    await poll(what, () => filters().includes("bpf") === there, { otherwise: filters });
  }

  it("C6.3 are dropped where that is wanted, and counted; all else goes through", async () => {
    await reopened("drop");
    await untilFilters(true);
    for (const request of [arp, nd]) {
      expect(outOf(request)).toMatchObject({ other: [expect.anything()], tunnel: [] });
    }
    expect(run("tc", ["-s", "qdisc", "show", "dev", "vxlan10"])).toMatch(/dropped [2-9],/);
    // What is known is answered, and to one host alone one may speak.
    const known = { sender: "192.0.2.1", target: I4 };
    expect(outOf(arpRequest(HOST, known)).back).toHaveLength(1);
    expect(outOf(arpRequest(HOST, { ...known, to: OWNER })).tunnel).toHaveLength(1);
    using tunnel = new Host("vxlan10", { outgoing: true });
    const to = { kind: "tunnel" } as const;
    expect(kernel.announce({ vni, ip: I4, mac: OWNER, router: false, to })).toEqual([]);
    expect(heard(tunnel)).toHaveLength(1);
  });

  it("are flooded again by a configuration that says so, and where nothing is suppressed", async () => {
    await reopened("drop");
    await untilFilters(true);
    sh("bridge link set dev vxlan10 neigh_suppress off");
    await recorder.until(() =>
      recorder.notices.some(({ kind }) => kind === "unknown-targets-flooded"),
    );
    await untilFilters(false);
    sh("bridge link set dev vxlan10 neigh_suppress on");
    await untilFilters(true);
    await reopened("flood");
    await untilFilters(false);
    // A restart with the same configuration changes nothing, and tells nothing.
    await reopened("drop");
    await untilFilters(true);
    await reopened("drop");
    await untilFilters(true);
    expect(recorder.notices).toEqual([]);
  });
});

describe("What is said in another's place", () => {
  /** What the hosts behind the ports, and the tunnel, hear of it. */
  function said(of: IpAddress, to: Audience, router = false): Record<string, string[]> {
    using one = new Host("p1h");
    using other = new Host("p2h");
    using tunnel = new Host("vxlan10", { outgoing: true });
    expect(kernel.announce({ vni, ip: of, mac: OWNER, router, to })).toEqual([]);
    return { p1: heard(one), p2: heard(other), tunnel: heard(tunnel) };
  }
  const prober = { kind: "prober", port: portName("p1"), mac: HOST } as const;

  it("C6.4 to one that probes is a reply to it alone, on its port", () => {
    const reply = `to ${HOST}: reply ${I4} ${OWNER} -> 0.0.0.0`;
    expect(said(I4, prober)).toEqual({ p1: [reply], p2: [], tunnel: [] });
  });

  it("C6.6 to one that detects duplicates is an advertisement to all nodes, not solicited", () => {
    const advertisement = `to 33:33:00:00:00:01: advertisement ${I6} ${OWNER} O`;
    expect(said(I6, prober)).toEqual({ p1: [advertisement], p2: [], tunnel: [] });
  });

  it("C6.8 says of a router that it is one", () => {
    expect(said(I6, prober, true).p1).toEqual([
      `to 33:33:00:00:00:01: advertisement ${I6} ${OWNER} RO`,
    ]);
  });

  it("C6.16 to all hosts here goes out by every port but one", () => {
    const arp = `to ff:ff:ff:ff:ff:ff: request ${I4} ${OWNER} -> ${I4}`;
    const nd = `to 33:33:00:00:00:01: advertisement ${I6} ${OWNER} O`;
    const all = { kind: "ports", except: undefined } as const;
    expect(said(I4, all)).toEqual({ p1: [arp], p2: [arp], tunnel: [] });
    expect(said(I6, all)).toEqual({ p1: [nd], p2: [nd], tunnel: [] });
    const others = { kind: "ports", except: portName("p1") } as const;
    expect(said(I4, others)).toEqual({ p1: [], p2: [arp], tunnel: [] });
  });

  it("C6.16 to those at other leaves goes into the tunnel alone, past what keeps it out", () => {
    const arp = `to ff:ff:ff:ff:ff:ff: request ${I4} ${OWNER} -> ${I4}`;
    expect(said(I4, { kind: "tunnel" })).toEqual({ p1: [], p2: [], tunnel: [arp] });
    const nd = `to 33:33:00:00:00:01: advertisement ${I6} ${OWNER} O`;
    expect(said(I6, { kind: "tunnel" })).toEqual({ p1: [], p2: [], tunnel: [nd] });
  });

  it("is not heard by ourselves as a host's word", async () => {
    recorder.clear();
    said(I4, { kind: "ports", except: undefined });
    said(I4, { kind: "tunnel" });
    using host = new Host("p1h");
    host.send(gratuitousArp(HOST, "192.0.2.1"));
    await recorder.until(() => recorder.of("seen").some(({ mac }) => mac === HOST));
    expect(recorder.of("seen").some(({ mac }) => mac === OWNER)).toBe(false);
  });

  it("can not be said where there is no such MAC-VRF, which is told", () => {
    const gone = { vni: 11 as Vni, ip: I4, mac: OWNER, router: false, to: prober };
    expect(kernel.announce(gone)).toEqual(["Cannot announce 192.0.2.99: there is no vni 11"]);
  });

  it("makes a Linux host give up an address that another leaf's host has", async () => {
    sh(`
      ip netns add guest
      ip link add p3 type veth peer name p3h
      ip link set p3 master br10 up
      ip link set p3h netns guest
      ip -n guest link set p3h address ${HOST} up
    `);
    try {
      await recorder.until(() => recorder.of("port-up").some(({ port }) => port === "p3"));
      run("ip", ["-n", "guest", "address", "add", `${I6}/64`, "dev", "p3h"]);
      const probe = await recorder.until(() =>
        recorder.of("seen").find(({ probed }) => probed === I6),
      );
      expect(probe).toMatchObject({ port: "p3", mac: HOST, ip: undefined, signal: "dad" });
      const to = { kind: "prober", port: probe.port, mac: probe.mac } as const;
      expect(kernel.announce({ vni, ip: I6, mac: OWNER, router: false, to })).toEqual([]);
      expect(run("ip", ["-n", "guest", "address", "show", "dev", "p3h"])).toContain("dadfailed");
    } finally {
      sh("ip netns del guest");
    }
  });

  it("changes what a Linux host has in its cache", async () => {
    sh(`
      ip netns add guest
      ip link add p3 type veth peer name p3h
      ip link set p3 master br10 up
      ip link set p3h netns guest
      ip -n guest link set p3h address ${HOST} up
      ip -n guest address add 192.0.2.1/24 dev p3h
      ip -n guest address add 2001:db8::1/64 dev p3h nodad
      ip -n guest neigh add ${I4} lladdr 02:00:00:00:00:55 nud reachable dev p3h
      ip -n guest neigh add ${I6} lladdr 02:00:00:00:00:55 nud reachable dev p3h
    `);
    try {
      await recorder.until(() => recorder.of("port-up").some(({ port }) => port === "p3"));
      for (const each of [I4, I6]) {
        const to = { kind: "ports", except: portName("p1") } as const;
        expect(kernel.announce({ vni, ip: each, mac: OWNER, router: false, to })).toEqual([]);
      }
      const cache = run("ip", ["-n", "guest", "neigh", "show", "dev", "p3h"]);
      expect(cache).toContain(`${I4} lladdr ${OWNER} STALE`);
      expect(cache).toContain(`${I6} lladdr ${OWNER} STALE`);
    } finally {
      sh("ip netns del guest");
    }
  });
});
