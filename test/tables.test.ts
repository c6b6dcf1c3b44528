/** In which order what follows from one decision is written. */
import { setImmediate } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import type { MacAddress } from "../src/evpn/mac.ts";
import { type MacIpRoute, macIpRouteKey } from "../src/evpn/mac-ip-route.ts";
import { fdbKey, neighbourKey, type RowAt, redirectKey, type TableName } from "../src/evpn/rows.ts";
import type { Driver } from "../src/reconcile/driver.ts";
import { type Drivers, Tables } from "../src/tables.ts";
import { A, adv, B, I4, M, VNI } from "./mobility/leaf.ts";

const TABLES = ["fdb", "flood", "neighbour", "redirect", "mac-ip-route", "imet-route"] as const;

interface Bench extends AsyncDisposable {
  readonly tables: Tables;
  /** What was written, table by table. */
  readonly written: readonly string[];
}

/** Tables that take everything; `hold` waits before a write to that table is done. */
async function opened(
  hold: (table: TableName) => Promise<void> | undefined,
  isOutranked = true,
): Promise<Bench> {
  const written: string[] = [];
  const tables = new Tables(
    ...taking((table, kinds) => {
      written.push(...kinds.map((kind) => `${kind} ${table}`));
      return hold(table);
    }, isOutranked),
  );
  const end = new AbortController();
  const running = tables.run(end.signal);
  await tables.open();
  return {
    tables,
    written,
    [Symbol.asyncDispose]: async () => {
      end.abort();
      await running;
    },
  };
}

function taking(
  write: (table: TableName, kinds: readonly string[]) => Promise<void> | undefined,
  isOutranked = true,
): ConstructorParameters<typeof Tables> {
  const driver = (table: TableName): Driver<string, unknown> => ({
    list: async () => new Map(),
    agree: (a, b) => a === b,
    write: async (changes) => {
      await write(
        table,
        changes.map(({ kind }) => kind),
      );
      return [];
    },
  });
  const drivers = Object.fromEntries(TABLES.map((table) => [table, driver(table)]));
  const options = {
    clock: () => performance.now(),
    onApplied: () => {},
    onWrite: () => {},
    isSucceeded: () => true,
    isOutranked: () => isOutranked,
  };
  return [drivers as unknown as Drivers, options];
}

it("A route is withdrawn when frames go to the new place, and does not wait for who answers ARP", async () => {
  const held = new Map<TableName, () => void>();
  const hold = new Set<TableName>();
  await using bench = await opened((table) =>
    hold.has(table) ? new Promise((done) => held.set(table, done)) : undefined,
  );
  const { tables, written } = bench;
  const ours = adv(A);
  const route = { table: "mac-ip-route", key: macIpRouteKey(ours) } as const;
  tables.want({ ...route, row: ours });
  tables.wake();
  await expect.poll(() => written).toEqual(["put mac-ip-route"]);

  for (const table of ["fdb", "redirect", "neighbour"] as const) hold.add(table);
  const [fdb, redirect] = [
    { vni: VNI, mac: M, vtep: B, pinned: false },
    { vni: VNI, mac: M, until: 1000 },
  ];
  const rows: readonly RowAt[] = [
    { ...route, row: undefined },
    {
      table: "neighbour",
      key: neighbourKey({ vni: VNI, ip: I4 }),
      row: { vni: VNI, ip: I4, mac: M },
    },
    { table: "redirect", key: redirectKey(redirect), row: redirect },
    { table: "fdb", key: fdbKey(fdb), row: fdb },
  ];
  for (const row of rows) tables.want(row);
  tables.wake();
  for (const [table, next] of [
    ["fdb", ["put redirect"]],
    ["redirect", ["put neighbour", "remove mac-ip-route"]],
  ] as const) {
    await expect.poll(() => held.has(table)).toBe(true);
    for (let turn = 0; turn < 5; turn++) await setImmediate();
    expect(written.at(-1)).toBe(`put ${table}`);
    held.get(table)?.();
    await expect.poll(() => written.slice(-next.length).sort()).toEqual([...next].sort());
  }
  held.get("neighbour")?.();
});

/** By turns of the event loop: `expect.poll` would move the timers on. */
async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100 && !isSo(); turn++) await setImmediate();
  expect(isSo()).toBe(true);
}

function hostOf(last: number): MacIpRoute {
  return { ...adv(A), mac: `02:00:00:00:01:${10 + last}` as MacAddress, ip: I4 };
}

function want(tables: Tables, row: MacIpRoute, isThere = true): void {
  tables.want({ table: "mac-ip-route", key: macIpRouteKey(row), row: isThere ? row : undefined });
}

function withdrawnIn({ written }: Bench): number {
  return written.filter((each) => each === "remove mac-ip-route").length;
}

/** So that what has time waits for as long as the test likes. */
async function withTimersThatWait(work: () => Promise<void>): Promise<void> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    await work();
  } finally {
    vi.useRealTimers();
  }
}

/** Twenty hosts that were here and are at another leaf, or nowhere. */
async function twentyGone(tables: Tables, isElsewhere: boolean): Promise<void> {
  for (let i = 0; i < 20; i++) want(tables, hostOf(i));
  tables.wake();
  await until(() => tables.of["mac-ip-route"].actual.size === 20);
  for (let i = 0; i < 20; i++) {
    const { vni, mac } = hostOf(i);
    const row = { vni, mac, vtep: B, pinned: false };
    if (isElsewhere) tables.want({ table: "fdb", key: fdbKey(row), row });
    want(tables, hostOf(i), false);
  }
  tables.wake();
}

it("Of many hosts that have moved a few are withdrawn at once, and all where one of them is lost", () =>
  withTimersThatWait(async () => {
    await using bench = await opened(() => undefined);
    const { tables } = bench;
    await twentyGone(tables, true);
    expect(tables.pending.gobgp).toBe(20);
    await until(() => withdrawnIn(bench) === 8);
    // One has come back.
    want(tables, hostOf(18));
    const { vni, mac } = hostOf(19);
    tables.want({ table: "fdb", key: fdbKey({ vni, mac }), row: undefined });
    tables.wake();
    await until(() => withdrawnIn(bench) === 19);
    expect([...tables.of["mac-ip-route"].actual.values()]).toEqual([hostOf(18)]);
  }));

it("A gobgpd that has to be told again is not told of hosts that have moved", () =>
  withTimersThatWait(async () => {
    await using bench = await opened(() => undefined);
    const { tables } = bench;
    await twentyGone(tables, true);
    expect(tables.of["mac-ip-route"].desired.size).toBe(12);
    tables.resync("fdb", "changed");
    expect(tables.of["mac-ip-route"].desired.size).toBe(12);
    tables.resync("mac-ip-route", "gobgpd connected");
    expect(tables.of["mac-ip-route"].desired.size).toBe(0);
  }));

/** Twenty hosts that come at once, or only their MACs. */
function twentyCome(tables: Tables, { withIps }: { withIps: boolean }): void {
  for (let i = 0; i < 20; i++) {
    want(tables, { ...hostOf(i), ip: undefined });
    if (withIps) want(tables, hostOf(i));
  }
  tables.wake();
}

/** Answers when all are told of that are told of at once: of four hosts also the MAC alone. */
async function twentyHaveCome(tables: Tables): Promise<Tables["of"]["mac-ip-route"]> {
  const routes = tables.of["mac-ip-route"];
  twentyCome(tables, { withIps: true });
  await until(() => routes.actual.size === 24);
  return routes;
}

function toldWithIps({ actual }: Tables["of"]["mac-ip-route"]): readonly boolean[] {
  return [...actual.values()].map(({ ip }) => ip !== undefined);
}

it("Of many hosts that come, the routes with their IPs are told first, then those of the MACs alone", () =>
  withTimersThatWait(async () => {
    await using bench = await opened(() => undefined);
    const { tables } = bench;
    const routes = await twentyHaveCome(tables);
    expect(tables.pending.gobgp).toBe(16);
    expect(toldWithIps(routes).filter((has) => has).length).toBe(20);
    tables.resync("mac-ip-route", "gobgpd connected");
    await until(() => routes.actual.size === 40);
    expect(tables.pending.gobgp).toBe(0);
  }));

it("A host that has gone on meanwhile is not told of", () =>
  withTimersThatWait(async () => {
    await using bench = await opened(() => undefined);
    const { tables } = bench;
    const routes = await twentyHaveCome(tables);
    for (let i = 0; i < 20; i++) {
      want(tables, { ...hostOf(i), ip: undefined }, false);
      want(tables, hostOf(i), false);
    }
    tables.wake();
    await until(() => routes.actual.size === 0);
    expect(tables.pending.gobgp).toBe(0);
  }));

it("A host that has lost its IP is told of by its MAC alone, at once", () =>
  withTimersThatWait(async () => {
    await using bench = await opened(() => undefined);
    const { tables } = bench;
    const routes = await twentyHaveCome(tables);
    want(tables, hostOf(15), false);
    tables.wake();
    const alone = (): number => toldWithIps(routes).filter((has) => !has).length;
    await until(() => alone() === 5 && tables.pending.gobgp === 15);
  }));

it("However many MACs come of which no IP is known, none waits", () =>
  withTimersThatWait(async () => {
    await using bench = await opened(() => undefined);
    twentyCome(bench.tables, { withIps: false });
    await until(() => bench.tables.of["mac-ip-route"].actual.size === 20);
  }));

it("Nothing waits before rows are written: what is not wanted then is removed", () =>
  withTimersThatWait(async () => {
    const tables = new Tables(...taking(() => undefined));
    twentyCome(tables, { withIps: true });
    expect(tables.of["mac-ip-route"].desired.size).toBe(40);
  }));

it("Hosts that are nowhere are withdrawn at once, however many", () =>
  withTimersThatWait(async () => {
    await using bench = await opened(() => undefined);
    await twentyGone(bench.tables, false);
    await until(() => withdrawnIn(bench) === 20);
  }));

it("C1.15 Hosts that have gone are withdrawn at once where others would believe us still", () =>
  withTimersThatWait(async () => {
    await using bench = await opened(() => undefined, false);
    await twentyGone(bench.tables, true);
    await until(() => withdrawnIn(bench) === 20);
  }));

it("Who comes while roamd withdraws all that it has told is not told of", () =>
  withTimersThatWait(async () => {
    await using bench = await opened(() => undefined);
    const { tables } = bench;
    want(tables, hostOf(0));
    tables.wake();
    await until(() => tables.of["mac-ip-route"].actual.size === 1);
    const withdrawn = tables.withdrawAll();
    want(tables, hostOf(1));
    want(tables, hostOf(0));
    tables.wake();
    await withdrawn;
    expect(tables.of["mac-ip-route"].actual.size).toBe(0);
    expect(tables.of["mac-ip-route"].desired.size).toBe(0);
  }));

it("Nothing that has time is left to others when roamd ends", () =>
  withTimersThatWait(async () => {
    for (const end of ["catchUp", "withdrawAll"] as const) {
      await using bench = await opened(() => undefined);
      const { tables } = bench;
      await twentyGone(tables, true);
      want(tables, hostOf(30));
      const { actual } = tables.of["mac-ip-route"];
      await tables[end]();
      expect(actual.size, end).toBe(end === "catchUp" ? 1 : 0);
      vi.runAllTimers();
      for (let turn = 0; turn < 10; turn++) await setImmediate();
      expect(actual.size, end).toBe(end === "catchUp" ? 1 : 0);
    }
    for (const [end, left] of [
      ["catchUp", 40],
      ["withdrawAll", 0],
    ] as const) {
      await using bench = await opened(() => undefined);
      twentyCome(bench.tables, { withIps: true });
      await bench.tables[end]();
      vi.runAllTimers();
      for (let turn = 0; turn < 10; turn++) await setImmediate();
      expect(bench.tables.of["mac-ip-route"].actual.size, end).toBe(left);
    }
    {
      await using bench = await opened(() => undefined);
      await twentyGone(bench.tables, true);
      twentyCome(bench.tables, { withIps: true });
      expect(vi.getTimerCount()).toBe(2);
    }
    expect(vi.getTimerCount()).toBe(0);
  }));
