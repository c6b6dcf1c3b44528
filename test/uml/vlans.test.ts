/**
 * A bridge that filters VLANs (`vlan_filtering 1`): each VLAN with a VNI is a MAC-VRF of its own, which
 * knows nothing of the others, also of the same MAC. With one VXLAN device per VNI, and with one for all.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { portName } from "../../src/evpn/port.ts";
import { type FdbRow, fdbKey, floodKey, neighbourKey } from "../../src/evpn/rows.ts";
import type { Kernel } from "../../src/linux/kernel.ts";
import { tagged } from "../../src/wire/ethernet.ts";
import { dataFrame, gratuitousArp, Host } from "../kernel/frames.ts";
import { clearLinks, requireOwnNamespace, run, sh } from "../kernel/namespace.ts";
import { open, Recorder } from "../kernel/recorder.ts";
import { makeVlanBridge, type Tunnels, vniOf } from "./vlan-bridge.ts";

const M = "02:00:00:00:00:0a" as MacAddress;
const IP = "192.0.2.1" as IpAddress;
const signal = new AbortController().signal;

let recorder: Recorder;
let kernel: Kernel;

async function restart(): Promise<void> {
  await kernel?.[Symbol.asyncDispose]();
  recorder = new Recorder();
  kernel = await open(recorder);
}

/** What has been seen, each once: VNI, port, MAC, IP. */
function seen(): string[] {
  const all = recorder.of("seen").map(({ vni, port, mac, ip }) => `${vni} ${port} ${mac} ${ip}`);
  return [...new Set(all)].sort();
}

function fdb(): string[] {
  return run("bridge", ["fdb", "show"])
    .split("\n")
    .filter((line) => line.startsWith(M))
    .map((line) => line.slice(M.length + 1).trim())
    .sort();
}

function byVni<Row extends { readonly vni: number }>(rows: ReadonlyMap<string, Row>): Row[] {
  return [...rows.values()].sort((a, b) => a.vni - b.vni);
}

beforeAll(requireOwnNamespace);
afterEach(async () => {
  await kernel?.[Symbol.asyncDispose]();
  clearLinks();
});

for (const tunnels of ["one-per-vni", "shared"] satisfies Tunnels[]) {
  const device = (vlan: number): string => (tunnels === "shared" ? "vxlan0" : `vxlan${vlan}`);

  describe(`VLANs of a bridge, VXLAN devices: ${tunnels}`, () => {
    beforeEach(async () => {
      makeVlanBridge(tunnels);
      await restart();
    });

    it("are MAC-VRFs, each with the ports that are in it", () => {
      const segments = recorder.of("segment-up").map(({ segment }) => segment);
      expect(segments).toMatchObject(
        [10, 20].map((vlan) => ({
          vni: vniOf(vlan),
          vlan,
          bridge: "br0",
          vxlan: device(vlan),
          vtep: "10.0.0.1",
        })),
      );
      const ports = kernel.ports().map(({ vni, port }) => `${vni} ${port}`);
      expect(ports.sort()).toEqual(["10010 p10", "10010 trunk", "10020 p20", "10020 trunk"]);
      expect(recorder.notices).toEqual([]);
    });

    it("each see the same MAC at a place of its own, by data and by ARP, tagged or not", async () => {
      using one = new Host("p10h");
      using other = new Host("p20h");
      using trunk = new Host("trunkh");
      one.send(dataFrame(M));
      await recorder.until(() => seen().length === 1);
      other.send(gratuitousArp(M, IP));
      await recorder.until(() => seen().includes(`10020 p20 ${M} ${IP}`));
      expect(seen()).toEqual([
        `10010 p10 ${M} undefined`,
        `10020 p20 ${M} ${IP}`,
        `10020 p20 ${M} undefined`,
      ]);
      recorder.clear();
      trunk.send(tagged(gratuitousArp(M, IP), 10));
      await recorder.until(() => seen().length === 2);
      expect(seen()).toEqual([`10010 trunk ${M} ${IP}`, `10010 trunk ${M} undefined`]);
    });

    it("hear nothing of other VLANs, which is counted", async () => {
      using trunk = new Host("trunkh");
      trunk.send(gratuitousArp(M, IP));
      trunk.send(tagged(gratuitousArp(M, IP), 30));
      const ignored = () => recorder.notices.filter(({ kind }) => kind === "frame-ignored");
      await recorder.until(() => ignored().length === 2);
      expect(ignored()).toMatchObject([{ reason: "other-vlan" }, { reason: "other-vlan" }]);
      expect(seen()).toEqual([]);
    });

    it("have remote MACs of their own, which a new process knows", async () => {
      const rows = [10, 20].map(
        (vlan): FdbRow => ({
          vni: vniOf(vlan),
          mac: M,
          vtep: `10.0.0.${vlan}` as IpAddress,
          pinned: vlan === 20,
        }),
      );
      const puts = rows.map((row) => ({ kind: "put", key: fdbKey(row), row }) as const);
      expect(await kernel.drivers.fdb.write(puts, signal)).toEqual([]);
      const of = tunnels === "shared" ? [" src_vni 10010", " src_vni 10020"] : ["", ""];
      const standing = [
        `dev ${device(10)} dst 10.0.0.10${of[0]} self extern_learn static`,
        `dev ${device(20)} dst 10.0.0.20${of[1]} self extern_learn static`,
        `dev ${device(10)} vlan 10 extern_learn master br0`,
        `dev ${device(20)} vlan 20 extern_learn sticky master br0 static`,
      ];
      expect(fdb()).toEqual(standing.sort());
      await restart();
      expect(byVni(await kernel.drivers.fdb.list(signal))).toEqual(rows);
      const [first] = rows as [FdbRow];
      const remove = { kind: "remove", key: fdbKey(first), row: first } as const;
      expect(await kernel.drivers.fdb.write([remove], signal)).toEqual([]);
      expect(fdb()).toEqual(
        standing.filter((line) => !line.includes(".10") && !line.includes("vlan 10")),
      );
      sh(`bridge fdb del ${M} dev ${device(20)} vlan 20 master`);
      const halves = () => recorder.echoes.filter(({ table, row }) => table === "fdb" && row);
      await recorder.until(() => halves().length > 0);
      expect(halves()).toMatchObject([
        { key: fdbKey(rows[1] as FdbRow), row: { vtep: "10.0.0.1" } },
      ]);
    });

    it("take a remote MAC that comes to a port of theirs, and not one of another VLAN", async () => {
      const row = { vni: vniOf(10), mac: M, vtep: "10.0.0.2" as IpAddress, pinned: false };
      await kernel.drivers.fdb.write([{ kind: "put", key: fdbKey(row), row }], signal);
      using other = new Host("p20h");
      using one = new Host("p10h");
      other.send(dataFrame(M));
      await recorder.until(() => seen().length === 1);
      expect(recorder.echoes).toEqual([]);
      one.send(dataFrame(M));
      await recorder.until(() => seen().length === 2);
      expect(recorder.echoes).toMatchObject([{ key: fdbKey(row), row: { vtep: "10.0.0.1" } }]);
    });

    it("have flood lists of their own", async () => {
      const rows = [10, 20].map((vlan) => ({
        vni: vniOf(vlan),
        vtep: `10.0.0.${vlan}` as IpAddress,
      }));
      const puts = rows.map((row) => ({ kind: "put", key: floodKey(row), row }) as const);
      expect(await kernel.drivers.flood.write(puts, signal)).toEqual([]);
      await restart();
      const listed = await kernel.drivers.flood.list(signal);
      expect(byVni(listed)).toEqual(rows);
      const remove = puts.slice(0, 1).map((put) => ({ ...put, kind: "remove" }) as const);
      expect(await kernel.drivers.flood.write(remove, signal)).toEqual([]);
      expect([...(await kernel.drivers.flood.list(signal)).values()]).toEqual(rows.slice(1));
      sh(
        `bridge fdb del 00:00:00:00:00:00 dev ${device(20)} dst 10.0.0.20 ${tunnels === "shared" ? "src_vni 10020" : ""} self`,
      );
      await recorder.until(() =>
        recorder.echoes.some(({ table, row }) => table === "flood" && !row),
      );
    });

    it("ask a host with the tag that its port has for them, and teach the bridge where it is", async () => {
      sh("ip link add trunkh.10 link trunkh up type vlan id 10");
      using one = new Host("p10h");
      using trunk = new Host("trunkh.10");
      const host = { vni: vniOf(10), mac: M, ip: IP };
      for (const port of ["p10", "trunk"]) {
        expect(kernel.ask({ ...host, port: portName(port) })).toEqual({
          ok: true,
          value: undefined,
        });
      }
      await poll("the question without a tag", () => hasArp(one));
      await poll("the question in its VLAN", () => hasArp(trunk));
      expect(await kernel.teach([{ vni: vniOf(20), mac: M, port: portName("trunk") }])).toEqual([]);
      expect(fdb()).toEqual(["dev trunk vlan 20 master br0"]);
    });

    it("have neighbours on the bridge's interface in them, where there is one", async () => {
      const row = { vni: vniOf(10), ip: IP, mac: M };
      const put = { kind: "put", key: neighbourKey(row), row } as const;
      expect(await kernel.drivers.neighbour.write([put], signal)).toEqual([]);
      expect((await kernel.drivers.neighbour.list(signal)).size).toBe(0);
      sh(`
        bridge vlan add dev br0 vid 10 self
        ip link add br0.10 link br0 up type vlan id 10
      `);
      await recorder.until(() => recorder.resyncs.some((each) => each.startsWith("neighbour: ")));
      expect(await kernel.drivers.neighbour.write([put], signal)).toEqual([]);
      expect(run("ip", ["neigh", "show", "dev", "br0.10"])).toContain(`${IP} lladdr ${M}`);
      expect([...(await kernel.drivers.neighbour.list(signal)).values()]).toEqual([row]);
      sh(`ip neigh del ${IP} dev br0.10`);
      await recorder.until(() =>
        recorder.echoes.some(({ table, row }) => table === "neighbour" && !row),
      );
      expect(recorder.of("segment-down")).toEqual([]);
    });

    it("lose and gain ports as VLANs are taken from them and given to them", async () => {
      recorder.clear();
      sh(`
        bridge vlan del dev trunk vid 10
        bridge vlan add dev p10 vid 20
      `);
      await recorder.until(() => recorder.of("port-up").length === 1);
      expect(recorder.of("port-down")).toMatchObject([{ vni: vniOf(10), port: "trunk" }]);
      expect(recorder.of("port-up")).toMatchObject([{ vni: vniOf(20), port: "p10" }]);
      using other = new Host("p10h");
      other.send(tagged(gratuitousArp(M, IP), 20));
      await recorder.until(() => seen().includes(`10020 p10 ${M} ${IP}`));
    });
  });
}

/** Whether ARP has come in: without a tag, or with the one of the interface. */
function hasArp(host: Host): boolean {
  for (let frame = host.receive(); frame !== undefined; frame = host.receive()) {
    if (frame[12] === 0x08 && frame[13] === 0x06) return true;
  }
  return false;
}

describe("A bridge", () => {
  it("that begins to filter VLANs has its rows in the VLAN from then on, and back", async () => {
    sh(`
      ip link add br0 up type bridge
      ip link add vxlan10 up master br0 type vxlan id 10010 local 10.0.0.1 dstport 4789 nolearning
    `);
    await restart();
    expect(recorder.of("segment-up")[0]?.segment.vlan).toBeUndefined();
    recorder.clear();
    sh("ip link set br0 type bridge vlan_filtering 1");
    await recorder.until(() => recorder.of("segment-up").length === 1);
    expect(recorder.of("segment-up")[0]?.segment.vlan).toBe(1);
    recorder.clear();
    sh("bridge vlan del dev vxlan10 vid 1");
    await recorder.until(() => recorder.notices.length > 0);
    expect(recorder.notices).toEqual([
      { kind: "vxlan-port-without-vlan", device: "vxlan10", vni: vniOf(10) },
    ]);
    sh("ip link set br0 type bridge vlan_filtering 0");
    await recorder.until(() => recorder.of("segment-up").length === 1);
    expect(recorder.of("segment-up")[0]?.segment.vlan).toBeUndefined();
  });
});
