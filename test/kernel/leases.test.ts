/** What DHCP servers say, heard where it comes in; and more frames than are looked at. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Kernel } from "../../src/linux/kernel.ts";
import { ack, dhcpv6, iaAddress, iaNa } from "../wire/dhcp-frames.ts";
import { RA, tagged } from "../wire/frames.ts";
import { dataFrame, gratuitousArp, Host, sendThroughTunnel } from "./frames.ts";
import { clearLinks, makeSegment, requireOwnNamespace, run, sh } from "./namespace.ts";
import { open, Recorder } from "./recorder.ts";

const REPLY = dhcpv6(`07 aabbcc ${iaNa(iaAddress("20010db800000000000000000000000a"))}`);
const LEASE_4 = { vni: 10, mac: "52:54:00:12:34:56", ip: "192.0.2.10", seconds: 3600 };
const LEASE_6 = { ...LEASE_4, ip: "2001:db8::a", seconds: 7200 };
let recorder: Recorder;
let kernel: Kernel;
let now = 0;

beforeAll(requireOwnNamespace);
beforeEach(async () => {
  recorder = new Recorder();
  now = 0;
  sh(`
    ip link set lo up
    ip addr add 10.0.0.1/32 dev lo
    ip addr add 10.0.0.2/32 dev lo
  `);
  makeSegment();
  kernel = await open(recorder, { framesPerSecond: 100, now: () => now });
  recorder.clear();
});
afterEach(async () => {
  await kernel[Symbol.asyncDispose]();
  clearLinks();
  sh(`
    ip addr del 10.0.0.1/32 dev lo
    ip addr del 10.0.0.2/32 dev lo
  `);
});

function hasDhcp(): boolean {
  try {
    const applets = run("busybox", ["--list"]);
    if (applets.includes("udhcpd\n") && applets.includes("udhcpc\n")) return true;
  } catch {
    // It is not there at all.
  }
  console.warn("SKIPPED: DHCP with a real server: no busybox with udhcpd and udhcpc");
  return false;
}

describe("A DHCP server", () => {
  it("behind a port is heard as it answers, once, whoever the answer is for", async () => {
    using server = new Host("p2h");
    server.send(ack());
    server.send(REPLY);
    await recorder.until(() => recorder.of("leased").length === 2);
    expect(recorder.of("leased")).toMatchObject([LEASE_4, LEASE_6]);
  });

  it("behind another leaf is heard on the VXLAN device, where hosts are not", async () => {
    await sendThroughTunnel(gratuitousArp("02:00:00:00:00:0a", "192.0.2.1"));
    await sendThroughTunnel(ack());
    await sendThroughTunnel(REPLY);
    await recorder.until(() => recorder.of("leased").length === 2);
    expect(recorder.of("leased")).toMatchObject([LEASE_4, LEASE_6]);
    expect(recorder.of("seen").filter(({ ip }) => ip !== undefined)).toEqual([]);
  });

  it("is not the only one heard there: C6.8 a router that advertises itself is as well", async () => {
    await sendThroughTunnel(RA);
    await recorder.until(() => recorder.of("router-heard").length > 0);
    const router = { kind: "router-heard", vni: 10, mac: LEASE_4.mac };
    expect(recorder.of("router-heard")).toEqual([router]);
    expect(recorder.of("seen")).toEqual([]);
  });

  it("behind another leaf is heard after the VXLAN device was made anew", async () => {
    sh("ip link delete vxlan10");
    await recorder.until(() => recorder.of("segment-down").length === 1);
    sh(`
      ip link add vxlan10 type vxlan id 10 local 10.0.0.1 dstport 4789 nolearning
      ip link set vxlan10 addrgenmode none master br10 up
    `);
    await recorder.until(() => recorder.of("segment-up").length === 1);
    await sendThroughTunnel(ack());
    await recorder.until(() => recorder.of("leased").length === 1);
  });

  it("in a VLAN says nothing of this network", async () => {
    using server = new Host("p2h");
    server.send(tagged(ack(), "81000014"));
    await recorder.until(() => recorder.notices.length === 1);
    expect(recorder.notices).toMatchObject([{ kind: "frame-ignored", reason: "dhcp-other-vlan" }]);
    expect(recorder.of("leased")).toEqual([]);
  });
});

describe("busybox's DHCP server and client", () => {
  it.skipIf(!hasDhcp())(
    "on two ports of a leaf make a lease, with checksums left to the device",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "roamd-dhcp-"));
      const file = join(folder, "udhcpd.conf");
      writeFileSync(
        file,
        `start 192.0.2.50\nend 192.0.2.50\ninterface p2h\nlease_file ${folder}/leases\noption lease 600\n`,
      );
      writeFileSync(join(folder, "leases"), "");
      sh(`
      ip netns add server
      ip netns add client
      ip link set p2h netns server
      ip link set p1h netns client
      ip -n server addr add 192.0.2.1/24 dev p2h
      ip -n server link set p2h up
      ip -n client link set p1h address 02:00:00:00:00:0a up
    `);
      const inServer = ["netns", "exec", "server", "busybox", "udhcpd", "-f", "-S", file];
      const server = spawn("ip", inServer, { stdio: "ignore" });
      const once = "-n -q -f -t 20 -T 1 -s /bin/true";
      const inClient = `netns exec client busybox udhcpc -i p1h ${once}`.split(" ");
      const client = spawn("ip", inClient, { stdio: "ignore" });
      try {
        await recorder.until(() => recorder.of("leased").length > 0);
        expect(recorder.of("leased")[0]).toMatchObject({
          vni: 10,
          mac: "02:00:00:00:00:0a",
          ip: "192.0.2.50",
          seconds: 600,
        });
      } finally {
        client.kill();
        server.kill();
        sh(`
        ip netns del server
        ip netns del client
      `);
        rmSync(folder, { recursive: true });
      }
    },
  );
});

describe("A port from which more frames come than are looked at", () => {
  it("C9.14 is told once per burst, its frames are counted, and other ports are heard", async () => {
    using flooder = new Host("p1h");
    using other = new Host("p2h");
    const frame = gratuitousArp("02:00:00:00:00:0a", "192.0.2.1");
    const floods = (): number => recorder.notices.filter((n) => n.kind === "port-flooded").length;
    const ignored = (): number =>
      kernel
        .ports()
        .find((p) => p.port === "p1")
        ?.ignored.get("rate") ?? 0;
    for (let i = 0; i < 300; i++) flooder.send(frame);
    await recorder.until(() => ignored() === 200);
    expect(floods()).toBe(1);
    other.send(gratuitousArp("02:00:00:00:00:0b", "192.0.2.2"));
    await recorder.until(() => recorder.of("seen").some(({ ip }) => ip === "192.0.2.2"));
    // Half of what may be is there again: it is the same burst.
    now = 500;
    for (let i = 0; i < 60; i++) flooder.send(frame);
    await recorder.until(() => ignored() === 210);
    expect(floods()).toBe(1);
    now = 2000;
    for (let i = 0; i < 101; i++) flooder.send(frame);
    await recorder.until(() => ignored() === 211);
    expect(floods()).toBe(2);
    const told = (): number =>
      recorder.notices.reduce((sum, n) => sum + (n.kind === "frames-over-limit" ? n.frames : 0), 0);
    await recorder.until(() => told() === 211);
  });

  it("may send as much data as it likes", async () => {
    using host = new Host("p1h");
    for (let i = 0; i < 1000; i++) host.send(dataFrame("02:00:00:00:00:0a"));
    host.send(gratuitousArp("02:00:00:00:00:0a", "192.0.2.1"));
    await recorder.until(() => recorder.of("seen").some(({ ip }) => ip === "192.0.2.1"));
    expect(recorder.notices).toEqual([]);
  });
});
