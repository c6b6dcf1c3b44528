/** In which order what follows from one decision is written. */
import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { macIpRouteKey } from "../src/evpn/mac-ip-route.ts";
import { fdbKey, neighbourKey, type RowAt, redirectKey, type TableName } from "../src/evpn/rows.ts";
import type { Driver } from "../src/reconcile/driver.ts";
import { type Drivers, Tables } from "../src/tables.ts";
import { A, adv, B, I4, M, VNI } from "./mobility/leaf.ts";

const TABLES = ["fdb", "flood", "neighbour", "redirect", "mac-ip-route", "imet-route"] as const;

it("A route is withdrawn when frames go to the new place, and does not wait for who answers ARP", async () => {
  const written: string[] = [];
  const held = new Map<TableName, () => void>();
  const hold = new Set<TableName>();
  const driver = (table: TableName): Driver<string, unknown> => ({
    list: async () => new Map(),
    agree: (a, b) => a === b,
    write: async (changes) => {
      written.push(...changes.map(({ kind }) => `${kind} ${table}`));
      if (hold.has(table)) await new Promise<void>((done) => held.set(table, done));
      return [];
    },
  });
  const drivers = Object.fromEntries(TABLES.map((table) => [table, driver(table)]));
  const tables = new Tables(drivers as unknown as Drivers, {
    clock: () => performance.now(),
    onApplied: () => {},
    onWrite: () => {},
  });
  const end = new AbortController();
  const running = tables.run(end.signal);
  await tables.open();
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
  end.abort();
  await running;
});
