/** `history`: what has happened to a host, oldest first, so that the newest stands at the prompt. */
import type { HistoryRow } from "../../report/history-row.ts";
import type { Filter } from "../protocol.ts";
import type { Snapshot } from "../snapshot.ts";
import { type Batches, batchesOf, eachInPieces } from "./batches.ts";

export function* showHistory(snapshot: Snapshot, filter: Filter): Batches<HistoryRow> {
  const rows: HistoryRow[] = [];
  const holders = holdersOf(snapshot, filter);
  yield* eachInPieces(snapshot.history(), (row) => {
    if (fits(filter, row, holders)) rows.push(row);
  });
  rows.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const from = filter.last === undefined ? 0 : Math.max(0, rows.length - filter.last);
  yield* batchesOf(rows.slice(from), (row) => [row]);
}

/** Of an IP all that has happened to its MACs is told as well: they are what moves. */
function holdersOf({ domains }: Snapshot, { ip }: Filter): ReadonlySet<string> {
  if (ip === undefined) return new Set();
  return new Set(
    [...domains].flatMap((domain) => domain.holders(ip).map(({ vni, mac }) => `${vni}|${mac}`)),
  );
}

function fits(filter: Filter, row: HistoryRow, holders: ReadonlySet<string>): boolean {
  const { vni, mac, ips } = row;
  return (
    (filter.vni === undefined || filter.vni === vni) &&
    (filter.mac === undefined || filter.mac === mac) &&
    (filter.ip === undefined || ips.includes(filter.ip) || holders.has(`${vni}|${mac}`))
  );
}
