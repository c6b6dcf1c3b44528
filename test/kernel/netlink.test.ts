/** Netlink under pressure: more news than the buffer holds, more errors than the buffer holds. */
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { fdbKey, neighbourKey } from "../../src/evpn/rows.ts";
import type { Vni } from "../../src/evpn/vni.ts";
import { RowDumps } from "../../src/linux/dumps.ts";
import type { Kernel } from "../../src/linux/kernel.ts";
import { Errno } from "../../src/linux/linux-error.ts";
import { echoFilter, NetlinkMonitor } from "../../src/linux/monitor.ts";
import { META_PER_DATAGRAM } from "../../src/linux/native.ts";
import { NetlinkClient } from "../../src/linux/netlink-client.ts";
import { NetlinkConversation, NetlinkDump } from "../../src/linux/netlink-conversation.ts";
import { openRouteSocket, RouteGroup } from "../../src/linux/socket.ts";
import { MessageWriter } from "../../src/wire/netlink.ts";
import { writeLinkDump } from "../../src/wire/netlink-link.ts";
import {
  NeighbourFlag,
  type NeighbourRequest,
  writeNeighbour,
  writeNeighbourDump,
} from "../../src/wire/netlink-neighbour.ts";
import { dataFrame, Host } from "./frames.ts";
import { clearLinks, ifindexOf, makeSegment, requireOwnNamespace, sh } from "./namespace.ts";
import { open, Recorder } from "./recorder.ts";

beforeAll(requireOwnNamespace);
afterEach(clearLinks);

function macOf(i: number): string {
  const bytes = [i >> 8, i & 0xff].map((byte) => byte.toString(16).padStart(2, "0"));
  return `02:00:00:01:${bytes.join(":")}`;
}

describe("After an overrun", () => {
  let recorder: Recorder;
  let kernel: Kernel;

  beforeEach(async () => {
    makeSegment();
    recorder = new Recorder();
    kernel = await open(recorder, { receiveBuffer: 4096 });
    recorder.clear();
  });
  afterEach(async () => {
    await kernel[Symbol.asyncDispose]();
  });

  /** Hosts come up while nobody reads what the kernel tells: all in one turn of the event loop. */
  function burst(count: number): void {
    using host = new Host("p1h");
    for (let i = 0; i < count; i++) host.send(dataFrame(macOf(i)));
  }

  it("everything is read again, and every table of ours", async () => {
    burst(500);
    await recorder.until(() => new Set(recorder.of("seen").map(({ mac }) => mac)).size === 500);
    expect(recorder.notices).toContainEqual({ kind: "netlink-overrun" });
    for (const table of ["fdb", "flood", "neighbour"]) {
      await recorder.until(() => recorder.resyncs.includes(`${table}: netlink overrun`));
    }
  });

  it("news is heard as before, again and again", async () => {
    const macs = (kind: "seen" | "aged-out"): number =>
      new Set(recorder.of(kind).map(({ mac }) => mac)).size;
    for (let round = 0; round < 3; round++) {
      recorder.clear();
      burst(500);
      await recorder.until(() => macs("seen") === 500);
      sh("ip link set p1 type bridge_slave fdb_flush");
      await recorder.until(() => macs("aged-out") === 500);
      expect(recorder.notices).toContainEqual({ kind: "netlink-overrun" });
    }
    using host = new Host("p2h");
    host.send(dataFrame("02:00:00:00:00:0a"));
    await recorder.until(() => recorder.of("seen").some(({ port }) => port === "p2"));
  });

  it("what is dropped before all that waited was read is not missed either", async () => {
    burst(500);
    // In the same turn in which the overrun is told, when the kernel does not tell a second one.
    await recorder.until(() => recorder.notices.length > 0);
    sh("ip link set p1 type bridge_slave fdb_flush");
    using host = new Host("p2h");
    host.send(dataFrame(macOf(0)));
    await recorder.until(() => recorder.of("seen").some(({ port }) => port === "p2"));
    await recorder.until(() => {
      const seen = new Set(recorder.of("seen").map(({ mac }) => mac));
      const aged = new Set(recorder.of("aged-out").map(({ mac }) => mac));
      seen.delete(macOf(0) as MacAddress);
      return [...seen].every((mac) => aged.has(mac));
    });
  });

  it("what went meanwhile is told to be gone", async () => {
    const mac = "02:00:00:00:00:0a";
    using host = new Host("p2h");
    host.send(dataFrame(mac));
    await recorder.until(() => recorder.of("seen").length === 1);
    burst(500);
    sh(`bridge fdb del ${mac} dev p2 master`);
    await recorder.until(() => recorder.of("aged-out").some((o) => o.mac === mac));
    expect(recorder.notices).toContainEqual({ kind: "netlink-overrun" });
  });

  it("a port that came meanwhile is found", async () => {
    burst(500);
    sh(`
      ip link add p3 type veth peer name p3h
      ip link set p3h up
      ip link set p3 master br10 up
    `);
    await recorder.until(() => recorder.of("port-up").some(({ port }) => port === "p3"));
    expect(recorder.notices).toContainEqual({ kind: "netlink-overrun" });
  });
});

describe("The monitor", () => {
  it("is spared the echo of what we put, and hears what others put, and what is gone", async () => {
    makeSegment();
    const heard: string[] = [];
    let resolve = (): void => {};
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    using monitor = new NetlinkMonitor({
      link: () => {},
      neighbour: ({ mac, dst, gone }) => {
        // Of a neighbour in its last moment the kernel does not tell the MAC.
        if (mac === undefined && gone) heard.push(`-${dst}`);
        if (mac?.startsWith("02:00:00:00:00:") !== true) return;
        heard.push(`${gone ? "-" : "+"}${mac.slice(-2)}`);
        if (heard.at(-1) === "+ff") resolve();
      },
      ignored: (reason) => heard.push(reason),
      settled: () => {},
      overrun: () => heard.push("overrun"),
    });
    monitor.leaveOutEchoes([ifindexOf("vxlan10"), ifindexOf("p2")]);
    const kernel = await open(new Recorder());
    const row = {
      vni: 10 as Vni,
      mac: "02:00:00:00:00:0a" as MacAddress,
      vtep: "10.0.0.2" as IpAddress,
    };
    for (const pinned of [false, true, false]) {
      const change = { kind: "put", key: fdbKey(row), row: { ...row, pinned } } as const;
      await kernel.drivers.fdb.write([change], new AbortController().signal);
    }
    for (const ip of ["10.0.0.9", "2001:db8::9"] as IpAddress[]) {
      const neighbour = { vni: row.vni, ip, mac: "02:00:00:00:00:0e" as MacAddress };
      const change = { kind: "put", key: neighbourKey(neighbour), row: neighbour } as const;
      await kernel.drivers.neighbour.write([change], new AbortController().signal);
    }
    // Nobody but us has put anything, and all that the kernel has to tell of it is here.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(heard.filter((each) => each.startsWith("+0"))).toEqual([]);
    heard.length = 0;
    sh(`
      ip neigh del 10.0.0.9 dev br10
      ip neigh replace 2001:db8::9 lladdr 02:00:00:00:00:0f dev br10 nud noarp
      ip neigh replace 10.0.0.10 lladdr 02:00:00:00:00:1a dev br10 nud noarp extern_learn
      ip neigh replace 10.0.0.11 lladdr 02:00:00:00:00:1b dev br10 nud noarp extern_learn protocol zebra
      bridge fdb del 02:00:00:00:00:0a dev vxlan10 master
      bridge fdb del 02:00:00:00:00:0a dev vxlan10 self
      bridge fdb replace 02:00:00:00:00:0b dev vxlan10 dst 10.0.0.2 self extern_learn dynamic
      bridge fdb replace 02:00:00:00:00:0c dev p1 master extern_learn
      bridge fdb replace 02:00:00:00:00:0d dev vxlan10 master extern_learn
      bridge fdb replace 02:00:00:00:00:0d dev vxlan10 master static
      bridge fdb replace 02:00:00:00:00:ff dev vxlan10 dst 10.0.0.2 self
    `);
    await promise;
    await kernel[Symbol.asyncDispose]();
    const neighbours = ["-10.0.0.9", "+0f", "+1a", "+1b"];
    expect(heard).toEqual([...neighbours, "-0a", "-0a", "+0b", "+0c", "+0d", "+ff"]);
  });

  it("with more devices than a filter holds is spared every bridge's entry from outside", async () => {
    const filters = [200, 201].map((count) =>
      echoFilter(Array.from({ length: count }, (_, i) => i)),
    );
    expect(filters.map((filter) => filter.at(-1)?.[3])).toEqual([0xffff_ffff, 0]);
  });
});

describe("The worker", () => {
  it("may have been started before, and is not taken over when it is over", async () => {
    const started = (): Worker =>
      new Worker(new URL("../../dist/src/linux/netlink-worker.js", import.meta.url));
    const links = async (worker: Worker): Promise<number> => {
      const died: string[] = [];
      await using client = new NetlinkClient(
        (reason) => died.push(reason),
        () => 0,
        worker,
      );
      const request = new MessageWriter();
      writeLinkDump(request, "device");
      let messages = 0;
      await client.dump(request.finish(), () => messages++);
      expect(died).toEqual([]);
      return messages;
    };
    const alive = started();
    const isOver = once(alive, "exit");
    expect(await links(alive)).toBeGreaterThan(0);
    // It was the client's.
    await isOver;
    const over = started();
    await over.terminate();
    expect(await links(over)).toBeGreaterThan(0);
  });

  it("that dies is told, replaced, and everything is read again", async () => {
    makeSegment();
    const died: string[] = [];
    await using client = new NetlinkClient(
      (reason) => died.push(reason),
      () => 0,
    );
    const dump = async (): Promise<number> => {
      const request = new MessageWriter();
      writeLinkDump(request, "device");
      let messages = 0;
      await client.dump(request.finish(), () => messages++);
      return messages;
    };
    const links = await dump();
    expect(links).toBeGreaterThan(0);
    // Too much to be done here, and what comes last is no request: it reads beyond its end, and dies.
    const length = 16 << 10;
    const broken = new Uint8Array(length + 2);
    new DataView(broken.buffer).setUint32(0, length, true);
    await expect(client.write(broken)).rejects.toThrow("its worker has died");
    expect(died).toHaveLength(1);
    expect(await dump()).toBe(links);
    expect(died).toHaveLength(1);
  });
});

describe("A few requests", () => {
  it("are written in this thread, unless the kernel has kept it waiting lately", async () => {
    let at = 0;
    let tookMs = 0;
    const clock = (): number => {
      at += tookMs;
      return at;
    };
    await using client = new NetlinkClient(() => {}, clock);
    // One that is none, which whoever sees to it fails of.
    const here = (): Promise<unknown> =>
      expect(client.write(new Uint8Array(2))).rejects.toThrow("Offset is outside");
    await here();
    tookMs = 30;
    await client.write(new Uint8Array(0));
    tookMs = 0;
    await expect(client.write(new Uint8Array(2))).rejects.toThrow("its worker has died");
    at += 11_000;
    await here();
  });
});

describe("A batch of requests", () => {
  function deletions(count: number): Uint8Array {
    const writer = new MessageWriter();
    const ifindex = ifindexOf("lo");
    for (let i = 0; i < count; i++) {
      writeNeighbour(writer, {
        action: "delete",
        family: "bridge",
        ifindex,
        state: 0,
        flags: NeighbourFlag.self,
        mac: macOf(i) as MacAddress,
        dst: undefined,
        protocol: 0,
      });
    }
    return writer.finish();
  }

  it("that fails in every one is told so of every one, with the kernel's words", () => {
    const conversation = new NetlinkConversation();
    const failures = conversation.write(deletions(1000));
    conversation.close();
    expect(failures.map(({ index }) => index)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(new Set(failures.map(({ errno }) => errno)).size).toBe(1);
  });

  it("of whose answers some are lost is tried again in smaller ones", () => {
    const conversation = new NetlinkConversation({ receiveBuffer: 16 << 10 });
    const failures = conversation.write(deletions(1000));
    conversation.close();
    expect(failures.map(({ index }) => index)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(failures.some(({ errno }) => errno === Errno.ENOBUFS)).toBe(false);
  });

  it("of whose answers even few do not fit is told to be unknown", () => {
    const conversation = new NetlinkConversation({ receiveBuffer: 1 });
    const failures = conversation.write(deletions(200));
    conversation.close();
    expect(failures).toHaveLength(200);
    expect(failures.some(({ errno }) => errno === Errno.ENOBUFS)).toBe(true);
  });

  it("of none is nothing", () => {
    const conversation = new NetlinkConversation();
    expect(conversation.write(new Uint8Array())).toEqual([]);
    conversation.close();
  });
});

describe("A socket", () => {
  const slab = (): [Uint8Array, Int32Array] => [
    new Uint8Array(4 * 4096),
    new Int32Array(4 * META_PER_DATAGRAM),
  ];

  it("gives back its file descriptor when it is closed, listening or not", async () => {
    const before = openFiles();
    for (let i = 0; i < 200; i++) {
      const socket = openRouteSocket([RouteGroup.link], { receiveBuffer: 4096 });
      if (i % 2 === 0) socket.start(...pair(slab()), () => {}, 1);
      socket.close();
      socket.close();
    }
    await new Promise(setImmediate);
    expect(openFiles()).toBe(before);
  });

  it("may be closed by what it calls", async () => {
    const socket = openRouteSocket([RouteGroup.link], { receiveBuffer: 1 << 20 });
    let calls = 0;
    const called = new Promise<void>((resolve) => {
      const [bytes, meta] = slab();
      socket.start(bytes, 4096, meta, onBatch, 16);
      function onBatch(): void {
        calls++;
        socket.close();
        resolve();
      }
    });
    for (let i = 0; i < 10; i++) sh("ip link add d0 type bridge\n ip link delete d0");
    await called;
    await new Promise(setImmediate);
    expect(calls).toBe(1);
    expect(socket.recv(new Uint8Array(1))).toBe(-9);
  });

  it("refuses what is no buffer, and a slab without room", () => {
    const socket = openRouteSocket([], { receiveBuffer: 4096 });
    expect(() => socket.send("text" as unknown as Uint8Array)).toThrow(TypeError);
    expect(() => socket.send(new Float64Array(2) as unknown as Uint8Array)).toThrow(TypeError);
    expect(
      socket.start(new Uint8Array(10), 11, new Int32Array(META_PER_DATAGRAM), () => {}, 1),
    ).toBe(-22);
    expect(
      socket.start(new Uint8Array(10), 10, new Int32Array(META_PER_DATAGRAM - 1), () => {}, 1),
    ).toBe(-22);
    socket.close();
  });

  it("in a worker that is terminated is closed with it", async () => {
    const before = openFiles();
    const native = new URL("../../dist/src/linux/socket.js", import.meta.url);
    const script = `
      import { parentPort } from "node:worker_threads";
      import { openRouteSocket } from ${JSON.stringify(native.href)};
      const socket = openRouteSocket([1], { receiveBuffer: 4096 });
      socket.start(new Uint8Array(4096), 4096, new Int32Array(8), () => {}, 1);
      parentPort.postMessage("open");
    `;
    for (let i = 0; i < 5; i++) {
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
      await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
      await worker.terminate();
    }
    expect(openFiles()).toBe(before);
  });
});

describe("A dump", () => {
  it("that the kernel refuses says why", () => {
    const writer = new MessageWriter();
    writeLinkDump(writer, "device");
    const request = writer.finish();
    request[4] = 0xff; // A type that nobody knows.
    const dump = new NetlinkDump(request);
    expect(() => dump.next()).toThrow("Cannot read a table: ENOTSUP");
    dump.close();
  });

  it("in which rows go is read whole, although the kernel passes over others", async () => {
    makeSegment();
    const rows = 5000;
    const ifindex = ifindexOf("vxlan10");
    const entry = (mac: MacAddress, action: "put" | "delete"): NeighbourRequest => ({
      ...{ action, family: "bridge", ifindex, state: 0x42, protocol: 0 },
      ...{ flags: NeighbourFlag.self | NeighbourFlag.extLearned },
      ...{ mac, dst: "192.0.2.9" as IpAddress },
    });
    const writer = new MessageWriter();
    for (let i = 0; i < rows; i++) {
      writeNeighbour(writer, entry(macOf(i) as MacAddress, "put"));
    }
    await using client = new NetlinkClient(
      () => {},
      () => 0,
    );
    expect(await client.write(writer.finish())).toEqual([]);

    /** Takes away the first hundred as soon as they have been read; answers how many were. */
    const readWhileRowsGo = async (gone: (dumps: RowDumps) => void): Promise<number> => {
      const dumps = new RowDumps(client);
      // The first dump is read in haste.
      await dumps.read("bridge", { read: () => {} });
      const seen = new Set<MacAddress>();
      await dumps.read("bridge", {
        read: ({ mac }) => {
          if (mac?.startsWith("02:00:00:01:") !== true || seen.has(mac)) return;
          if (seen.add(mac).size !== 100) return;
          const removal = new MessageWriter();
          for (const each of seen) writeNeighbour(removal, entry(each, "delete"));
          void client.write(removal.finish());
          gone(dumps);
        },
      });
      return seen.size;
    };
    expect(await readWhileRowsGo(() => {})).toBeLessThan(rows);
    // Of those that are left.
    expect(await readWhileRowsGo((dumps) => dumps.entryGone())).toBe(rows - 100);
  });

  it("of a large table is taken in little by little, and others have their turn", async () => {
    makeSegment();
    const rows = 20_000;
    const ifindex = ifindexOf("vxlan10");
    const writer = new MessageWriter();
    for (let i = 0; i < rows; i++) {
      writeNeighbour(writer, {
        ...{ action: "put", family: "bridge", ifindex, state: 0x42 },
        ...{ flags: NeighbourFlag.self | NeighbourFlag.extLearned, protocol: 0 },
        ...{ mac: macOf(i) as MacAddress, dst: "192.0.2.9" as IpAddress },
      });
    }
    await using client = new NetlinkClient(
      () => {},
      () => 0,
    );
    expect(await client.write(writer.finish())).toEqual([]);

    let [inTotal, inThisTurn, most] = [0, 0, 0];
    let isOver = false;
    const turn = (): void => {
      most = Math.max(most, inThisTurn);
      inThisTurn = 0;
      if (!isOver) setImmediate(turn);
    };
    turn();
    const request = new MessageWriter();
    writeNeighbourDump(request, "bridge");
    await client.dump(request.finish(), () => {
      inTotal++;
      inThisTurn++;
      // Whoever reads is slower than the worker.
      const until = performance.now() + 0.02;
      while (performance.now() < until);
    });
    isOver = true;
    turn();
    expect(inTotal).toBeGreaterThanOrEqual(rows);
    // Two buffers of 64 kB, of messages of some 80 bytes.
    expect(most).toBeLessThan(2500);
  });
});

function pair([bytes, meta]: [Uint8Array, Int32Array]): [Uint8Array, number, Int32Array] {
  return [bytes, 4096, meta];
}

function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}
