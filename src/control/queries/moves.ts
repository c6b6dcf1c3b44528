/** `show moves`: the timeline's moves, oldest first, so that the newest stands at the prompt. */
import { parseIp } from "../../evpn/ip.ts";
import type { MoveRecord } from "../../report/move.ts";
import type { Filter } from "../protocol.ts";
import type { Snapshot } from "../snapshot.ts";
import { type Batches, batchesOf } from "./batches.ts";

export function* showMoves(snapshot: Snapshot, filter: Filter): Batches<MoveRecord> {
  const moves = [...snapshot.moves].filter((move) => fits(filter, move));
  const from = filter.last === undefined ? 0 : Math.max(0, moves.length - filter.last);
  yield* batchesOf(moves.slice(from), (move) => [move]);
}

function fits(filter: Filter, { vni, mac, ips, from, to }: MoveRecord): boolean {
  return (
    (filter.vni === undefined || filter.vni === vni) &&
    (filter.mac === undefined || filter.mac === mac) &&
    (filter.ip === undefined || ips.includes(filter.ip)) &&
    (filter.port === undefined || filter.port === from || filter.port === to) &&
    (filter.vtep === undefined || filter.vtep === from || filter.vtep === to) &&
    (filter.where === undefined || (to !== null && sideOf(to) === filter.where))
  );
}

function sideOf(place: string): "local" | "remote" {
  return parseIp(place).ok ? "remote" : "local";
}
