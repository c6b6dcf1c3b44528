/** Frames heard on ports, and sent by them. */
import { readFileSync } from "node:fs";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { portName } from "../../src/evpn/port.ts";
import type { Vni } from "../../src/evpn/vni.ts";
import { Frames } from "../../src/linux/frames.ts";
import type { Kernel } from "../../src/linux/kernel.ts";
import { HOST_SIGNS } from "../../src/linux/packet-filter.ts";
import { listenOnInterface, openPacketSocket } from "../../src/linux/socket.ts";
import { dataFrame, gratuitousArp, Host, ipv6Frame } from "./frames.ts";
import {
  clearLinks,
  fdbOf,
  ifindexOf,
  makeSegment,
  requireOwnNamespace,
  run,
  sh,
} from "./namespace.ts";
import { open, Recorder } from "./recorder.ts";

const M = "02:00:00:00:00:0a";
let recorder: Recorder;
let kernel: Kernel;

beforeAll(requireOwnNamespace);
beforeEach(async () => {
  recorder = new Recorder();
  makeSegment();
  kernel = await open(recorder);
  recorder.clear();
});
afterEach(async () => {
  await kernel[Symbol.asyncDispose]();
  clearLinks();
});

/** What was seen by frames, not by the bridge's learning. */
function heard(): string[] {
  return recorder
    .of("seen")
    .filter(({ signal }) => signal !== "data")
    .map(({ port, mac, ip, signal }) => `${port} ${mac} ${ip} ${signal}`);
}

function portStatus(name: string): ReturnType<Kernel["ports"]>[number] | undefined {
  return kernel.ports().find(({ port }) => port === name);
}

/** There root may not go over `net.core.rmem_max`. */
function isInUserNamespace(): boolean {
  return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync("/proc/self/uid_map", "utf8"));
}

/** The kernels of both ends of a wire report their multicast groups by it, whenever they like. */
function nextArp(host: Host): Uint8Array | undefined {
  for (;;) {
    const frame = host.receive();
    if (frame === undefined || (frame[12] === 0x08 && frame[13] === 0x06)) return frame;
  }
}

it("Of a burst after quiet a few are told before the event loop has its turn, then more at once, all in the end", async () => {
  using host = new Host("p1h");
  const socket = openPacketSocket();
  listenOnInterface(socket, { ifindex: ifindexOf("p1"), filter: HOST_SIGNS });
  const { slab, slotSize, meta } = new Frames();
  const batches: number[] = [];
  let beforeTurn: readonly number[] = [];
  const received = (count: number): void => {
    if (batches.push(count) === 1) setImmediate(() => (beforeTurn = [...batches]));
  };
  expect(socket.start(slab, slotSize, meta, received, 2)).toBe(0);
  for (let number = 0; number < 150; number++) host.send(gratuitousArp(M, "192.0.2.1"));
  await vi.waitUntil(() => batches.reduce((a, b) => a + b, 0) >= 150);
  expect(beforeTurn).toEqual([4]);
  expect(Math.max(...batches)).toBeGreaterThan(4);
  socket.close();
});

it("What comes to a socket that rests is read later, or when it is asked for", async () => {
  using host = new Host("p1h");
  const socket = openPacketSocket();
  listenOnInterface(socket, { ifindex: ifindexOf("p1"), filter: HOST_SIGNS });
  const { slab, slotSize, meta } = new Frames();
  let frames = 0;
  const received = (count: number): void => {
    frames += count;
  };
  expect(socket.start(slab, slotSize, meta, received, 2)).toBe(0);
  socket.pause();
  host.send(gratuitousArp(M, "192.0.2.1"));
  // The kernel source has a socket of its own there.
  await recorder.until(() => heard().length > 0);
  // And after it every other that is listened to has had its turn.
  for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
  expect(frames).toBe(0);
  socket.receiveNow();
  expect(frames).toBe(1);
  host.send(gratuitousArp(M, "192.0.2.2"));
  socket.resume();
  await vi.waitUntil(() => frames === 2);
  socket.close();
  socket.pause();
  socket.resume();
});

describe("In a rest", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  /** What the kernel has told by now has been read. */
  async function turns(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  }

  /** The bridge has learned it, or has not, and has told so. */
  async function learned(mac: string, isLearned: boolean): Promise<void> {
    while (fdbOf(mac).some((entry) => entry.includes("p1")) !== isLearned) await turns();
    await turns();
  }

  const all = (): string[] => recorder.of("seen").map(({ mac, signal }) => `${mac} ${signal}`);

  it("what hosts say waits, and what bridges learn; then frames are told first", async () => {
    using host = new Host("p1h");
    kernel.rest();
    host.send(gratuitousArp(M, "192.0.2.1"));
    await learned(M, true);
    expect(all()).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(all()).toEqual([`${M} gratuitous-arp`, `${M} data`]);
    host.send(gratuitousArp(M, "192.0.2.2"));
    while (all().length < 3) await turns();
  });

  it("C1.13 all of it is told before a route is, and it goes on", async () => {
    using host = new Host("p1h");
    kernel.rest();
    host.send(gratuitousArp(M, "192.0.2.1"));
    await learned(M, true);
    kernel.hear();
    expect(all()).toEqual([`${M} gratuitous-arp`, `${M} data`]);
    host.send(gratuitousArp(M, "192.0.2.2"));
    await turns();
    expect(all()).toHaveLength(2);
    vi.advanceTimersByTime(10);
    expect(all()).toHaveLength(3);
  });

  it("who was learned and has gone again is not told", async () => {
    using host = new Host("p1h");
    kernel.rest();
    host.send(dataFrame(M));
    await learned(M, true);
    sh(`bridge fdb del ${M} dev p1 master`);
    await learned(M, false);
    vi.advanceTimersByTime(10);
    expect(all()).toEqual([]);
  });
});

describe("A frame on a port", () => {
  it("that says which address its host holds is told", async () => {
    using host = new Host("p1h");
    host.send(gratuitousArp(M, "192.0.2.1"));
    await recorder.until(() => heard().includes(`p1 ${M} 192.0.2.1 gratuitous-arp`));
    expect(portStatus("p1")).toMatchObject({ state: "up", frames: 1 });
  });

  it.skipIf(isInUserNamespace())(
    "is not lost though 15,000 come while nothing is read",
    async () => {
      using host = new Host("p1h");
      const frame = gratuitousArp(M, "192.0.2.1");
      for (let number = 0; number < 15_000; number++) host.send(frame);
      await vi.waitUntil(() => (portStatus("p1")?.frames ?? 0) >= 15_000, 10_000);
    },
  );

  it("that was lost is told of, and counted: it came faster than frames could be heard", async () => {
    using host = new Host("p1h");
    const frame = gratuitousArp(M, "192.0.2.1");
    const lost = (): number =>
      recorder.notices.reduce((sum, n) => sum + (n.kind === "frames-lost" ? n.frames : 0), 0);
    for (let number = 0; number < 40_000; number++) host.send(frame);
    await vi.waitUntil(() => (portStatus("p1")?.frames ?? 0) >= 40_000, 10_000);
    expect(portStatus("p1")?.frames).toBe(40_000);
    expect(portStatus("p1")?.ignored.get("no-room")).toBeGreaterThan(0);
    await recorder.until(() => lost() === portStatus("p1")?.ignored.get("no-room"));
  });

  it("that has come is told before anything else is listened to, if need be", () => {
    using host = new Host("p1h");
    for (let number = 1; number <= 3; number++) {
      host.send(gratuitousArp(M, `192.0.2.${number}`));
      kernel.hear();
      expect(heard()).toHaveLength(number);
    }
    for (let number = 4; number <= 20; number++) host.send(gratuitousArp(M, `192.0.2.${number}`));
    kernel.hear();
    expect(heard()).toHaveLength(20);
  });

  it("that is an answer to somebody is told as well, although the bridge forwards it", async () => {
    using one = new Host("p1h");
    using other = new Host("p2h");
    other.send(gratuitousArp("02:00:00:00:00:0b", "192.0.2.2"));
    await recorder.until(() => heard().length === 1);
    one.send(gratuitousArp(M, "192.0.2.1"));
    await recorder.until(() => heard().length === 2);
    // What the bridge sends out by the other port is not heard there.
    expect(heard().filter((line) => line.startsWith("p2 "))).toHaveLength(1);
  });

  it("with a VLAN tag proves the MAC, not an IP of this network", async () => {
    using host = new Host("p1h");
    const frame = gratuitousArp(M, "192.0.2.1");
    host.send(
      Uint8Array.from([...frame.subarray(0, 12), 0x81, 0x00, 0x00, 0x14, ...frame.subarray(12)]),
    );
    await recorder.until(() => heard().includes(`p1 ${M} undefined gratuitous-arp`));
  });

  it("that makes no sense is counted by its reason", async () => {
    using host = new Host("p1h");
    const lying = gratuitousArp(M, "192.0.2.1");
    lying[22] = 0x04; // The sender's MAC in the body.
    host.send(lying);
    const reason = "arp-sender-mismatch";
    await recorder.until(() => recorder.notices.length > 0);
    expect(recorder.notices).toEqual([{ kind: "frame-ignored", vni: 10, port: "p1", reason }]);
    expect(portStatus("p1")?.ignored).toEqual(new Map([[reason, 1]]));
    expect(heard()).toEqual([]);
  });

  it("C7.16 from an address of the leaf's own is ignored", async () => {
    const own = recorder.of("segment-up");
    expect(own).toEqual([]);
    using host = new Host("p1h");
    const bridge = /link\/ether (\S+)/.exec(run("ip", ["-o", "link", "show", "dev", "br10"]))?.[1];
    host.send(gratuitousArp(bridge ?? "", "192.0.2.1"));
    await recorder.until(() => recorder.notices.length > 0);
    expect(recorder.notices).toMatchObject([{ kind: "frame-ignored", reason: "own-mac" }]);
    expect(heard()).toEqual([]);
  });

  it("of data, or with two VLAN tags, is not heard at all", async () => {
    using host = new Host("p1h");
    const frame = gratuitousArp(M, "192.0.2.1");
    const tags = [0x88, 0xa8, 0x00, 0x14, 0x81, 0x00, 0x00, 0x14];
    host.send(Uint8Array.from([...frame.subarray(0, 12), ...tags, ...frame.subarray(12)]));
    // An echo request is ICMPv6, too; MLD reports are 143.
    for (const type of [128, 132, 137, 143]) host.send(ipv6Frame(M, type));
    host.send(ipv6Frame(M, 135));
    await recorder.until(() => recorder.notices.length > 0);
    expect(portStatus("p1")?.frames).toBe(1);
  });
});

/** Packet sockets at an interface; the fifth word of a line is its index. */
function socketsAt(ifindex: number): number {
  const lines = readFileSync("/proc/thread-self/net/packet", "utf8").split("\n");
  return lines.filter((line) => line.trim().split(/\s+/)[4] === String(ifindex)).length;
}

describe("A port", () => {
  it("that leaves the bridge is heard no more, and its socket is closed", async () => {
    const ifindex = ifindexOf("p1");
    expect(socketsAt(ifindex)).toBe(1);
    sh("ip link set p1 nomaster");
    await vi.waitFor(() => expect(socketsAt(ifindex)).toBe(0));
    expect(kernel.ports().map(({ port }) => port)).not.toContain("p1");
  });

  it("that went down and up is still heard, without being opened anew", async () => {
    using host = new Host("p1h");
    for (let round = 1; round <= 3; round++) {
      sh("ip link set p1 down");
      await recorder.until(() => recorder.of("port-down").length === round);
      sh("ip link set p1 up");
      await recorder.until(() => recorder.of("port-up").length === round);
      host.send(gratuitousArp(M, `192.0.2.${round}`));
      await recorder.until(() => heard().includes(`p1 ${M} 192.0.2.${round} gratuitous-arp`));
    }
    expect(portStatus("p1")?.frames).toBe(3);
  });

  it("that left its bridge is not heard any more", async () => {
    using host = new Host("p1h");
    sh("ip link set p1 nomaster");
    await recorder.until(() => recorder.of("port-down").length === 1);
    host.send(gratuitousArp(M, "192.0.2.1"));
    using other = new Host("p2h");
    other.send(gratuitousArp("02:00:00:00:00:0b", "192.0.2.2"));
    await recorder.until(() => heard().length > 0);
    expect(heard()).toEqual(["p2 02:00:00:00:00:0b 192.0.2.2 gratuitous-arp"]);
  });

  it("that is renamed is told by its new name", async () => {
    using host = new Host("p1h");
    sh(`
      ip link set p1 down
      ip link set p1 name swp1
      ip link set swp1 up
    `);
    await recorder.until(() => recorder.of("port-renamed").length > 0);
    host.send(gratuitousArp(M, "192.0.2.1"));
    await recorder.until(() => heard().includes(`swp1 ${M} 192.0.2.1 gratuitous-arp`));
  });

  it("asks the host behind it, and nobody else", async () => {
    using one = new Host("p1h");
    using other = new Host("p2h");
    const vni = 10 as Vni;
    const mac = M as MacAddress;
    const asked = { vni, port: portName("p1"), mac, ip: "192.0.2.9" as IpAddress };
    expect(kernel.ask(asked).ok).toBe(true);
    const frame = nextArp(one);
    expect(frame?.subarray(0, 6)).toEqual(Uint8Array.of(2, 0, 0, 0, 0, 10));
    expect(frame?.subarray(28, 32)).toEqual(Uint8Array.of(192, 0, 0, 8));
    expect(frame?.subarray(38, 42)).toEqual(Uint8Array.of(192, 0, 2, 9));
    expect(nextArp(other)).toBeUndefined();
    expect(kernel.ask({ ...asked, port: portName("p9") })).toEqual({
      ok: false,
      error: "Cannot ask on p9: it is no port of vni 10",
    });
    sh("ip link set p1 down");
    expect(kernel.ask(asked)).toEqual({ ok: false, error: "Cannot send on p1: ENETDOWN" });
  });

  it("is answered by a Linux host, by IPv4 and IPv6, whether the leaf has an address or not", async () => {
    sh(`
      ip netns add guest
      ip link add p3 type veth peer name p3h
      ip link set p3 master br10 up
      ip link set p3h netns guest
      ip -n guest link set p3h address 02:00:00:00:00:33 up
      ip -n guest addr add 192.0.2.33/24 dev p3h
      ip -n guest addr add 2001:db8::33/64 dev p3h nodad
    `);
    const vni = 10 as Vni;
    const mac = "02:00:00:00:00:33" as MacAddress;
    await recorder.until(() => recorder.of("port-up").some(({ port }) => port === "p3"));
    for (const [address, signal] of [
      ["192.0.2.33", "answer"],
      ["2001:db8::33", "answer"],
    ] as const) {
      const ip = address as IpAddress;
      await recorder.until(() => kernel.ask({ vni, port: portName("p3"), mac, ip }).ok);
      await recorder.until(() => heard().includes(`p3 ${mac} ${address} ${signal}`));
    }
    sh("ip netns del guest");
  });

  it("is where the bridge is taught that a host is, as if it had sent a frame", async () => {
    const mac = M as MacAddress;
    const vni = 10 as Vni;
    const lesson = { vni, mac, port: portName("p1") };
    expect(await kernel.teach([lesson])).toEqual([]);
    expect(run("bridge", ["fdb", "show", "br", "br10"])).toMatch(
      new RegExp(`${M} dev p1 master br10 *$`, "m"),
    );
    using other = new Host("p2h");
    other.send(gratuitousArp(M, "192.0.2.1"));
    await recorder.until(() => heard().length === 1);
    expect(run("bridge", ["fdb", "show", "br", "br10"])).toMatch(new RegExp(`${M} dev p2 master`));
    const gone = { ...lesson, port: portName("p9") };
    expect(await kernel.teach([gone, lesson])).toEqual([
      { lesson: gone, reason: `Cannot teach ${M} on p9: it is no port any more` },
    ]);
    expect(run("bridge", ["fdb", "show", "br", "br10"])).toMatch(new RegExp(`${M} dev p1 master`));
  });
});
