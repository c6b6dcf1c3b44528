/** What the kernel tells of MAC-VRFs, ports and hosts as they come, change and go. */
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import { parsePortPattern } from "../../src/evpn/pattern.ts";
import { toVni } from "../../src/evpn/vni.ts";
import type { Kernel } from "../../src/linux/kernel.ts";
import { NetlinkClient } from "../../src/linux/netlink-client.ts";
import { HEADER_LENGTH, LITTLE_ENDIAN, viewOf } from "../../src/wire/netlink.ts";
import { NEIGHBOUR_FAMILY, NeighbourType } from "../../src/wire/netlink-neighbour.ts";
import { dataFrame, Host } from "./frames.ts";
import {
  addPort,
  clearLinks,
  ifindexOf,
  makeSegment,
  requireOwnNamespace,
  run,
  sh,
} from "./namespace.ts";
import { open, Recorder } from "./recorder.ts";

const M = "02:00:00:00:00:0a";
let recorder: Recorder;
let kernel: Kernel | undefined;

beforeAll(requireOwnNamespace);
beforeEach(() => {
  recorder = new Recorder();
});
afterEach(async () => {
  await kernel?.[Symbol.asyncDispose]();
  kernel = undefined;
  clearLinks();
});

/** Kinds of observations, with the port where there is one. */
function story(): string[] {
  return recorder.observations.map((o) => {
    if ("port" in o) return `${o.kind} ${o.port}`;
    if (o.kind === "port-renamed") return `${o.kind} ${o.from} ${o.to}`;
    return o.kind === "told" ? `${o.kind} ${o.source}` : o.kind;
  });
}

function noticeOf(kind: string): unknown {
  return recorder.notices.find((notice) => notice.kind === kind);
}

function hostSpeaks(device: string, mac = M): void {
  using host = new Host(device);
  host.send(dataFrame(mac));
}

describe("At the start", () => {
  it("segments, ports and learned hosts are told, then that all has been told", async () => {
    makeSegment();
    hostSpeaks("p2h");

    kernel = await open(recorder);

    expect(story()).toEqual([
      "segment-up",
      "port-up p1",
      "port-up p2",
      "seen p2",
      "told kernel",
      "told packets",
    ]);
    const own = ["br10", "p1", "p2", "vxlan10"].map((device) => macOf(device));
    expect(recorder.of("segment-up")[0]?.segment).toEqual({
      vni: 10,
      vtep: "10.0.0.1",
      bridge: "br10",
      vxlan: "vxlan10",
      ownMacs: [...new Set(own)].sort(),
    });
    expect(recorder.notices).toEqual([]);
  });

  it("each table of the kernel is read once, by all who want its rows", async () => {
    makeSegment();
    const dump = vi.spyOn(NetlinkClient.prototype, "dump");
    let rows: Promise<unknown> | undefined;
    kernel = await open(recorder, {}, ({ drivers: { fdb, flood, neighbour } }) => {
      const { signal } = new AbortController();
      rows = Promise.all([fdb, flood, neighbour].map((driver) => driver.list(signal)));
    });
    await rows;
    const asked = dump.mock.calls.map(([request]) => request);
    dump.mockRestore();

    const forRows = asked.filter(
      (request) => viewOf(request).getUint16(4, LITTLE_ENDIAN) === NeighbourType.get,
    );
    const families = forRows.map((request) => Number(request[HEADER_LENGTH])).sort((a, b) => a - b);
    const { ipv4, bridge, ipv6 } = NEIGHBOUR_FAMILY;
    expect(families).toEqual([ipv4, bridge, ipv6]);
  });

  it("nothing is there, and that is no mistake", async () => {
    kernel = await open(recorder);
    expect(story()).toEqual(["told kernel", "told packets"]);
  });

  it("static, permanent and externally learned entries are no hosts", async () => {
    makeSegment();
    sh(`
      bridge fdb add 02:00:00:00:00:01 dev p1 master static
      bridge fdb add 02:00:00:00:00:02 dev p1 master permanent
      bridge fdb add 02:00:00:00:00:03 dev p1 master extern_learn
    `);
    kernel = await open(recorder);
    expect(recorder.of("seen")).toEqual([]);
  });

  it("a segment with an IPv6 VTEP is found as well", async () => {
    makeSegment({ local: "2001:db8::1" });
    kernel = await open(recorder);
    expect(recorder.of("segment-up")[0]?.segment.vtep).toBe("2001:db8::1");
  });

  it("without the capability to write, opening fails with one sentence", async () => {
    // The addon is loaded by a child that has dropped what it needs.
    const script = `
      import { makeKernel } from "./dist/src/linux/kernel.js";
      const nobody = { news() {}, echo() {}, resync() {}, tell() {} };
      const options = { segments: undefined, readOnly: false, now: () => 0 };
      const kernel = makeKernel(options, nobody, new AbortController().signal);
      await kernel.start().catch((e) => console.log(e.message));
      await kernel[Symbol.asyncDispose]();
    `;
    const without = (capability: string): string =>
      run("setpriv", [
        `--bounding-set=-${capability}`,
        ...["node", "--input-type=module", "--eval", script],
      ]).trim();
    expect(without("net_raw")).toBe("Cannot open a packet socket: EPERM (it needs CAP_NET_RAW)");
    expect(without("net_admin")).toBe(
      "Cannot write forwarding entries: EPERM (it needs CAP_NET_ADMIN)",
    );
  });
});

describe("A bridge that forgets silent hosts before they are asked", () => {
  it("is named once, and again when it was put right and is changed back", async () => {
    makeSegment();
    const ages = (ticks: number) => sh(`ip link set br10 type bridge ageing_time ${ticks}`);
    const told = () => recorder.notices.filter(({ kind }) => kind === "bridge-forgets-early");
    kernel = await open(recorder);
    expect(told()).toEqual([]);
    expect(kernel.bridges()).toEqual([{ name: "br10", ageingMs: 300_000, leastAgeingMs: 163_000 }]);

    ages(3000);
    await recorder.until(() => told().length === 1);
    expect(told()).toMatchObject([{ device: "br10", ageingMs: 30_000, leastMs: 163_000 }]);
    sh("ip link set br10 mtu 1400");
    ages(16_300);
    await poll("it to be put right", () => kernel?.bridges()[0]?.ageingMs === 163_000);
    ages(0);
    await recorder.until(() => told().length === 2);
    expect(told()[1]).toMatchObject({ ageingMs: 0 });
  });
});

describe("A VXLAN device that is no MAC-VRF", () => {
  it("is named if it has no local address", async () => {
    sh(`
      ip link add br10 up type bridge
      ip link add vxlan10 up master br10 type vxlan id 10 dstport 4789 nolearning
    `);
    kernel = await open(recorder);
    expect(recorder.of("segment-up")).toEqual([]);
    expect(recorder.notices).toContainEqual({
      kind: "device-without-local-address",
      device: "vxlan10",
      vni: 10,
    });
  });

  it("is named if it learns", async () => {
    sh(`
      ip link add br10 up type bridge
      ip link add vxlan10 up master br10 type vxlan id 10 local 10.0.0.1 dstport 4789
    `);
    kernel = await open(recorder);
    expect(noticeOf("device-learns")).toMatchObject({ device: "vxlan10" });
  });

  it("is named if it is for many VNIs", async () => {
    sh(`
      ip link add br10 up type bridge
      ip link add vxlan0 up master br10 type vxlan external local 10.0.0.1 dstport 4789 nolearning
    `);
    kernel = await open(recorder);
    expect(noticeOf("external-device-without-vnis")).toMatchObject({ device: "vxlan0" });
  });

  it("is named if FRR's zebra programs it, and is one when zebra's rows are gone", async () => {
    makeSegment();
    sh(`
      bridge fdb append 00:00:00:00:00:00 dev vxlan10 dst 10.0.0.2 self
      bridge fdb replace ${M} dev vxlan10 dst 10.0.0.2 self extern_learn dynamic
    `);
    kernel = await open(recorder);
    expect(recorder.notices).toContainEqual({ kind: "device-of-frr", device: "vxlan10", vni: 10 });
    expect(kernel.ports()).toEqual([]);

    sh("bridge fdb flush dev vxlan10 self");
    await recorder.until(() => kernel?.ports().length === 2);
    recorder.clear();
    sh(`ip neigh replace 192.0.2.1 lladdr ${M} dev br10 nud noarp extern_learn protocol zebra`);
    await recorder.until(() => story().includes("segment-down"));
    expect(noticeOf("device-of-frr")).toMatchObject({ device: "vxlan10" });
  });

  it("becomes one when it is brought up, and is none any more when it is brought down", async () => {
    makeSegment({ ports: ["p1"] });
    sh("ip link set vxlan10 down");
    kernel = await open(recorder);
    expect(noticeOf("device-down")).toMatchObject({ device: "vxlan10" });

    sh("ip link set vxlan10 up");
    await recorder.until(() => story().includes("port-up p1"));
    recorder.clear();
    sh("ip link set vxlan10 down");
    await recorder.until(() => story().includes("segment-down"));
    expect(story()).toEqual(["port-down p1", "segment-down"]);
  });
});

describe("Ports", () => {
  beforeEach(async () => {
    makeSegment();
    kernel = await open(recorder);
    recorder.clear();
  });

  it("come and go", async () => {
    addPort(10, "p3");
    await recorder.until(() => story().includes("port-up p3"));
    sh("ip link delete p3");
    await recorder.until(() => story().includes("port-down p3"));
  });

  it("go down and up", async () => {
    sh("ip link set p1h down");
    await recorder.until(() => story().includes("port-down p1"));
    expect(kernel?.ports().find(({ port }) => port === "p1")?.state).toBe("down");
    sh("ip link set p1h up");
    await recorder.until(() => story().includes("port-up p1"));
  });

  it("leave their bridge for another, which has its own VXLAN device", async () => {
    makeSegment({ vni: 20, ports: [] });
    await recorder.until(() => recorder.of("segment-up").some(({ segment }) => segment.vni === 20));
    sh("ip link set p1 master br20");
    await recorder.until(() => recorder.of("port-up").some((o) => o.vni === 20 && o.port === "p1"));
    expect(recorder.of("port-down")).toContainEqual({ kind: "port-down", vni: 10, port: "p1" });
  });

  it("leave their bridge and live on", async () => {
    sh("ip link set p1 nomaster");
    await recorder.until(() => story().includes("port-down p1"));
    expect(kernel?.ports().map(({ port }) => port)).toEqual(["p2"]);
  });

  it("are renamed", async () => {
    sh(`
      ip link set p1 down
      ip link set p1 name swp1
    `);
    await recorder.until(() => story().includes("port-renamed p1 swp1"));
    sh("ip link set swp1 up");
    await recorder.until(() => story().includes("port-up swp1"));
  });

  it("are made again under the same name, and are heard again", async () => {
    const before = ifindexOf("p1");
    sh("ip link delete p1");
    addPort(10, "p1");
    await recorder.until(() => story().includes("port-up p1"));
    expect(ifindexOf("p1")).not.toBe(before);
    hostSpeaks("p1h");
    await recorder.until(() => recorder.of("seen").some((o) => o.mac === M));
  });
});

describe("A MAC-VRF", () => {
  it("is told down and up again when its VXLAN device is made anew, and its rows are re-read", async () => {
    makeSegment({ ports: ["p1"] });
    kernel = await open(recorder);
    recorder.clear();
    sh(`
      ip link delete vxlan10
      ip link add vxlan10 type vxlan id 10 local 10.0.0.7 dstport 4789 nolearning
      ip link set vxlan10 master br10 up
    `);
    await recorder.until(() => recorder.of("segment-up")[0]?.segment.vtep === "10.0.0.7");
    expect(story().slice(0, 2)).toEqual(["port-down p1", "segment-down"]);
    expect(recorder.resyncs).toContain("fdb: VXLAN device appeared");
  });

  it("whose VTEP address is changed is told anew, and not down: its hosts are still there", async () => {
    makeSegment({ ports: ["p1"] });
    kernel = await open(recorder);
    recorder.clear();
    sh("ip link set vxlan10 type vxlan id 10 local 10.0.0.7");
    await recorder.until(() => recorder.of("segment-up").length > 0);
    expect(recorder.of("segment-up")[0]?.segment.vtep).toBe("10.0.0.7");
    expect(story()).toEqual(["segment-up"]);
    expect(recorder.resyncs).toEqual([]);
  });

  it("that comes after its hosts is told with them", async () => {
    sh("ip link add br10 up type bridge");
    addPort(10, "p1");
    kernel = await open(recorder);
    hostSpeaks("p1h");
    sh(
      "ip link add vxlan10 up master br10 type vxlan id 10 local 10.0.0.1 dstport 4789 nolearning",
    );
    await recorder.until(() => recorder.of("seen").some((o) => o.mac === M));
    expect(story().slice(2)).toEqual(["segment-up", "port-up p1", "seen p1"]);
  });

  it("is taken only if it is listed, where there is a list; and ports can be left out", async () => {
    makeSegment({ ports: ["p1", "uplink1"] });
    makeSegment({ vni: 20, ports: ["p2"] });
    const vni = toVni(10);
    const missing = toVni(30);
    const uplinks = parsePortPattern("uplink*");
    if (!vni.ok || !missing.ok || !uplinks.ok) throw new Error("Cannot happen");
    const any = { vxlan: undefined, bridge: undefined, vlan: undefined };
    kernel = await open(recorder, {
      segments: [
        { ...any, vni: vni.value, excludePorts: [uplinks.value] },
        { ...any, vni: missing.value, excludePorts: [] },
      ],
    });
    expect(story()).toEqual(["segment-up", "port-up p1", "told kernel", "told packets"]);
    expect(recorder.notices).toEqual([{ kind: "device-missing", vni: 30, device: undefined }]);
  });
});

describe("Hosts", () => {
  beforeEach(async () => {
    makeSegment();
    kernel = await open(recorder);
    recorder.clear();
  });

  it("that stand where they stood are old evidence when the tables are read again", async () => {
    hostSpeaks("p1h");
    await recorder.until(() => story().includes("seen p1"));
    await kernel?.look();

    const evidence = recorder.of("seen").map((seen) => seen.evidence);
    expect(evidence).toEqual([undefined, "old"]);
  });

  it("are seen when the bridge learns them, and when it learns them on another port", async () => {
    hostSpeaks("p1h");
    await recorder.until(() => story().includes("seen p1"));
    hostSpeaks("p2h");
    await recorder.until(() => story().includes("seen p2"));
    expect(recorder.of("seen")[0]).toEqual({
      kind: "seen",
      vni: 10,
      port: "p1",
      mac: M,
      ip: undefined,
      signal: "data",
    });
    expect(recorder.of("aged-out")).toEqual([]);
  });

  it("are aged out when the bridge forgets them", async () => {
    hostSpeaks("p1h");
    await recorder.until(() => story().includes("seen p1"));
    sh(`bridge fdb del ${M} dev p1 master`);
    await recorder.until(() => story().includes("aged-out p1"));
  });
});

function macOf(device: string): string | undefined {
  return /link\/ether (\S+)/.exec(run("ip", ["-o", "link", "show", "dev", device]))?.[1];
}
