/** Rows that frames must not move: rules C2.3, C2.12 and C2.18, with frames from real ports. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { type FdbRow, fdbKey } from "../../src/evpn/rows.ts";
import type { Vni } from "../../src/evpn/vni.ts";
import type { Kernel } from "../../src/linux/kernel.ts";
import type { Failure } from "../../src/reconcile/driver.ts";
import { Reconciler } from "../../src/reconcile/reconciler.ts";
import { dataFrame, gratuitousArp, Host } from "./frames.ts";
import { clearLinks, fdbOf, makeSegment, requireOwnNamespace, sh } from "./namespace.ts";
import { open, Recorder } from "./recorder.ts";

const vni = 10 as Vni;
const M = "02:00:00:00:00:0a" as MacAddress;
const vtep = "10.0.0.2" as IpAddress;
const loose: FdbRow = { vni, mac: M, vtep, pinned: false };
const pinned: FdbRow = { vni, mac: M, vtep, pinned: true };
const key = fdbKey(pinned);
const signal = new AbortController().signal;

const TUNNEL = `${M} dev vxlan10 dst 10.0.0.2 self extern_learn static`;
const LOOSE = [TUNNEL, `${M} dev vxlan10 extern_learn master br10`].sort();
const PINNED = [TUNNEL, `${M} dev vxlan10 extern_learn sticky master br10 static`].sort();

let recorder: Recorder;
let kernel: Kernel;
let host: Host;

beforeAll(requireOwnNamespace);
beforeEach(async () => {
  makeSegment();
  await restart();
  host = new Host("p1h");
});
afterEach(async () => {
  host[Symbol.dispose]();
  await kernel[Symbol.asyncDispose]();
  clearLinks();
});

/** As a new process would: with no memory of what was written before. */
async function restart(): Promise<void> {
  await kernel?.[Symbol.asyncDispose]();
  recorder = new Recorder();
  kernel = await open(recorder);
  recorder.clear();
}

function put(row: FdbRow): Promise<readonly Failure<string>[]> {
  return kernel.drivers.fdb.write([{ kind: "put", key, row }], signal);
}

function remove(): Promise<readonly Failure<string>[]> {
  return kernel.drivers.fdb.write([{ kind: "remove", key, row: pinned }], signal);
}

async function listed(): Promise<FdbRow[]> {
  return [...(await kernel.drivers.fdb.list(signal)).values()];
}

function frames(count: number): void {
  for (let i = 0; i < count; i++) host.send(dataFrame(M));
}

/** What had come before another host was seen has been told by then. */
async function everythingTold(): Promise<void> {
  const other = "02:00:00:00:00:0b";
  host.send(dataFrame(other));
  await recorder.until(() => recorder.of("seen").some(({ mac }) => mac === other));
  sh(`bridge fdb del ${other} dev p1 master`);
  await recorder.until(() => recorder.of("aged-out").length > 0);
  recorder.observations.splice(
    0,
    Number.POSITIVE_INFINITY,
    ...recorder.observations.filter((o) => !("mac" in o) || o.mac !== other),
  );
}

/** Writes a row, lets hosts send frames from its MAC, and answers how often it was written in all. */
async function writesUnderFrames(row: FdbRow): Promise<number> {
  const reconciler = new Reconciler(kernel.drivers.fdb);
  const apply = () =>
    reconciler.apply({ kinds: ["put", "remove"], now: 0, signal, onRead: () => {} });
  reconciler.open();
  reconciler.want(key, row);
  await apply();
  for (let round = 0; round < 5; round++) {
    frames(20);
    await everythingTold();
    for (const echo of recorder.echoes.splice(0)) {
      if (echo.table === "fdb") reconciler.saw(echo.key, echo.row);
    }
    await apply();
  }
  return reconciler.counts.put;
}

describe("A row that is not pinned", () => {
  it("is taken over by a frame from a port, and written again, and so on", async () => {
    expect(await writesUnderFrames(loose)).toBe(6);
    expect(recorder.of("seen")).toHaveLength(5);
  });
});

describe("A pinned row", () => {
  it("has our mark as any other, and is sticky besides", async () => {
    expect(await put(pinned)).toEqual([]);
    expect(fdbOf(M)).toEqual(PINNED);
  });

  it("C2.12, C2.18 is not moved by a hundred frames, of which nothing is told or written", async () => {
    expect(await writesUnderFrames(pinned)).toBe(1);
    expect(fdbOf(M)).toEqual(PINNED);
    expect(recorder.observations).toEqual([]);
    expect(recorder.echoes).toEqual([]);
  });

  it("hides nobody: what the host says of its address is still heard on the port", async () => {
    await put(pinned);
    host.send(gratuitousArp(M, "192.0.2.1"));
    await recorder.until(() => recorder.of("seen").length > 0);
    expect(recorder.of("seen")).toMatchObject([{ mac: M, port: "p1", signal: "gratuitous-arp" }]);
    expect(fdbOf(M)).toEqual(PINNED);
  });

  it("takes away a MAC that has just been on a port", async () => {
    frames(1);
    await recorder.until(() => recorder.of("seen").length > 0);
    expect(await put(pinned)).toEqual([]);
    frames(10);
    expect(fdbOf(M)).toEqual(PINNED);
  });

  it("is pinned and unpinned in place: the entry is never gone, nor anybody else's", async () => {
    for (const row of [loose, pinned, loose, pinned]) {
      expect(await put(row)).toEqual([]);
      expect(fdbOf(M)).toEqual(row.pinned ? PINNED : LOOSE);
      expect(await listed()).toEqual([row]);
    }
    await everythingTold();
    expect(recorder.echoes).toEqual([]);
    expect(recorder.observations).toEqual([]);
  });

  it("that is unpinned is taken over by the next frame again", async () => {
    await put(pinned);
    await put(loose);
    frames(1);
    await recorder.until(() => recorder.echoes.length > 0);
    expect(recorder.of("seen")).toMatchObject([{ mac: M, port: "p1", signal: "data" }]);
    expect(fdbOf(M)).toContain(`${M} dev p1 master br10`);
  });

  it("that is removed leaves nothing, and the MAC is learned as any other", async () => {
    await put(pinned);
    expect(await remove()).toEqual([]);
    expect(fdbOf(M)).toEqual([]);
    frames(1);
    await recorder.until(() => recorder.of("seen").length > 0);
  });

  it("is known to a new process, which can unpin it", async () => {
    await put(pinned);
    await restart();
    expect(await listed()).toEqual([pinned]);
    expect(kernel.drivers.fdb.agree(loose, pinned)).toBe(false);
    expect(await put(loose)).toEqual([]);
    expect(fdbOf(M)).toEqual(LOOSE);
  });

  it("is known by its other entry where the mark is missing", async () => {
    await put(pinned);
    sh(`
      bridge fdb del ${M} dev vxlan10 master
      bridge fdb add ${M} dev vxlan10 master static sticky
    `);
    await restart();
    expect(await listed()).toEqual([pinned]);
    expect(await put(pinned)).toEqual([]);
    expect(fdbOf(M)).toEqual(PINNED);
    expect(await put(loose)).toEqual([]);
    expect(fdbOf(M)).toEqual(LOOSE);
  });

  it("without the mark is ours as long as we know that we have pinned it", async () => {
    await put(pinned);
    for (const state of ["static sticky", "static"]) {
      sh(`
        bridge fdb del ${M} dev vxlan10 master
        bridge fdb add ${M} dev vxlan10 master ${state}
      `);
      await everythingTold();
      expect(await put(pinned), state).toEqual([]);
      expect(fdbOf(M), state).toEqual(PINNED);
    }
  });

  it("lives through its VXLAN device going down and up", async () => {
    await put(pinned);
    sh("ip link set vxlan10 down");
    await recorder.until(() => recorder.of("segment-down").length > 0);
    sh("ip link set vxlan10 up");
    await recorder.until(() => recorder.of("segment-up").length > 0);
    expect(await listed()).toEqual([pinned]);
  });

  it("holds from the moment it is written, with frames coming all the while", async () => {
    for (let round = 0; round < 200; round++) {
      const written = put(pinned);
      frames(100);
      expect(await written).toEqual([]);
      frames(10);
      expect(await listed()).toEqual([pinned]);
      expect(fdbOf(M)).toEqual(PINNED);
      const unpinned = put(loose);
      frames(100);
      expect(await unpinned).toEqual([]);
    }
    expect(await put(pinned)).toEqual([]);
    await everythingTold();
    expect(fdbOf(M)).toEqual(PINNED);
  });
});

describe("An operator's static row", () => {
  const operators = [
    ["towards the VXLAN device", `bridge fdb add ${M} dev vxlan10 master static`],
    ["towards it, and sticky", `bridge fdb add ${M} dev vxlan10 master static sticky`],
    ["on a port, and sticky", `bridge fdb add ${M} dev p1 master static sticky`],
  ] as const;

  for (const [what, command] of operators) {
    it(`(${what}) is neither written over, nor removed, nor listed`, async () => {
      sh(command);
      await everythingTold();
      const before = fdbOf(M);
      for (const start of ["heard as it came", "found at the start"]) {
        expect(await put(pinned), start).toMatchObject([{ kind: "foreign" }]);
        await remove();
        expect(await listed(), start).toEqual([]);
        expect(fdbOf(M), start).toEqual(before);
        await restart();
      }
    });
  }

  it("that was put over ours is respected by the next process", async () => {
    await put(loose);
    sh(`bridge fdb replace ${M} dev vxlan10 master static`);
    await restart();
    expect(await put(pinned)).toMatchObject([{ kind: "foreign" }]);
    expect(await listed()).toEqual([]);
    // What is left of ours is gone.
    expect(fdbOf(M)).toEqual([`${M} dev vxlan10 extern_learn master br10 static`]);
  });
});
