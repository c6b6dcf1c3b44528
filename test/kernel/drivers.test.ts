/** Rows in the kernel: written, read back by a process that knows nothing, removed; others' kept. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { type FdbRow, fdbKey, floodKey, neighbourKey } from "../../src/evpn/rows.ts";
import type { Vni } from "../../src/evpn/vni.ts";
import type { FloodMark } from "../../src/linux/flood-driver.ts";
import type { Kernel } from "../../src/linux/kernel.ts";
import type { Change, Driver, Failure } from "../../src/reconcile/driver.ts";
import { dataFrame, Host } from "./frames.ts";
import { clearLinks, fdbOf, makeSegment, requireOwnNamespace, run, sh } from "./namespace.ts";
import { open, Recorder } from "./recorder.ts";

const vni = 10 as Vni;
const M = "02:00:00:00:00:0a" as MacAddress;
const I = "192.0.2.1" as IpAddress;
const leaf2 = "10.0.0.2" as IpAddress;
const leaf3 = "10.0.0.3" as IpAddress;
const signal = new AbortController().signal;

let recorder: Recorder;
let kernel: Kernel;

beforeAll(requireOwnNamespace);
beforeEach(async () => {
  makeSegment();
  await restart();
});
afterEach(async () => {
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

function fdbRow(vtep = leaf2, mac = M): FdbRow {
  return { vni, mac, vtep, pinned: false };
}

function put<K extends string, R>(
  driver: Driver<K, R>,
  key: K,
  row: R,
): Promise<readonly Failure<K>[]> {
  return driver.write([{ kind: "put", key, row }], signal);
}

function remove<K extends string, R>(
  driver: Driver<K, R>,
  key: K,
  row: R,
): Promise<readonly Failure<K>[]> {
  return driver.write([{ kind: "remove", key, row }], signal);
}

const putFdb = (row = fdbRow()): Promise<readonly Failure<string>[]> =>
  put(kernel.drivers.fdb, fdbKey(row), row);
const removeFdb = (row = fdbRow()): Promise<readonly Failure<string>[]> =>
  remove(kernel.drivers.fdb, fdbKey(row), row);
const putFlood = (vtep = leaf2): Promise<readonly Failure<string>[]> =>
  put(kernel.drivers.flood, floodKey({ vni, vtep }), { vni, vtep });
const removeFlood = (vtep = leaf2): Promise<readonly Failure<string>[]> =>
  remove(kernel.drivers.flood, floodKey({ vni, vtep }), { vni, vtep });
const putNeighbour = (mac = M, ip = I): Promise<readonly Failure<string>[]> =>
  put(kernel.drivers.neighbour, neighbourKey({ vni, ip }), { vni, ip, mac });
const removeNeighbour = (mac = M, ip = I): Promise<readonly Failure<string>[]> =>
  remove(kernel.drivers.neighbour, neighbourKey({ vni, ip }), { vni, ip, mac });

async function listed(table: "fdb" | "flood" | "neighbour"): Promise<unknown[]> {
  return [...(await kernel.drivers[table].list(signal)).values()];
}

function neighbours(): string {
  return run("ip", ["-d", "neigh", "show", "dev", "br10"]).replaceAll(/ +$/gm, "").trim();
}

describe("A remote MAC", () => {
  it("is two entries, which a new process takes for one row of its own", async () => {
    expect(await putFdb()).toEqual([]);
    expect(fdbOf(M)).toEqual([
      `${M} dev vxlan10 dst 10.0.0.2 self extern_learn static`,
      `${M} dev vxlan10 extern_learn master br10`,
    ]);
    await restart();
    expect(await listed("fdb")).toEqual([fdbRow()]);
    expect(await removeFdb()).toEqual([]);
    expect(fdbOf(M)).toEqual([]);
  });

  it("that is put twice, or removed twice, is no failure", async () => {
    await putFdb();
    expect(await putFdb()).toEqual([]);
    await removeFdb();
    expect(await removeFdb()).toEqual([]);
  });

  it("that moves to another VTEP has one destination, the new one", async () => {
    await putFdb();
    await putFdb(fdbRow(leaf3));
    expect(fdbOf(M)[0]).toBe(`${M} dev vxlan10 dst 10.0.0.3 self extern_learn static`);
    expect(fdbOf(M)).toHaveLength(2);
  });

  it("of which one entry is missing is listed as a row that no wanted one agrees with", async () => {
    await putFdb();
    for (const half of ["master", "self"]) {
      sh(`bridge fdb del ${M} dev vxlan10 ${half}`);
      const [row] = (await listed("fdb")) as FdbRow[];
      expect(row).toMatchObject({ vni, mac: M });
      expect(kernel.drivers.fdb.agree(fdbRow(), row as FdbRow)).toBe(false);
      await putFdb();
    }
    expect(await listed("fdb")).toEqual([fdbRow()]);
  });

  it("lives through its VXLAN device going down and up", async () => {
    await putFdb();
    sh("ip link set vxlan10 down");
    await recorder.until(() => recorder.of("segment-down").length > 0);
    sh("ip link set vxlan10 up");
    await recorder.until(() => recorder.of("segment-up").length > 0);
    expect(await listed("fdb")).toEqual([fdbRow()]);
  });

  it("that has just been on a port is moved away from it", async () => {
    using host = new Host("p1h");
    host.send(dataFrame(M));
    await recorder.until(() => recorder.of("seen").length > 0);
    await putFdb();
    expect(await listed("fdb")).toEqual([fdbRow()]);
    expect(fdbOf(M)).toHaveLength(2);
  });

  it("that comes to a port is seen there, and what is left of its row can be removed", async () => {
    await putFdb();
    using host = new Host("p1h");
    host.send(dataFrame(M));
    await recorder.until(() => recorder.echoes.length > 0);
    expect(recorder.of("seen")).toMatchObject([{ mac: M, port: "p1", signal: "data" }]);
    const [echo] = recorder.echoes;
    // Half a row: whoever wants none has something to remove, whoever wants one has to write it.
    expect(echo).toMatchObject({ table: "fdb", key: fdbKey(fdbRow()) });
    expect(kernel.drivers.fdb.agree(fdbRow(), echo?.row as FdbRow)).toBe(false);

    expect(await removeFdb()).toEqual([]);
    expect(fdbOf(M)).toEqual([`${M} dev p1 master br10`]);
    expect(recorder.of("aged-out")).toEqual([]);
  });

  it("that comes to a port is told of, though its removal before the last write is heard after it", async () => {
    await putFdb();
    await Promise.all([removeFdb(), putFdb(fdbRow(leaf3))]);
    await recorder.until(() => recorder.echoes.length === 1);
    using host = new Host("p1h");
    host.send(dataFrame(M));
    await recorder.until(() => recorder.echoes.length === 2);
    expect(recorder.echoes).toMatchObject([{ row: undefined }, { row: { mac: M } }]);
  });

  it("whose entries somebody deletes is told to be gone", async () => {
    await putFdb();
    sh(`bridge fdb del ${M} dev vxlan10 self`);
    await recorder.until(() => recorder.echoes.length > 0);
    expect(recorder.echoes).toEqual([{ table: "fdb", key: fdbKey(fdbRow()), row: undefined }]);
  });

  it("is not echoed when we put it, and once when we remove it", async () => {
    await putFdb();
    await removeFdb();
    await recorder.until(() => recorder.echoes.length > 0);
    // Something that comes after it, so that what would have come has.
    sh("ip link set p1h down");
    await recorder.until(() => recorder.of("port-down").length > 0);
    expect(recorder.echoes).toEqual([{ table: "fdb", key: fdbKey(fdbRow()), row: undefined }]);
  });

  it("without a VXLAN device waits for one; to remove it is done", async () => {
    sh("ip link delete vxlan10");
    await recorder.until(() => recorder.of("segment-down").length > 0);
    expect(await putFdb()).toEqual([
      {
        key: fdbKey(fdbRow()),
        reason: `Cannot put FDB row 10|${M}: no VXLAN device with vni 10 is there`,
        kind: "later",
      },
    ]);
    expect(await removeFdb()).toEqual([]);
  });

  it("with a VTEP of the other family than the device's is unfit", async () => {
    const row = fdbRow("2001:db8::2" as IpAddress);
    expect(await putFdb(row)).toMatchObject([{ kind: "unfit" }]);
  });

  it("of thousands is written at once, and each that fails is named", async () => {
    const changes = Array.from({ length: 3000 }, (_, i): Change<string, FdbRow> => {
      const bytes = [i >> 8, i & 0xff].map((byte) => byte.toString(16).padStart(2, "0"));
      const vtep = i % 1000 === 7 ? ("2001:db8::2" as IpAddress) : leaf2;
      const row = fdbRow(vtep, `02:00:00:01:${bytes.join(":")}` as MacAddress);
      return { kind: "put", key: fdbKey(row), row };
    });
    const failures = await (kernel.drivers.fdb as Driver<string, FdbRow>).write(changes, signal);
    expect(failures.map(({ key }) => key)).toEqual([7, 1007, 2007].map((i) => changes[i]?.key));
    const whole = ((await listed("fdb")) as FdbRow[]).filter(({ vtep }) => vtep === leaf2);
    expect(whole).toHaveLength(2997);
  });
});

describe("An FDB row of somebody else", () => {
  const foreign = [
    ["a static host on a port", `bridge fdb replace ${M} dev p1 master static`],
    ["a static row of the tunnel", `bridge fdb replace ${M} dev vxlan10 dst 10.0.0.9 self static`],
    [
      "FRR's row of the tunnel",
      `bridge fdb replace ${M} dev vxlan10 dst 10.0.0.9 self extern_learn dynamic`,
    ],
  ] as const;

  for (const [what, command] of foreign) {
    it(`(${what}) is neither written over, nor removed, nor listed; found at the start`, async () => {
      sh(command);
      await restart();
      const before = fdbOf(M);
      expect(await putFdb()).toMatchObject([{ kind: "foreign" }]);
      await removeFdb();
      expect(fdbOf(M)).toEqual(before);
      expect(await listed("fdb")).toEqual([]);
    });
  }

  it("that comes later is respected, too, and its going is told", async () => {
    sh(`bridge fdb replace ${M} dev p1 master static`);
    sh("ip link set p1h down");
    await recorder.until(() => recorder.of("port-down").length > 0);
    expect(await putFdb()).toEqual([
      {
        key: fdbKey(fdbRow()),
        reason: `Cannot put FDB row 10|${M}: the bridge has a fixed entry for it on p1`,
        kind: "foreign",
      },
    ]);
    sh(`bridge fdb del ${M} dev p1 master`);
    await recorder.until(() => recorder.echoes.length > 0);
    expect(await putFdb()).toEqual([]);
  });

  const over = [
    ["of the tunnel", `bridge fdb replace ${M} dev vxlan10 dst 10.0.0.9 self static`],
    ["of a port", `bridge fdb replace ${M} dev p1 master static`],
    ["of another program", `bridge fdb replace ${M} dev p1 master extern_learn`],
    ["behind the VXLAN device", `bridge fdb replace ${M} dev vxlan10 master static`],
  ] as const;

  for (const [what, command] of over) {
    it(`(${what}) that replaces half of ours is told, and the other half of ours goes`, async () => {
      await putFdb();
      sh(command);
      await recorder.until(() => recorder.echoes.length > 0);
      const [echo] = recorder.echoes;
      expect(echo).toMatchObject({ table: "fdb", key: fdbKey(fdbRow()) });
      expect(kernel.drivers.fdb.agree(fdbRow(), echo?.row as FdbRow)).toBe(false);
      expect(await putFdb()).toMatchObject([{ kind: "foreign" }]);
      expect(fdbOf(M)).toHaveLength(1);
    });
  }

  it("is none of ours because its device was down when we were told of ours", async () => {
    await putFdb();
    sh("ip link set vxlan10 down");
    await restart();
    sh("ip link set vxlan10 up");
    await recorder.until(() => recorder.of("segment-up").length > 0);
    expect(await putFdb(fdbRow(leaf3))).toEqual([]);
    expect(await listed("fdb")).toEqual([fdbRow(leaf3)]);
  });
});

describe("The flood list", () => {
  const ZERO = "00:00:00:00:00:00";

  it("has one destination per VTEP, which a new process knows", async () => {
    await putFlood(leaf2);
    await putFlood(leaf3);
    expect(await putFlood(leaf3)).toEqual([]);
    expect(fdbOf(ZERO)).toHaveLength(2);
    await restart();
    expect(await listed("flood")).toEqual([
      { vni, vtep: leaf2 },
      { vni, vtep: leaf3 },
    ]);
    expect(await removeFlood(leaf2)).toEqual([]);
    expect(await removeFlood(leaf2)).toEqual([]);
    expect(fdbOf(ZERO)).toEqual([`${ZERO} dev vxlan10 dst 10.0.0.3 self extern_learn static`]);
  });

  it("keeps an operator's destinations, even where ours are beside them", async () => {
    await putFlood(leaf2);
    sh(`bridge fdb append ${ZERO} dev vxlan10 dst 10.0.0.9 self`);
    expect(await listed("flood")).toEqual([{ vni, vtep: leaf2 }]);
    await removeFlood(leaf2);
    expect(fdbOf(ZERO)).toEqual([`${ZERO} dev vxlan10 dst 10.0.0.9 self permanent`]);
  });

  it("beside an operator's is known to the next process by what we have written down", async () => {
    let marks: readonly FloodMark[] = [];
    const remember = (all: readonly FloodMark[]): void => {
      marks = all;
    };
    const life = async (): Promise<void> => {
      await kernel[Symbol.asyncDispose]();
      recorder = new Recorder();
      kernel = await open(recorder, { floodMemory: { recalled: marks, remember } });
    };
    await life();
    await putFlood(leaf2);
    sh(`bridge fdb append ${ZERO} dev vxlan10 dst 10.0.0.9 self`);
    await putFlood(leaf3);
    // Something that comes after it, so that it has been told.
    sh("ip link set p1h down");
    await recorder.until(() => recorder.of("port-down").length > 0);
    await life();
    expect(await listed("flood")).toEqual([
      { vni, vtep: leaf2 },
      { vni, vtep: leaf3 },
    ]);
    await removeFlood(leaf2);
    await life();
    await removeFlood(leaf3);
    expect(fdbOf(ZERO)).toEqual([`${ZERO} dev vxlan10 dst 10.0.0.9 self permanent`]);
    expect(marks).toEqual([]);
  });

  it("does not take over an operator's destination that is wanted as well", async () => {
    sh(`bridge fdb append ${ZERO} dev vxlan10 dst 10.0.0.2 self`);
    await restart();
    expect(await putFlood(leaf2)).toEqual([]);
    // It serves as well, and whoever looks again finds nothing to do.
    expect(await listed("flood")).toEqual([{ vni, vtep: leaf2 }]);
    await removeFlood(leaf2);
    expect(fdbOf(ZERO)).toEqual([`${ZERO} dev vxlan10 dst 10.0.0.2 self permanent`]);
  });

  it("knows ours as ours, though its removal before is heard late", async () => {
    await putFlood();
    await Promise.all([removeFlood(), putFlood()]);
    await recorder.until(() => recorder.echoes.length === 1);
    // From now on it can not be seen any more whose they are.
    sh(`bridge fdb append ${ZERO} dev vxlan10 dst 10.0.0.9 self permanent`);
    expect(await listed("flood")).toEqual([{ vni, vtep: leaf2 }]);
  });

  it("tells when one of ours has been deleted", async () => {
    await putFlood(leaf2);
    sh(`bridge fdb del ${ZERO} dev vxlan10 dst 10.0.0.2 self`);
    await recorder.until(() => recorder.echoes.length > 0);
    const key = floodKey({ vni, vtep: leaf2 });
    expect(recorder.echoes).toEqual([{ table: "flood", key, row: undefined }]);
  });
});

describe("A neighbour", () => {
  const I6 = "2001:db8:a::1" as IpAddress;

  it("of either family is put on the bridge, and known to a new process", async () => {
    await putNeighbour();
    await putNeighbour(M, I6);
    expect(neighbours().split("\n").sort()).toEqual([
      `${I} lladdr ${M} extern_learn NOARP proto 114`,
      `${I6} lladdr ${M} extern_learn NOARP proto 114`,
    ]);
    await restart();
    expect(await listed("neighbour")).toEqual([
      { vni, ip: I, mac: M },
      { vni, ip: I6, mac: M },
    ]);
    await removeNeighbour();
    expect(await removeNeighbour()).toEqual([]);
    await removeNeighbour(M, I6);
    expect(neighbours()).toBe("");
  });

  it("changes its MAC in place", async () => {
    await putNeighbour();
    await putNeighbour("02:00:00:00:00:0b" as MacAddress);
    expect(neighbours()).toBe(`${I} lladdr 02:00:00:00:00:0b extern_learn NOARP proto 114`);
  });

  it("of an operator or of another program is left alone", async () => {
    for (const rest of ["nud permanent", "nud noarp extern_learn protocol bird"]) {
      sh(`ip neigh replace ${I} lladdr 02:00:00:00:00:0f dev br10 ${rest}`);
      await restart();
      const before = neighbours();
      expect(await putNeighbour()).toMatchObject([{ kind: "foreign" }]);
      await removeNeighbour();
      expect(neighbours()).toBe(before);
      expect(await listed("neighbour")).toEqual([]);
    }
  });

  it("that the kernel found by itself gives way", async () => {
    sh(`ip neigh replace ${I} lladdr 02:00:00:00:00:0f dev br10 nud reachable`);
    await restart();
    expect(await putNeighbour()).toEqual([]);
    expect(await listed("neighbour")).toEqual([{ vni, ip: I, mac: M }]);
  });

  it("that the kernel writes over is told of, though its removal before is heard late", async () => {
    const key = neighbourKey({ vni, ip: I });
    const gone = { table: "neighbour", key, row: undefined };
    await putNeighbour();
    await Promise.all([removeNeighbour(), putNeighbour()]);
    await recorder.until(() => recorder.echoes.length === 1);
    sh(`ip neigh replace ${I} lladdr 02:00:00:00:00:0f dev br10 nud reachable`);
    await recorder.until(() => recorder.echoes.length === 2);
    expect(recorder.echoes).toEqual([gone, gone]);
  });

  it("that somebody deletes or changes is told, and not that we have put it", async () => {
    const key = neighbourKey({ vni, ip: I });
    await putNeighbour();
    sh(`ip neigh replace ${I} lladdr 02:00:00:00:00:0f dev br10 nud permanent`);
    await recorder.until(() => recorder.echoes.length === 1);
    sh(`ip neigh del ${I} dev br10`);
    await recorder.until(() => recorder.echoes.length === 2);
    expect(recorder.echoes).toEqual([
      { table: "neighbour", key, row: undefined },
      { table: "neighbour", key, row: undefined },
    ]);
  });
});
