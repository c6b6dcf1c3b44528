import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Applied, ChangeKind } from "../../src/reconcile/applied.ts";
import { Reconciler } from "../../src/reconcile/reconciler.ts";
import { type FakeKey, type FakeRow, FakeTable } from "../fakes/fake-table.ts";

const { signal } = new AbortController();

let table: FakeTable;
let reconciler: Reconciler<FakeKey, FakeRow>;

beforeEach(() => {
  table = new FakeTable();
  reconciler = new Reconciler(table);
});

function row(value: number): FakeRow {
  return { value };
}

/** Also takes in what is read beside, when it has been read. */
async function apply(
  now = 0,
  { kinds = ["put", "remove"], upTo }: { kinds?: readonly ChangeKind[]; upTo?: number } = {},
): Promise<Applied<FakeKey, FakeRow>> {
  let wasRead = false;
  const onRead = (): void => {
    wasRead = true;
  };
  const options = { kinds, upTo, now, signal, onRead };
  const first = await reconciler.apply(options);
  await vi.waitUntil(() => table.listing === 0, { interval: 1 });
  // Few rows are taken in within a turn or two.
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  if (!wasRead) return first;
  const second = await reconciler.apply(options);
  return {
    written: [...first.written, ...second.written],
    failed: [...first.failed, ...second.failed],
    reading: second.reading,
    drifted: second.drifted,
  };
}

/** Opened, and has read a table in which these rows stand and are wanted. */
async function settledWith(rows: Readonly<Record<FakeKey, number>> = {}): Promise<void> {
  for (const [key, value] of Object.entries(rows)) {
    table.rows.set(key, row(value));
    reconciler.want(key, row(value));
  }
  reconciler.open();
  await apply();
  table.tried.length = 0;
  table.lists = 0;
  table.onEcho = (key, seen) => reconciler.saw(key, seen);
}

function triedKeys(): readonly string[] {
  return table.tried.splice(0).map(({ kind, key }) => `${kind} ${key}`);
}

describe("At the start", () => {
  it("keeps a row once that stands as it is wanted", async () => {
    await settledWith({ a: 1 });
    expect(reconciler.actual.get("a")).toBe(reconciler.desired.get("a"));
    expect(table.rows.get("a")).not.toBe(reconciler.desired.get("a"));
  });

  it("nothing is read or written before the gate is open", async () => {
    reconciler.want("a", row(1));
    expect(await apply()).toEqual({ written: [], failed: [], reading: undefined });
    expect([table.lists, table.writes]).toEqual([0, 0]);
    expect(reconciler.nextAt()).toBeUndefined();
  });

  it("a restart leaves alone what is right, writes what is not, removes what nobody wants", async () => {
    table.rows.set("right", row(1));
    table.rows.set("wrong", row(2));
    table.rows.set("stale", row(3));
    reconciler.want("right", row(1));
    reconciler.want("wrong", row(20));
    reconciler.want("missing", row(4));
    reconciler.open();
    const { reading, failed } = await apply();
    expect(reading).toEqual({ kind: "read", cause: "start", rows: 3, wrong: 3 });
    expect(failed).toEqual([]);
    expect(triedKeys()).toEqual(["put wrong", "put missing", "remove stale"]);
    expect(Object.fromEntries(table.rows)).toEqual({
      right: row(1),
      wrong: row(20),
      missing: row(4),
    });
    expect(reconciler.counts.drifted).toBe(0);
  });

  it("nothing is written before the table could be read, which is tried again in its time", async () => {
    table.failNextLists = 2;
    reconciler.want("a", row(1));
    reconciler.open();
    expect((await apply(1000)).reading).toEqual({
      kind: "unreadable",
      cause: "start",
      reason: "The table can not be read now",
    });
    expect(reconciler.nextAt()).toBe(1100);
    await apply(1099);
    expect([table.lists, table.writes]).toEqual([1, 0]);
    await apply(1100);
    expect(reconciler.nextAt()).toBe(1300);
    await apply(1300);
    expect(triedKeys()).toEqual(["put a"]);
    expect(reconciler.nextAt()).toBeUndefined();
  });
});

describe("A table that may be read before it may be written", () => {
  it("is read once, is told when it can be said what is wrong, and takes no echo for drift", async () => {
    table.rows.set("right", row(1));
    table.rows.set("stale", row(2));
    reconciler.readAhead(new AbortController().signal);
    expect(reconciler.hasWork(["put"], 9, 0)).toBe(true);
    expect(await apply()).toEqual({ written: [], failed: [], reading: undefined });
    expect(reconciler.hasWork(["put", "remove"], 9, 0)).toBe(false);
    reconciler.want("right", row(1));
    reconciler.want("missing", row(3));
    expect(await apply()).toEqual({ written: [], failed: [], reading: undefined });
    expect([table.lists, table.writes]).toEqual([1, 0]);

    reconciler.open();
    expect(reconciler.hasWork(["put"], 0, 0)).toBe(true);
    const { reading } = await apply();
    expect(reading).toEqual({ kind: "read", cause: "start", rows: 2, wrong: 2 });
    expect(triedKeys()).toEqual(["put missing", "remove stale"]);
    expect(table.lists).toBe(1);
    expect(reconciler.counts).toMatchObject({ drifted: 0, read: 1 });
  });

  it("is asked for its rows at once; what is seen from then on is newer than what is read", async () => {
    table.rows.set("a", row(1));
    reconciler.readAhead(signal);
    expect(table.lists).toBe(1);
    reconciler.saw("a", row(2));
    await apply();
    expect(table.lists).toBe(1);
    expect(reconciler.actual.get("a")).toEqual(row(2));
  });

  it("is asked once more where what it was asked for is not to be believed any more", async () => {
    reconciler.readAhead(signal);
    table.rows.set("a", row(1));
    reconciler.resync("netlink overrun");
    await apply();
    expect(table.lists).toBe(2);
    expect(reconciler.actual.get("a")).toEqual(row(1));
  });

  it("is not tried before it was judged, and all that is wanted is pending until then", async () => {
    table.rows.set("right", row(1));
    reconciler.readAhead(signal);
    await apply();
    reconciler.want("right", row(1));
    reconciler.want("missing", row(3));
    const { turn } = reconciler;
    expect(reconciler.pending.dirty).toBe(2);
    reconciler.open();
    expect(reconciler.isTried(turn)).toBe(false);
    await apply();
    expect(reconciler.isTried(turn)).toBe(true);
    expect(triedKeys()).toEqual(["put missing"]);
    expect(reconciler.pending.dirty).toBe(0);
  });

  it("that can not be read is tried again in its time", async () => {
    table.failNextLists = 1;
    reconciler.readAhead(new AbortController().signal);
    expect((await apply()).reading).toMatchObject({ kind: "unreadable" });
    expect(reconciler.nextAt()).toBe(100);
    expect(reconciler.hasWork(["put"], 0, 99)).toBe(false);
    expect((await apply(100)).reading).toBeUndefined();
    expect(reconciler.nextAt()).toBeUndefined();
  });
});

describe("What is wanted", () => {
  it("is written in one batch, in the order in which it was wanted", async () => {
    await settledWith({ gone: 9 });
    reconciler.want("b", row(1));
    reconciler.want("gone", undefined);
    reconciler.want("a", row(2));
    const writes = table.writes;
    const { written } = await apply();
    expect(table.writes - writes).toBe(1);
    expect(triedKeys()).toEqual(["put b", "remove gone", "put a"]);
    expect(written).toEqual([
      { kind: "put", key: "b", row: row(1) },
      { kind: "remove", key: "gone", row: row(9) },
      { kind: "put", key: "a", row: row(2) },
    ]);
  });

  it("is not written when it stands already, nor when it was wanted and unwanted", async () => {
    await settledWith({ a: 1 });
    reconciler.want("a", row(2));
    reconciler.want("a", row(1));
    reconciler.want("b", row(3));
    reconciler.want("b", undefined);
    await apply();
    await apply();
    expect(triedKeys()).toEqual([]);
  });

  it("is not lost when it changes while it is being written", async () => {
    await settledWith();
    reconciler.want("a", row(1));
    table.hold();
    const first = apply();
    reconciler.want("a", row(2));
    table.release();
    expect((await first).written).toEqual([{ kind: "put", key: "a", row: row(1) }]);
    expect(reconciler.actual.get("a")).toEqual(row(1));
    expect(reconciler.pending.dirty).toBe(1);
    await apply();
    expect(table.rows.get("a")).toEqual(row(2));
  });

  it("is pending while it is being written, and once where another is wanted meanwhile", async () => {
    await settledWith();
    reconciler.want("a", row(1));
    reconciler.want("b", row(1));
    table.hold();
    const first = apply();
    expect(reconciler.pending.dirty).toBe(2);
    reconciler.want("a", row(2));
    reconciler.want("c", row(1));
    expect(reconciler.pending.dirty).toBe(3);
    table.release();
    await first;
    expect(reconciler.pending.dirty).toBe(2);
  });

  it("is written back when it changes and changes back while it is being written", async () => {
    await settledWith({ a: 1 });
    reconciler.want("a", row(2));
    table.hold();
    const first = apply();
    reconciler.want("a", row(1));
    table.release();
    await first;
    await apply();
    expect(table.rows.get("a")).toEqual(row(1));
  });

  it("can be put and removed at different times", async () => {
    await settledWith({ old: 1 });
    reconciler.want("old", undefined);
    reconciler.want("new", row(2));
    await apply(0, { kinds: ["put"] });
    expect(triedKeys()).toEqual(["put new"]);
    const { turn } = reconciler;
    expect(reconciler.isTried(turn)).toBe(false);
    table.rows.set("older", row(3));
    reconciler.saw("older", row(3));
    await apply(0, { kinds: ["remove"], upTo: turn });
    expect(triedKeys()).toEqual(["remove old"]);
    expect(reconciler.isTried(turn)).toBe(true);
    await apply(0, { kinds: ["remove"], upTo: reconciler.turn });
    expect(triedKeys()).toEqual(["remove older"]);
  });
});

describe("A row that can not be written", () => {
  it("is tried again in its own time, and does not hold up the others", async () => {
    await settledWith();
    table.failKeys.add("a");
    reconciler.want("a", row(1));
    reconciler.want("b", row(2));
    const { written, failed } = await apply(1000);
    expect(written.map(({ key }) => key)).toEqual(["b"]);
    expect(failed).toEqual([{ key: "a", kind: "later", reason: "Cannot write a: busy" }]);
    expect(reconciler.pending).toEqual({ dirty: 0, retrying: 1, foreign: 0, unfit: 0 });
    triedKeys();

    const triedAt: number[] = [];
    for (let now = reconciler.nextAt() ?? 0; now < 200_000; now = reconciler.nextAt() ?? 0) {
      await apply(now - 1);
      expect(triedKeys()).toEqual([]);
      await apply(now);
      expect(triedKeys()).toEqual(["put a"]);
      triedAt.push(now);
    }
    expect(triedAt.slice(0, 4)).toEqual([1100, 1300, 1700, 2500]);
    expect((triedAt.at(-1) ?? 0) - (triedAt.at(-2) ?? 0)).toBe(30_000);

    table.failKeys.clear();
    await apply(reconciler.nextAt());
    expect(table.rows.get("a")).toEqual(row(1));
    expect(reconciler.nextAt()).toBeUndefined();
    expect(reconciler.pending).toEqual({ dirty: 0, retrying: 0, foreign: 0, unfit: 0 });
  });

  it("is tried again as early as it is due, though another one is due later", async () => {
    await settledWith();
    table.failKeys.add("a").add("b");
    reconciler.want("a", row(1));
    await apply(1000);
    reconciler.want("b", row(1));
    await apply(1050);
    expect(reconciler.nextAt()).toBe(1100);
    await apply(1100);
    expect(reconciler.nextAt()).toBe(1150);
  });

  it("waits for no longer when it is wanted again as it was, but when it is wanted otherwise", async () => {
    await settledWith();
    table.failKeys.add("a");
    reconciler.want("a", row(1));
    await apply(1000);
    triedKeys();
    reconciler.want("a", row(1));
    await apply(1001);
    expect(triedKeys()).toEqual([]);
    reconciler.want("a", row(2));
    await apply(1002);
    expect(triedKeys()).toEqual(["put a"]);
    expect(reconciler.waiting.get("a")?.retryAt).toBe(1102);
  });

  it("counts all rows as failed when the driver itself fails", async () => {
    await settledWith();
    table.failNextWrites = 1;
    reconciler.want("a", row(1));
    reconciler.want("b", row(2));
    const { failed } = await apply(1000);
    expect(failed.map(({ key, kind }) => `${key} ${kind}`)).toEqual(["a later", "b later"]);
    await apply(1100);
    expect(table.rows.size).toBe(2);
  });

  it("is not blamed for the failure of the row that was wanted before", async () => {
    await settledWith();
    table.failKeys.add("a");
    reconciler.want("a", row(1));
    table.hold();
    const first = apply(1000);
    reconciler.want("a", row(2));
    table.failKeys.clear();
    table.failNextWrites = 1;
    table.release();
    await first;
    expect(reconciler.pending).toEqual({ dirty: 1, retrying: 0, foreign: 0, unfit: 0 });
    await apply(1000);
    expect(table.rows.get("a")).toEqual(row(2));
  });

  it("is written over when it may stand there in part, though it is not wanted any more", async () => {
    await settledWith({ b: 1 });
    table.onEcho = () => {};
    table.failAfterWriting.add("a").add("b");
    reconciler.want("a", row(1));
    reconciler.want("b", row(2));
    await apply(1000);
    expect(Object.fromEntries(table.rows)).toEqual({ a: row(1), b: row(2) });
    table.failAfterWriting.clear();
    reconciler.want("a", undefined);
    reconciler.want("b", row(1));
    await apply(1000);
    expect(Object.fromEntries(table.rows)).toEqual({ b: row(1) });
  });

  it("waits for another row to be wanted, where it is unfit", async () => {
    await settledWith({ a: 1 });
    table.unfitValues.add(99);
    reconciler.want("a", row(99));
    await apply(1000);
    triedKeys();
    expect(reconciler.pending).toEqual({ dirty: 0, retrying: 0, foreign: 0, unfit: 1 });
    expect(reconciler.nextAt()).toBeUndefined();
    reconciler.saw("a", row(1));
    await apply(1_000_000);
    expect(triedKeys()).toEqual([]);
    reconciler.want("a", row(2));
    await apply(1_000_000);
    expect(table.rows.get("a")).toEqual(row(2));
  });
});

describe("A row of somebody else", () => {
  beforeEach(async () => {
    await settledWith();
    table.foreign.add("a");
    reconciler.want("a", row(1));
    await apply(1000);
    triedKeys();
  });

  it("is waited for until it is gone", async () => {
    expect(reconciler.pending).toEqual({ dirty: 0, retrying: 0, foreign: 1, unfit: 0 });
    expect(reconciler.nextAt()).toBeUndefined();
    reconciler.want("a", row(2));
    await apply(1_000_000);
    expect(triedKeys()).toEqual([]);
    table.foreign.delete("a");
    reconciler.saw("a", undefined);
    await apply(1_000_000);
    expect(table.rows.get("a")).toEqual(row(2));
  });

  it("is tried again after the table has been read again", async () => {
    table.foreign.delete("a");
    reconciler.resync("overrun");
    await apply(1000);
    expect(table.rows.get("a")).toEqual(row(1));
  });

  it("is not taken for ours where it has taken the place of ours", async () => {
    table.rows.set("b", row(1));
    reconciler.want("b", row(1));
    reconciler.saw("b", row(1));
    table.foreign.add("b");
    reconciler.want("b", row(2));
    await apply(1000);
    triedKeys();
    reconciler.want("b", undefined);
    await apply(1000);
    expect(triedKeys()).toEqual([]);
  });

  it("is left alone when ours is not wanted any more", async () => {
    reconciler.want("a", undefined);
    await apply(1000);
    expect(triedKeys()).toEqual([]);
    expect(reconciler.pending).toEqual({ dirty: 0, retrying: 0, foreign: 0, unfit: 0 });
  });
});

describe("An echo", () => {
  it("of our own write changes nothing", async () => {
    await settledWith();
    reconciler.want("a", row(1));
    await apply();
    triedKeys();
    await apply();
    expect(triedKeys()).toEqual([]);
    expect(reconciler.counts).toEqual({ put: 1, removed: 0, failed: 0, drifted: 0, read: 1 });
  });

  it("of somebody else's edit has the row written again", async () => {
    await settledWith({ a: 1, b: 2 });
    table.edit("a", undefined);
    table.edit("b", row(7));
    table.edit("c", row(8));
    expect(reconciler.counts.drifted).toBe(3);
    await apply();
    expect(triedKeys()).toEqual(["put a", "put b", "remove c"]);
    expect(Object.fromEntries(table.rows)).toEqual({ a: row(1), b: row(2) });
  });

  it("of an older write that comes late makes nothing flap", async () => {
    await settledWith();
    const echoes: [FakeKey, FakeRow | undefined][] = [];
    table.onEcho = (key, seen) => echoes.push([key, seen]);
    for (const value of [1, 2, 3]) {
      reconciler.want("a", row(value));
      await apply();
    }
    reconciler.want("a", undefined);
    await apply();
    reconciler.want("a", row(1));
    await apply();
    triedKeys();
    for (const [key, seen] of echoes) {
      reconciler.saw(key, seen);
      await apply();
      expect(reconciler.actual.get("a")).toEqual(row(1));
    }
    expect(triedKeys()).toEqual([]);
    expect(reconciler.counts.drifted).toBe(0);
  });

  it("of an older write that comes while a newer one is under way makes nothing flap", async () => {
    await settledWith();
    table.onEcho = () => {};
    reconciler.want("a", row(1));
    await apply();
    reconciler.want("a", row(2));
    table.hold();
    const second = apply();
    reconciler.saw("a", row(1));
    table.release();
    await second;
    reconciler.saw("a", row(2));
    triedKeys();
    await apply();
    expect(triedKeys()).toEqual([]);
    expect(reconciler.counts.drifted).toBe(0);
  });

  it("of an edit that comes while the row is being written has it written again", async () => {
    await settledWith();
    table.onEcho = () => {};
    reconciler.want("a", row(1));
    table.hold();
    const first = apply();
    reconciler.saw("a", row(1));
    reconciler.saw("a", undefined);
    table.release();
    await first;
    triedKeys();
    await apply();
    expect(triedKeys()).toEqual(["put a"]);
  });

  it("of our own removal counts, though an edit that was older was told after it", async () => {
    await settledWith();
    const told: [FakeKey, FakeRow | undefined][] = [];
    table.onEcho = (key, seen) => told.push([key, seen]);
    table.edit("a", row(1));
    reconciler.resync("look");
    await apply();
    expect(table.rows.has("a")).toBe(false);
    reconciler.want("a", row(1));
    for (const [key, seen] of told.splice(0, 1)) reconciler.saw(key, seen);
    await apply();
    for (const [key, seen] of told.splice(0)) reconciler.saw(key, seen);
    await apply();
    expect(table.rows.get("a")).toEqual(row(1));
  });

  it("says what stands now although we have just written the same as the one before", async () => {
    await settledWith({ a: 1 });
    reconciler.want("a", row(2));
    await apply();
    reconciler.want("a", row(1));
    await apply();
    triedKeys();
    table.edit("a", row(2));
    await apply();
    expect(triedKeys()).toEqual(["put a"]);
  });
});

describe("What looks like an echo but is none", () => {
  beforeEach(async () => {
    await settledWith();
    table.onEcho = () => {};
  });

  async function expectDriftTo(value: number): Promise<void> {
    reconciler.want("a", row(value + 1));
    await apply(1000);
    triedKeys();
    reconciler.saw("a", row(value));
    await apply(1000);
    expect(triedKeys()).toEqual(["put a"]);
  }

  it("because our write has failed", async () => {
    table.failKeys.add("a");
    reconciler.want("a", row(1));
    await apply(1000);
    table.failKeys.clear();
    await expectDriftTo(1);
  });

  it("because the echoes have been lost", async () => {
    reconciler.want("a", row(1));
    await apply(1000);
    reconciler.resync("overrun");
    await expectDriftTo(1);
  });
});

describe("Reading again", () => {
  it("finds what has changed without our being told", async () => {
    await settledWith({ a: 1, b: 2, c: 3 });
    table.edit("a", undefined, { silently: true });
    table.edit("b", row(7), { silently: true });
    table.edit("d", row(8), { silently: true });
    reconciler.resync("refresh");
    const { reading } = await apply();
    expect(reading).toEqual({ kind: "read", cause: "refresh", rows: 3, wrong: 3 });
    expect(Object.fromEntries(table.rows)).toEqual({ a: row(1), b: row(2), c: row(3) });
    expect(reconciler.counts.drifted).toBe(3);
  });

  it("does not hold up what is dirty", async () => {
    await settledWith();
    reconciler.resync("refresh");
    reconciler.want("a", row(1));
    table.failNextLists = 1;
    await apply();
    expect(table.rows.get("a")).toEqual(row(1));
  });

  it("that fails keeps what is wanted, and is tried again", async () => {
    await settledWith({ a: 1 });
    table.edit("a", undefined, { silently: true });
    table.failNextLists = 1;
    reconciler.resync("overrun");
    expect((await apply(1000)).reading).toMatchObject({ kind: "unreadable", cause: "overrun" });
    expect(reconciler.nextAt()).toBe(1100);
    await apply(1100);
    expect(table.rows.get("a")).toEqual(row(1));
  });

  it("tries at once what waits for its time", async () => {
    await settledWith();
    table.failKeys.add("a");
    reconciler.want("a", row(1));
    await apply(1000);
    table.failKeys.clear();
    reconciler.resync("reconnect");
    await apply(1001);
    expect(table.rows.get("a")).toEqual(row(1));
    expect(reconciler.nextAt()).toBeUndefined();
  });

  it("believes what was seen meanwhile rather than what was read", async () => {
    await settledWith({ a: 1, b: 2 });
    reconciler.resync("refresh");
    table.hold();
    const reading = apply();
    await vi.waitUntil(() => table.lists === 1);
    table.edit("a", undefined);
    table.release();
    await reading;
    expect(Object.fromEntries(table.rows)).toEqual({ a: row(1), b: row(2) });
    expect(reconciler.actual.get("a")).toEqual(row(1));
  });

  it("is done again when it was asked for while it was being done", async () => {
    await settledWith();
    reconciler.resync("overrun");
    table.holdLists();
    table.failNextLists = 1;
    const reading = apply(1000);
    await vi.waitUntil(() => table.listing === 1, { interval: 1 });
    reconciler.resync("overrun");
    expect(reconciler.nextAt()).toBeUndefined();
    table.releaseLists();
    expect((await reading).reading).toMatchObject({ kind: "unreadable" });
    await vi.waitUntil(() => table.listing === 0, { interval: 1 });
    expect((await apply(1000)).reading).toMatchObject({ kind: "read" });
    expect(table.lists).toBe(2);
    expect(reconciler.nextAt()).toBeUndefined();
  });

  it("keeps no news waiting", async () => {
    await settledWith({ a: 1 });
    reconciler.resync("look");
    table.holdLists();
    const reading = apply();
    await vi.waitUntil(() => table.listing === 1, { interval: 1 });
    reconciler.want("b", row(2));
    await reconciler.apply({ kinds: ["put", "remove"], now: 0, signal, onRead: () => {} });
    expect(table.rows.get("b")).toEqual(row(2));
    table.releaseLists();
    expect((await reading).reading).toMatchObject({ kind: "read" });
  });

  it("believes what was written meanwhile rather than what was read", async () => {
    await settledWith({ a: 1, b: 2 });
    table.onEcho = () => {};
    reconciler.resync("look");
    table.holdLists();
    const reading = apply();
    await vi.waitUntil(() => table.listing === 1, { interval: 1 });
    reconciler.want("a", row(3));
    reconciler.want("b", undefined);
    reconciler.want("c", row(4));
    await reconciler.apply({ kinds: ["put", "remove"], now: 0, signal, onRead: () => {} });
    table.tried.length = 0;
    table.releaseLists();
    await reading;
    expect(table.tried).toEqual([]);
    expect(Object.fromEntries(reconciler.actual)).toEqual({ a: row(3), c: row(4) });
    expect(reconciler.counts.drifted).toBe(0);
  });

  it("believes what is being written rather than what was read", async () => {
    await settledWith({ a: 1 });
    table.onEcho = () => {};
    const options = { kinds: ["put", "remove"], now: 0, signal, onRead: () => {} } as const;
    reconciler.resync("look");
    table.holdLists();
    await reconciler.apply(options);
    reconciler.want("a", row(2));
    table.hold();
    const writing = reconciler.apply(options);
    table.releaseLists();
    await vi.waitUntil(() => table.listing === 0, { interval: 1 });
    table.release();
    await writing;
    table.tried.length = 0;
    await apply();
    expect(table.tried).toEqual([]);
    expect(reconciler.actual.get("a")).toEqual(row(2));
    expect(reconciler.counts.drifted).toBe(0);
  });
});

describe("What stands in the way", () => {
  it("is told once, however often the table is read, and again when it comes again", async () => {
    await settledWith();
    table.foreign.add("a");
    reconciler.want("a", row(1));
    expect((await apply()).failed).toHaveLength(1);
    reconciler.resync("look");
    expect((await apply()).failed).toEqual([]);
    expect(reconciler.pending.foreign).toBe(1);

    table.foreign.delete("a");
    reconciler.saw("a", undefined);
    expect((await apply()).written).toHaveLength(1);
    table.foreign.add("a");
    reconciler.saw("a", undefined);
    expect((await apply()).failed).toHaveLength(1);
  });
});

describe("Many rows", () => {
  const many = Array.from({ length: 2500 }, (_, i) => `${i}`);

  async function writesBegunAtOnce({ queues }: { queues: boolean }): Promise<number> {
    await settledWith();
    table.queues = queues;
    const { writes } = table;
    for (const key of many) reconciler.want(key, row(1));
    table.hold();
    const applied = apply();
    await new Promise(setImmediate);
    const begun = table.writes - writes;
    table.release();
    expect((await applied).written.map(({ key }) => key)).toEqual(many);
    expect(table.rows.size).toBe(many.length);
    return begun;
  }

  it("are written lot after lot", async () => {
    expect(await writesBegunAtOnce({ queues: false })).toBe(1);
  });

  it("are made ready while others are written, where the driver queues them", async () => {
    expect(await writesBegunAtOnce({ queues: true })).toBe(2);
  });

  it("that fail are told though the next lot was begun before", async () => {
    await settledWith();
    table.queues = true;
    table.failKeys.add("3").add("1003");
    for (const key of many) reconciler.want(key, row(1));
    const { failed, written } = await apply();
    expect(failed.map(({ key }) => key)).toEqual(["3", "1003"]);
    expect(written).toHaveLength(many.length - 2);
  });
});
