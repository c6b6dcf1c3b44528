import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { type FdbKey, type FdbRow, fdbKey } from "../../src/evpn/rows.ts";
import type { Vni } from "../../src/evpn/vni.ts";
import type { VtepAddress } from "../../src/evpn/vtep.ts";
import { ApplyLoop, type OnApplied } from "../../src/reconcile/apply-loop.ts";
import type { Change, Driver, Failure } from "../../src/reconcile/driver.ts";
import { Reconciler } from "../../src/reconcile/reconciler.ts";

/** Stands for any table: the loop does not look into rows. Every write waits to be let through. */
class SlowTable implements Driver<FdbKey, FdbRow> {
  readonly rows = new Map<FdbKey, FdbRow>();
  readonly batches: string[][] = [];
  isSlow = false;
  fails = false;
  isUnreadable = false;
  readonly #pending: (() => void)[] = [];

  async list(): Promise<Map<FdbKey, FdbRow>> {
    if (this.isUnreadable) throw new Error("The table can not be read now");
    return new Map(this.rows);
  }

  async write(
    changes: readonly Change<FdbKey, FdbRow>[],
    signal: AbortSignal,
  ): Promise<readonly Failure<FdbKey>[]> {
    signal.addEventListener("abort", () => this.letThrough());
    this.batches.push(changes.map(({ kind, row }) => `${kind} ${row.mac.slice(-2)}`));
    if (this.isSlow) await new Promise<void>((resolve) => this.#pending.push(resolve));
    if (this.fails) return changes.map(({ key }) => ({ key, kind: "later", reason: "Busy" }));
    for (const change of changes) {
      if (change.kind === "put") this.rows.set(change.key, change.row);
      else this.rows.delete(change.key);
    }
    return [];
  }

  agree(wanted: FdbRow, actual: FdbRow): boolean {
    return wanted.vtep === actual.vtep;
  }

  letThrough(): void {
    for (const resolve of this.#pending.splice(0)) resolve();
  }
}

function mac(last: number): MacAddress {
  return `02:00:00:00:00:${String(last).padStart(2, "0")}` as MacAddress;
}

function rowOf(last: number, vtep = "192.0.2.1"): FdbRow {
  return { vni: 10 as Vni, mac: mac(last), vtep: vtep as VtepAddress, pinned: false };
}

function keyOf(last: number): FdbKey {
  return fdbKey(rowOf(last));
}

/** All that can run without waiting for anybody has run: a pass may ask for another in the next turn. */
async function turnsOfTheEventLoop(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await setImmediate();
}

interface Bench {
  readonly table: SlowTable;
  readonly reconciler: Reconciler<FdbKey, FdbRow>;
  readonly loop: ApplyLoop;
  want(last: number, isThere?: boolean): void;
}

let abort: AbortController;
let now: number;
let done: Promise<void>[];

beforeEach(() => {
  abort = new AbortController();
  now = 1000;
  done = [];
});

afterEach(async () => {
  abort.abort();
  await Promise.all(done);
});

function soon(work: () => void): void {
  void setImmediate().then(work);
}

function bench({
  beforeRemoves,
  onApplied = () => {},
  onPass,
}: {
  beforeRemoves?: () => Promise<void>;
  onApplied?: OnApplied;
  onPass?: () => void;
} = {}): Bench {
  const table = new SlowTable();
  const reconciler = new Reconciler(table);
  const loop = new ApplyLoop({ clock: () => now, soon, onApplied, onPass, beforeRemoves });
  loop.add("fdb", reconciler);
  reconciler.open();
  return {
    table,
    reconciler,
    loop,
    want: (last, isThere = true) => reconciler.want(keyOf(last), isThere ? rowOf(last) : undefined),
  };
}

async function start(...benches: readonly Bench[]): Promise<void> {
  for (const { loop } of benches) {
    done.push(loop.run(abort.signal));
    await loop.settled();
  }
  for (const { table } of benches) table.batches.length = 0;
}

describe("The apply loop", () => {
  it("writes at the end of the turn of the event loop in which it was woken, all marks in one batch", async () => {
    const { table, loop, want } = bench();
    await start({ table, loop, want } as Bench);
    want(1);
    loop.wake();
    want(2);
    loop.wake();
    for (let microtask = 0; microtask < 10; microtask++) await Promise.resolve();
    want(3);
    expect(table.batches).toEqual([]);
    await setImmediate();
    expect(table.batches).toEqual([["put 01", "put 02", "put 03"]]);
  });

  it("does in the next pass what is marked while it writes", async () => {
    const kernel = bench();
    await start(kernel);
    kernel.table.isSlow = true;
    kernel.want(1);
    kernel.loop.wake();
    await turnsOfTheEventLoop();
    for (const last of [2, 3, 4]) {
      kernel.want(last);
      kernel.loop.wake();
    }
    await turnsOfTheEventLoop();
    expect(kernel.table.batches).toEqual([["put 01"]]);
    kernel.table.letThrough();
    await turnsOfTheEventLoop();
    expect(kernel.table.batches).toEqual([["put 01"], ["put 02", "put 03", "put 04"]]);
    kernel.table.letThrough();
  });

  it("is settled when all that was dirty has been tried, though in vain", async () => {
    const kernel = bench();
    await start(kernel);
    kernel.table.fails = true;
    kernel.want(1);
    await kernel.loop.settled();
    expect(kernel.table.batches).toEqual([["put 01"]]);
    expect(kernel.loop.nextAt()).toBe(1100);
    now = 1100;
    kernel.table.fails = false;
    kernel.loop.wake();
    await kernel.loop.settled();
    expect(kernel.table.rows.size).toBe(1);
    expect(kernel.loop.nextAt()).toBeUndefined();
  });

  it("is not settled by a pass that began before", async () => {
    const kernel = bench();
    await start(kernel);
    kernel.table.isSlow = true;
    kernel.want(1);
    kernel.loop.wake();
    await turnsOfTheEventLoop();
    kernel.want(2);
    let isSettled = false;
    const settled = kernel.loop.settled().then(() => {
      isSettled = true;
    });
    kernel.table.letThrough();
    await turnsOfTheEventLoop();
    expect(kernel.table.batches).toEqual([["put 01"], ["put 02"]]);
    expect(isSettled).toBe(false);
    kernel.table.letThrough();
    await settled;
  });

  it("is settled of one table in the midst of a pass, of all at its end", async () => {
    const order: string[] = [];
    const first = bench();
    const second = new SlowTable();
    const reconciler = new Reconciler(second);
    reconciler.open();
    first.loop.add("redirect", reconciler as never);
    await start(first);
    second.isSlow = true;
    first.want(1);
    reconciler.want(keyOf(1), rowOf(1));
    const some = first.loop.settled(["fdb"]).then(() => order.push("some"));
    const all = first.loop.settled().then(() => order.push("all"));
    await some;
    expect([order, second.batches]).toEqual([["some"], [["put 01"]]]);
    second.letThrough();
    await all;
    expect(order).toEqual(["some", "all"]);
  });

  it("is settled when its table can not be read, and after it was stopped", async () => {
    const kernel = bench();
    kernel.table.isUnreadable = true;
    kernel.want(1);
    await start(kernel);
    await kernel.loop.settled();
    abort.abort();
    await Promise.all(done);
    await kernel.loop.settled();
    expect(kernel.table.batches).toEqual([]);
  });

  it("stops where it is told to, though somebody waits for it", async () => {
    const kernel = bench();
    await start(kernel);
    kernel.table.isSlow = true;
    kernel.want(1);
    const settled = kernel.loop.settled();
    await turnsOfTheEventLoop();
    kernel.want(2);
    abort.abort();
    kernel.table.letThrough();
    await settled;
    await Promise.all(done);
    expect(kernel.table.batches).toEqual([["put 01"]]);
  });

  it("tells what was done and when, and nothing where nothing was", async () => {
    const told: unknown[] = [];
    const kernel = bench({ onApplied: (table, applied, at) => told.push([table, applied, at]) });
    await start(kernel);
    expect(told.splice(0)).toEqual([
      [
        "fdb",
        { written: [], failed: [], reading: { kind: "read", cause: "start", rows: 0, wrong: 0 } },
        1000,
      ],
    ]);
    kernel.loop.wake();
    await kernel.loop.settled();
    expect(told).toEqual([]);
    kernel.want(1);
    await kernel.loop.settled();
    expect(told).toEqual([
      [
        "fdb",
        {
          written: [{ kind: "put", key: keyOf(1), row: rowOf(1) }],
          failed: [],
          reading: undefined,
        },
        1000,
      ],
    ]);
  });
});

describe("A table that is in the loop twice", () => {
  it("is rid of rows before another is written, and is given rows after it", async () => {
    const order: string[] = [];
    const loop = new ApplyLoop({ clock: () => now, soon, onApplied: () => {} });
    const [first, second] = ["redirect", "fdb"].map((name) => {
      const table = new SlowTable();
      const write = table.write.bind(table);
      table.write = (changes, signal) => {
        order.push(...changes.map(({ kind }) => `${kind} ${name}`));
        return write(changes, signal);
      };
      const reconciler = new Reconciler(table);
      reconciler.open();
      return reconciler;
    });
    if (first === undefined || second === undefined) throw new Error("There are two");
    // The loop does not look into rows.
    loop.add("redirect", first as never, ["remove"]);
    loop.add("fdb", second);
    loop.add("redirect", first as never);
    done.push(loop.run(abort.signal));
    for (const row of [rowOf(1), undefined]) {
      for (const reconciler of [first, second]) reconciler.want(keyOf(1), row);
      await loop.settled();
    }
    expect(order).toEqual(["put fdb", "put redirect", "remove redirect", "remove fdb"]);
  });
});

describe("Who sleeps for the loop", () => {
  it("is told after every pass, for a retry may be gone and a later one be the next", async () => {
    const asked: (number | undefined)[] = [];
    const kernel = bench({ onPass: () => asked.push(kernel.loop.nextAt()) });
    await start(kernel);
    kernel.table.fails = true;
    kernel.want(1);
    await kernel.loop.settled();
    now = 1050;
    kernel.want(2);
    await kernel.loop.settled();
    expect(asked.at(-1)).toBe(1100);
    kernel.want(1, false);
    kernel.reconciler.saw(keyOf(1), undefined);
    now = 1100;
    kernel.table.fails = false;
    await kernel.loop.settled();
    expect(asked.at(-1)).toBe(1150);
  });

  it("is not asked to wake it for what it is doing", async () => {
    const asked: (number | undefined)[] = [];
    const kernel = bench({ onPass: () => asked.push(kernel.loop.nextAt()) });
    await start(kernel);
    kernel.table.fails = true;
    kernel.want(1);
    await kernel.loop.settled();
    expect(kernel.loop.nextAt()).toBe(1100);
    now = 1100;
    kernel.table.isSlow = true;
    const settled = kernel.loop.settled();
    expect(kernel.loop.nextAt()).toBeUndefined();
    await turnsOfTheEventLoop();
    expect(kernel.loop.nextAt()).toBeUndefined();
    kernel.table.letThrough();
    await settled;
    expect(asked.at(-1)).toBe(1300);
  });
});

describe("A loop that waits before it removes", () => {
  let kernel: Bench;
  let routes: Bench;

  beforeEach(async () => {
    kernel = bench();
    routes = bench({ beforeRemoves: () => kernel.loop.settled() });
    routes.want(1);
    await start(kernel, routes);
    expect(routes.table.rows.size).toBe(1);
    kernel.table.isSlow = true;
  });

  /** The host has moved to another leaf. */
  function lose(last: number): void {
    kernel.want(last);
    routes.want(last, false);
    kernel.loop.wake();
    routes.loop.wake();
  }

  it("removes only after the other has tried what was marked in the same breath", async () => {
    lose(1);
    await turnsOfTheEventLoop();
    expect(kernel.table.batches).toEqual([["put 01"]]);
    expect(routes.table.batches).toEqual([]);
    kernel.table.letThrough();
    await vi.waitUntil(() => routes.table.batches.length > 0);
    expect(routes.table.batches).toEqual([["remove 01"]]);
  });

  it("puts at once, even while a removal waits", async () => {
    lose(1);
    await turnsOfTheEventLoop();
    routes.want(2);
    routes.loop.wake();
    await turnsOfTheEventLoop();
    expect(routes.table.batches).toEqual([["put 02"]]);
    kernel.table.letThrough();
    await routes.loop.settled();
    expect(routes.table.batches).toEqual([["put 02"], ["remove 01"]]);
  });

  it("does not remove what has come back meanwhile", async () => {
    lose(1);
    await turnsOfTheEventLoop();
    routes.want(1);
    routes.loop.wake();
    kernel.table.letThrough();
    await routes.loop.settled();
    await turnsOfTheEventLoop();
    expect(routes.table.batches).toEqual([]);
    expect(routes.table.rows.size).toBe(1);
  });

  it("has each removal wait for its own", async () => {
    routes.want(2);
    await routes.loop.settled();
    routes.table.batches.length = 0;
    lose(1);
    await turnsOfTheEventLoop();
    lose(2);
    kernel.table.letThrough();
    await turnsOfTheEventLoop();
    expect(kernel.table.batches).toEqual([["put 01"], ["put 02"]]);
    expect(routes.table.batches).toEqual([["remove 01"]]);
    kernel.table.letThrough();
    await vi.waitUntil(() => routes.table.batches.length > 1);
    expect(routes.table.batches).toEqual([["remove 01"], ["remove 02"]]);
  });

  it("removes although the other can not write", async () => {
    kernel.table.isSlow = false;
    kernel.table.fails = true;
    lose(1);
    await vi.waitUntil(() => routes.table.rows.size === 0);
    expect(kernel.table.rows.size).toBe(0);
  });

  it("removes what was found left over at the start", async () => {
    const late = bench({ beforeRemoves: () => kernel.loop.settled() });
    late.table.rows.set(keyOf(7), rowOf(7));
    await start(late);
    await vi.waitUntil(() => late.table.rows.size === 0);
  });
});
