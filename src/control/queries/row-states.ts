/** What is wanted of the kernel and of GoBGP for one MAC, and what stands there. */
import { fdbKey, neighbourKey, redirectKey, type TableName } from "../../evpn/rows.ts";
import { ipsNamed, type MacEntry } from "../../mobility/mac-entry.ts";
import type { RowState } from "../explain-row.ts";
import type { Snapshot, TableView } from "../snapshot.ts";
import { eachInPieces, type InPieces } from "./batches.ts";

export function* rowStates(snapshot: Snapshot, entry: MacEntry): InPieces<readonly RowState[]> {
  const { vni, mac } = entry;
  const { tables } = snapshot;
  if (tables === undefined) return [];
  const states: RowState[] = [];
  const take = (table: TableName, keys: Iterable<string>): void => {
    for (const key of keys) {
      const state = stateOf(table, tables[table], key);
      if (state !== undefined) states.push(state);
    }
  };
  take("fdb", [fdbKey(entry)]);
  take("redirect", [redirectKey(entry)]);
  take(
    "neighbour",
    ownKeys(
      ipsNamed(entry).map((ip) => neighbourKey({ vni, ip })),
      { tables, mac },
    ),
  );
  take("mac-ip-route", yield* routeKeys(tables["mac-ip-route"], entry));
  return states;
}

/** Of the neighbours only those that are, or should be, this MAC's. */
function ownKeys(
  keys: readonly string[],
  { tables, mac }: { tables: NonNullable<Snapshot["tables"]>; mac: string },
): readonly string[] {
  const { desired, actual } = tables.neighbour;
  return keys.filter((key) =>
    [desired.get(key), actual.get(key)].some((row) => row !== undefined && isOf(row, mac)),
  );
}

function isOf(row: object, mac: string): boolean {
  return "mac" in row && row.mac === mac;
}

/** Also those that stand and are wanted no more, whatever their IP was. */
function* routeKeys(
  { desired, actual }: TableView,
  { vni, mac }: MacEntry,
): InPieces<ReadonlySet<string>> {
  const keys = new Set<string>();
  for (const rows of [desired, actual]) {
    yield* eachInPieces(rows, ([key, row]) => {
      if (isOf(row, mac) && "vni" in row && row.vni === vni) keys.add(key);
    });
  }
  return keys;
}

function stateOf(table: TableName, view: TableView, key: string): RowState | undefined {
  const wanted = view.desired.get(key) ?? null;
  const standing = view.actual.get(key) ?? null;
  if (wanted === null && standing === null) return undefined;
  const waiting = view.waiting.get(key);
  const kind = waiting?.failure.kind;
  return {
    table,
    key,
    wanted,
    standing,
    state:
      kind === undefined
        ? view.isRight(key)
          ? "right"
          : "writing"
        : kind === "later"
          ? "retrying"
          : kind,
    reason: waiting?.failure.reason ?? null,
    retryAt: waiting?.retryAt === undefined ? null : new Date(waiting.retryAt).toISOString(),
  };
}
