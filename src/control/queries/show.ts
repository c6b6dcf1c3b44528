/** Every question of `show`, and the query that answers it. */
import type { Filter, ShowRequest } from "../protocol.ts";
import type { ShowRows, What } from "../rows.ts";
import type { Snapshot } from "../snapshot.ts";
import type { Batches } from "./batches.ts";
import { showDuplicates } from "./duplicates.ts";
import { showExplain } from "./explain.ts";
import { showFacts } from "./facts.ts";
import { showHistory } from "./history.ts";
import { showMacs } from "./macs.ts";
import { showMoves } from "./moves.ts";
import { showNeighbors } from "./neighbors.ts";
import { showRoutes } from "./routes.ts";
import { showStatus } from "./status.ts";
import { showPorts, showVnis, showVteps } from "./vnis.ts";

const QUERIES: {
  readonly [W in What]: (snapshot: Snapshot, filter: Filter) => Batches<ShowRows[W]>;
} = {
  status: showStatus,
  vnis: showVnis,
  macs: showMacs,
  neighbors: showNeighbors,
  routes: showRoutes,
  vteps: showVteps,
  ports: showPorts,
  moves: showMoves,
  duplicates: showDuplicates,
  history: showHistory,
  explain: showExplain,
  facts: showFacts,
};

export function show<W extends What>(
  snapshot: Snapshot,
  { what, filter }: ShowRequest<W>,
): Batches<ShowRows[W]> {
  return QUERIES[what](snapshot, filter);
}
