/** `show duplicates`: the addresses that are at several places at once, and what is done about it. */
import type { Filter } from "../protocol.ts";
import type { DuplicateRow } from "../rows.ts";
import type { DuplicateView, Snapshot } from "../snapshot.ts";
import { type Batches, batchesOf, inOrderOfKeys } from "./batches.ts";
import { ipKey, vniKey } from "./order.ts";

export function* showDuplicates(snapshot: Snapshot, filter: Filter): Batches<DuplicateRow> {
  const views = [...snapshot.duplicates];
  const ipsByThemselves = new Set(views.map(({ vni, ip }) => `${vni}|${ip}`));
  const all = views.flatMap((view) => [
    view,
    ...view.inheriting
      .filter((ip) => !ipsByThemselves.has(`${view.vni}|${ip}`))
      .map((ip) => ({ ...view, ip })),
  ]);
  const sorted = yield* inOrderOfKeys(
    all.filter((view) => fits(filter, view)),
    ({ vni, mac, ip }) => `${vniKey(vni)}${mac ?? ""}|${ipKey(ip)}`,
  );
  yield* batchesOf(sorted, (view) => [duplicateRow(view)]);
}

function fits(filter: Filter, { vni, mac, ip, duplicate }: DuplicateView): boolean {
  return (
    (filter.vni === undefined || filter.vni === vni) &&
    (filter.mac === undefined || filter.mac === mac) &&
    (filter.ip === undefined || filter.ip === ip) &&
    (filter.vtep === undefined || duplicate.vteps.includes(filter.vtep))
  );
}

function duplicateRow({ vni, mac, ip, duplicate }: DuplicateView): DuplicateRow {
  const { kind, moves, since, recoversAt, vteps } = duplicate;
  return {
    vni,
    mac: mac ?? null,
    ip: ip ?? null,
    moves,
    since: timeText(since),
    action: kind === "frozen" ? "freeze" : "warn",
    recoversAt: recoversAt === undefined ? null : timeText(recoversAt),
    vteps,
  };
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}
