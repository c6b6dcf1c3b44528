/** Frames in flight: sent on, counted, never twice, and never for longer than they should be. */
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { fdbKey, type RedirectRow, redirectKey } from "../../src/evpn/rows.ts";
import type { Vni } from "../../src/evpn/vni.ts";
import type { Kernel, KernelOptions } from "../../src/linux/kernel.ts";
import type { DatagramSocket } from "../../src/linux/native.ts";
import { RedirectTable } from "../../src/linux/redirect-table.ts";
import { openNetlinkSocket } from "../../src/linux/socket.ts";
import type { Failure } from "../../src/reconcile/driver.ts";
import { MessageWriter, NetlinkFlag } from "../../src/wire/netlink.ts";
import { NftFamily, NftType } from "../../src/wire/nftables.ts";
import { Host, macBytes } from "./frames.ts";
import { clearLinks, makeSegment, requireOwnNamespace, run, sh } from "./namespace.ts";
import { open, Recorder } from "./recorder.ts";
import { type Received, received, tunnelled } from "./vxlan.ts";

const vni = 10 as Vni;
const M = "02:00:00:00:00:0a" as MacAddress;
const OTHER = "02:00:00:00:00:0b" as MacAddress;
const WIRE = "02:00:00:00:00:e1";
const leaf2 = "10.0.0.2" as IpAddress;
const leaf3 = "10.0.0.3" as IpAddress;
/** Identification and flags of what was redirected before. */
const MARKED = 0x72004000;
const signal = new AbortController().signal;

let recorder: Recorder;
let kernel: Kernel | undefined;
let wire: Host;
let port: Host;

beforeAll(requireOwnNamespace);
beforeEach(async () => {
  run("nft", ["flush", "ruleset"]);
  makeLeaf();
  await start();
});
afterEach(async () => {
  await stop();
  wire[Symbol.dispose]();
  port[Symbol.dispose]();
  clearLinks();
});

function makeLeaf(local = "10.0.0.1"): void {
  makeSegment({ ports: ["p1"], local });
  sh(`
    ip link add u0 address ${WIRE} type veth peer name u0h
    ip link set u0h addrgenmode none up
    ip link set u0 addrgenmode none up
    ip addr add 10.0.0.1/24 dev u0
    ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:f2 dev u0 nud permanent
    ip neigh add 10.0.0.3 lladdr 02:00:00:00:00:f3 dev u0 nud permanent
  `);
  wire = new Host("u0h");
  port = new Host("p1h");
}

async function start(redirect: KernelOptions["redirect"] = "on"): Promise<void> {
  recorder = new Recorder();
  kernel = await open(recorder, { redirect, now: () => Date.now() });
}

async function stop(): Promise<void> {
  await kernel?.[Symbol.asyncDispose]();
  kernel = undefined;
}

function drivers(): Kernel["drivers"] {
  if (kernel === undefined) throw new Error("No kernel is open");
  return kernel.drivers;
}

function row(lastsMs = 10_000, mac = M): RedirectRow {
  return { vni, mac, until: Date.now() + lastsMs };
}

/** M has gone to a VTEP: as the apply loop would write it. */
async function gone(to = leaf2, redirect = row()): Promise<readonly Failure<string>[]> {
  const fdb = { vni, mac: redirect.mac, vtep: to, pinned: false };
  await drivers().fdb.write([{ kind: "put", key: fdbKey(fdb), row: fdb }], signal);
  await drivers().redirect.list(signal);
  const change = { kind: "put", key: redirectKey(redirect), row: redirect } as const;
  return await drivers().redirect.write([change], signal);
}

async function end(redirect = row()): Promise<void> {
  const change = { kind: "remove", key: redirectKey(redirect), row: redirect } as const;
  expect(await drivers().redirect.write([change], signal)).toEqual([]);
}

let serial = 0;
/** A frame that no other is like. */
function frameTo(mac: string): Uint8Array {
  const frame = new Uint8Array(64);
  frame.set([...macBytes(mac), 2, 0, 0, 0, 0, 3, 0x88, 0xb5, serial >> 8, serial & 0xff]);
  serial++;
  return frame;
}

/** What comes out of the wire and of the port when leaf3 sends this. */
function exchange(
  inner: Uint8Array,
  { label = 0, from = leaf3 as string, to = "10.0.0.1" } = {},
): { wire: Received[]; port: Uint8Array[] } {
  wire.send(tunnelled({ from, to, inner, label, mac: WIRE }));
  const isIt = (frame: Uint8Array): boolean => Buffer.compare(frame, inner) === 0;
  const out = all(wire).flatMap((frame) => received(frame) ?? []);
  return { wire: out.filter((each) => isIt(each.inner)), port: all(port).filter(isIt) };
}

/** All that has come in; the kernel carries a frame through in the course of sending it. */
function all(host: Host): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (;;) {
    const frame = host.receive();
    if (frame === undefined) return frames;
    frames.push(frame);
  }
}

const ruleset = (): string => run("nft", ["list", "ruleset"]);

describe("A frame that comes out of the tunnel for a MAC that has gone", () => {
  it("C9.10 goes to the VTEP where the MAC is", async () => {
    expect(await gone()).toEqual([]);
    const frame = frameTo(M);
    const { wire: out, port: local } = exchange(frame);
    expect(out).toEqual([
      { from: "10.0.0.1", to: leaf2, vni: 10, label: MARKED, headerSum: 0xffff, inner: frame },
    ]);
    expect(local).toEqual([]);
  });

  it("is not sent on before, nor after", async () => {
    expect(exchange(frameTo(M)).wire).toEqual([]);
    await gone();
    await end();
    expect(exchange(frameTo(M)).wire).toEqual([]);
  });

  it("is not sent on a second time", async () => {
    await gone();
    for (const label of [MARKED, MARKED + (5 << 16)]) {
      expect(exchange(frameTo(M), { label }).wire).toEqual([]);
    }
    // Only together do they say so.
    for (const label of [0x72000000, 0x00004000, 0x73004000]) {
      expect(exchange(frameTo(M), { label }).wire).toHaveLength(1);
    }
  });

  it("is delivered all the same if the MAC is here, and others' frames are as ever", async () => {
    await gone();
    const frame = frameTo(OTHER);
    sh(`bridge fdb replace ${OTHER} dev p1 master static`);
    expect(exchange(frame)).toEqual({ wire: [], port: [frame] });
    const marked = frameTo(OTHER);
    expect(exchange(marked, { label: MARKED })).toEqual({ wire: [], port: [marked] });
  });

  it("C9.19 goes to the latest place", async () => {
    await gone(leaf2);
    await gone(leaf3);
    expect(exchange(frameTo(M), { from: leaf2 }).wire.map(({ to }) => to)).toEqual([leaf3]);
  });

  it("is sent on over IPv6, marked by the flow label", async () => {
    const [here, there] = ["fd00:0:0:0:0:0:0:1", "fd00:0:0:0:0:0:0:2"];
    await stop();
    wire[Symbol.dispose]();
    port[Symbol.dispose]();
    clearLinks();
    makeLeaf(here);
    sh(`
      ip addr add ${here}/64 dev u0 nodad
      ip neigh add ${there} lladdr 02:00:00:00:00:f2 dev u0 nud permanent
    `);
    await start();
    await gone("fd00::2" as IpAddress);
    const over = { from: "fd00:0:0:0:0:0:0:3", to: here };
    const [out] = exchange(frameTo(M), over).wire;
    expect(out).toMatchObject({ from: here, to: there, label: 0x6000726d });
    expect(exchange(frameTo(M), { ...over, label: 0x726d }).wire).toEqual([]);
  });
});

describe("What is redirected", () => {
  it("is counted and told", async () => {
    await gone();
    for (let i = 0; i < 3; i++) exchange(frameTo(M));
    await recorder.until(() => recorder.notices.find(({ kind }) => kind === "redirected"));
    exchange(frameTo(M));
    const question = vi.spyOn(RedirectTable.prototype, "elementsAt");
    await end();
    await expect(question.mock.results.at(-1)?.value).resolves.toHaveLength(1);
    question.mockRestore();
    const told = recorder.notices.filter(({ kind }) => kind === "redirected");
    expect(told).toEqual([
      { kind: "redirected", vni, mac: M, frames: 3 },
      { kind: "redirected", vni, mac: M, frames: 1 },
    ]);
  });

  it("is found by a process that knows nothing", async () => {
    const wanted = row();
    await gone(leaf2, wanted);
    const rows = await drivers().redirect.list(signal);
    const [found] = rows.values();
    expect(found && drivers().redirect.agree(wanted, found)).toBe(true);
    expect(found && drivers().redirect.agree({ ...wanted, until: 0 }, found)).toBe(false);
  });

  it("ends by itself, two seconds late, if nobody ends it", async () => {
    await gone(leaf2, row(-1900));
    expect(exchange(frameTo(M)).wire).toHaveLength(1);
    await expect.poll(() => exchange(frameTo(M)).wire).toEqual([]);
  });

  it("lasts as long as was said last", async () => {
    await gone(leaf2, row(-1900));
    await gone(leaf2, row(10_000));
    await delay(300);
    expect(exchange(frameTo(M)).wire).toHaveLength(1);
  });

  it("may be the MACs of a whole rack", async () => {
    await drivers().redirect.list(signal);
    const changes = Array.from({ length: 3000 }, (_, i) => {
      const last = i.toString(16).padStart(4, "0");
      const one = row(10_000, `02:00:00:01:${last.slice(0, 2)}:${last.slice(2)}` as MacAddress);
      return { kind: "put", key: redirectKey(one), row: one } as const;
    });
    expect(await drivers().redirect.write(changes, signal)).toEqual([]);
    expect((await drivers().redirect.list(signal)).size).toBe(3000);
    const removals = changes.map((change) => ({ ...change, kind: "remove" }) as const);
    expect(await drivers().redirect.write(removals, signal)).toEqual([]);
    expect((await drivers().redirect.list(signal)).size).toBe(0);
  });

  it("that is put in vain does not keep the others back", async () => {
    const nowhere = { vni: 11 as Vni, mac: M, until: Date.now() + 1000 };
    const [wanted, key] = [row(), redirectKey(nowhere)];
    await drivers().redirect.list(signal);
    const failures = await drivers().redirect.write(
      [
        { kind: "put", key, row: nowhere },
        { kind: "put", key: redirectKey(wanted), row: wanted },
        { kind: "remove", key: redirectKey({ vni, mac: OTHER }), row: row(0, OTHER) },
      ],
      signal,
    );
    expect(failures).toMatchObject([{ key, kind: "later" }]);
    expect([...(await drivers().redirect.list(signal)).keys()]).toEqual([redirectKey(wanted)]);
  });
});

describe("Where rules can not be put", () => {
  it("that is said once, and all else is done", async () => {
    await stop();
    const owner = owned("roamd");
    try {
      await start();
      const told = recorder.notices.filter(({ kind }) => kind === "cannot-redirect");
      expect(told).toEqual([{ kind: "cannot-redirect", reason: expect.stringContaining("EPERM") }]);
      expect(recorder.of("cannot-redirect")).toHaveLength(1);
      expect(await gone()).toEqual([]);
      expect(run("bridge", ["fdb", "show", "dev", "vxlan10"])).toContain(`${M} dst ${leaf2}`);
      expect(exchange(frameTo(M)).wire).toEqual([]);
      expect(recorder.notices.filter(({ kind }) => kind === "cannot-redirect")).toEqual(told);
    } finally {
      owner.close();
    }
  });

  /** Our table as somebody's who lets nobody else at it (`NFT_TABLE_F_OWNER`, Linux 5.12). */
  function owned(table: string): DatagramSocket {
    const socket = openNetlinkSocket("netfilter", { receiveBuffer: 4096 });
    const writer = new MessageWriter();
    const frame = (type: number): void =>
      writer
        .begin(type, NetlinkFlag.request)
        .fixed(4, (view, at) => view.setUint16(at + 2, 10))
        .end();
    frame(0x10);
    writer
      .begin(NftType.newTable, NetlinkFlag.request | NetlinkFlag.create)
      .fixed(4, (view, at) => view.setUint8(at, NftFamily.netdev))
      .text(1, table)
      .u32Network(2, 2)
      .end();
    frame(0x11);
    expect(socket.send(writer.finish())).toBeGreaterThan(0);
    return socket;
  }
});

describe("The rules", () => {
  it("are gone when we are, and others' are as before", async () => {
    run("nft", ["add", "table", "inet", "filter"]);
    await gone();
    expect(ruleset()).toContain("table netdev roamd");
    await stop();
    expect(ruleset().trim().split(/\s+/)).toEqual(["table", "inet", "filter", "{", "}"]);
  });

  it("stay if we come back, and what is redirected is told then", async () => {
    await stop();
    await start("keep");
    const wanted = row();
    await gone(leaf2, wanted);
    await stop();
    expect(exchange(frameTo(M)).wire).toHaveLength(1);
    await start("keep");
    const [told] = recorder.of("redirecting");
    expect(told).toMatchObject({ vni, mac: M });
    expect(Math.abs((told?.until ?? 0) - wanted.until)).toBeLessThan(500);
    expect(exchange(frameTo(M)).wire).toHaveLength(1);
    expect(ruleset().match(/jump frames/g)).toHaveLength(1);
  });

  it("of a former life are removed where it shall not be any more", async () => {
    await stop();
    await start("keep");
    await gone();
    await stop();
    await start("off");
    expect(ruleset()).toBe("");
  });

  it("that somebody deletes are missed at once, and put again", async () => {
    await gone();
    recorder.clear();
    run("nft", ["flush", "ruleset"]);
    await recorder.until(() => recorder.resyncs.includes("redirect: nf_tables was changed"));
    expect((await drivers().redirect.list(signal)).size).toBe(0);
    await gone();
    expect(exchange(frameTo(M)).wire).toHaveLength(1);
  });

  it("that were deleted a moment ago are put with the next row", async () => {
    await gone();
    run("nft", ["delete", "table", "netdev", "roamd"]);
    const change = { kind: "put", key: redirectKey(row()), row: row() } as const;
    expect(await drivers().redirect.write([change], signal)).toEqual([]);
    expect(exchange(frameTo(M)).wire).toHaveLength(1);
  });

  it("that we change ourselves are not missed", async () => {
    await gone();
    recorder.clear();
    await end();
    await gone();
    run("nft", ["add", "table", "inet", "filter"]);
    run("nft", ["delete", "table", "inet", "filter"]);
    await delay(100);
    expect(recorder.resyncs).toEqual([]);
  });

  it("follow a device that is made anew, or called otherwise", async () => {
    await gone();
    clearLinks();
    wire[Symbol.dispose]();
    port[Symbol.dispose]();
    makeLeaf();
    await recorder.until(() => recorder.resyncs.includes("redirect: VXLAN device appeared"));
    await gone();
    // A link that has just come up sends nothing for a moment.
    await expect.poll(() => exchange(frameTo(M)).wire).toHaveLength(1);

    recorder.clear();
    sh("ip link set vxlan10 name tunnel10");
    await recorder.until(() => recorder.resyncs.includes("redirect: VXLAN device renamed"));
    await gone();
    expect(exchange(frameTo(M)).wire).toHaveLength(1);
  });
});
