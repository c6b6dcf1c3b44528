/** Rows that take the place of others. */
import { describe, expect, it } from "vitest";
import { macIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import { fdbKey, type RowAt } from "../../src/evpn/rows.ts";
import { Outbox } from "../../src/mobility/outbox.ts";
import { A, adv, B, mac, VNI } from "./leaf.ts";

function fdb(last: number, vtep = A): RowAt {
  const row = { vni: VNI, mac: mac(`02:00:00:00:00:${String(last).padStart(2, "0")}`), vtep };
  return { table: "fdb", key: fdbKey(row), row: { ...row, pinned: false } };
}

function changes(before: readonly RowAt[], after: readonly RowAt[]): readonly RowAt[] {
  const outbox = new Outbox();
  outbox.replace(before, after);
  return outbox.take().wants;
}

// Of few rows and of many it is found out in different ways.
describe.each([2, 40])("Of %i rows", (count) => {
  const rows = Array.from({ length: count }, (_, i) => fdb(i));

  it("what is the same is not asked for, what is gone comes last", () => {
    const after = [fdb(1, B), ...rows.slice(2), fdb(90)];
    expect(changes(rows, after)).toEqual([fdb(1, B), fdb(90), { ...fdb(0), row: undefined }]);
    expect(changes(rows, [...rows].reverse())).toEqual([]);
    expect(changes(rows, [])).toHaveLength(count);
    expect(changes([], rows)).toEqual(rows);
  });
});

it("A route is another if anything of it is", () => {
  const at = (of: Parameters<typeof adv>[1]): RowAt => {
    const row = adv(A, of);
    return { table: "mac-ip-route", key: macIpRouteKey(row), row };
  };
  expect(changes([at({ seq: 1 })], [at({ seq: 1 })])).toEqual([]);
  for (const other of [
    at({ seq: 2 }),
    at({ seq: 1, sticky: true }),
    at({}),
    at({ seq: 1, routeTargets: ["65000:11"] }),
    at({ seq: 1, routeTargets: ["65000:10", "65000:11"] }),
    at({ seq: 1, defaultGateway: true }),
  ]) {
    expect(changes([at({ seq: 1 })], [other])).toEqual([other]);
    expect(changes([other], [at({ seq: 1 })])).toEqual([at({ seq: 1 })]);
  }
});
