/** What `roam explain` says of each MAC while a recording is replayed, whenever it says something else. */
import type { ExplainRow } from "../../src/control/explain-row.ts";
import { show } from "../../src/control/queries/show.ts";
import { type Replayed, replayEach } from "../../src/replay.ts";
import { History } from "../../src/report/history.ts";
import { Timeline } from "../../src/report/timeline.ts";
import { snapshotOf } from "../../src/snapshot.ts";

export interface Explained {
  readonly at: string;
  readonly row: ExplainRow;
}

export async function explained(path: string): Promise<readonly Explained[]> {
  const history = new History();
  const timeline = new Timeline((move) => history.moved(move));
  const all: Explained[] = [];
  const last = new Map<string, string>();
  const done = await replayEach(path, ({ engine, decision, at }) => {
    for (const notice of decision.notices) {
      timeline.observeNotice(notice, at);
      history.told(notice, at);
    }
    for (const row of explainAll({ engine, at }, { history, timeline })) {
      const line = JSON.stringify(wordOf(row));
      if (last.get(`${row.vni}|${row.mac}`) === line) continue;
      last.set(`${row.vni}|${row.mac}`, line);
      all.push({ at: new Date(at).toISOString(), row });
    }
  });
  if (!done.ok) throw new Error(done.error);
  return all;
}

/** What is written down of an explanation: not how old things are. */
export function wordOf({ mac, whereabouts, why, deciding, refused, claims }: ExplainRow): object {
  const lost = claims.map(({ vtep, seq, sticky, outcome, decidedBy }) => {
    const claim = `${vtep} ${seq}${sticky ? " sticky" : ""}`;
    return decidedBy === null ? `${claim}: ${outcome}` : `${claim}: ${outcome} by ${decidedBy}`;
  });
  return { mac, whereabouts, step: deciding?.step ?? null, why, claims: lost, refused };
}

function* explainAll(
  { engine, at }: Pick<Replayed, "engine" | "at">,
  { history, timeline }: { history: History; timeline: Timeline },
): Iterable<ExplainRow> {
  const shown = {
    version: "0",
    startedAt: 0,
    engine,
    tables: undefined,
    timeline,
    history,
    gobgp: () => ({
      address: "",
      api: undefined,
      connected: false,
      asn: undefined,
      routerId: undefined,
      peers: [],
    }),
    kernel: undefined,
  };
  for (const domain of engine.domains()) {
    for (const { vni, mac } of [...domain.entries()]) {
      const snapshot = snapshotOf(shown, at);
      yield* [...show(snapshot, { what: "explain", filter: { vni, mac } })].flat();
    }
  }
}
