/** `facts`: what `roam doctor` asks for, in one row. */
import type { ImetRoute } from "../../evpn/imet-route.ts";
import type { MacIpRoute } from "../../evpn/mac-ip-route.ts";
import type { TableName } from "../../evpn/rows.ts";
import type { Vni } from "../../evpn/vni.ts";
import type { VtepAddress } from "../../evpn/vtep.ts";
import { remoteClaims } from "../../mobility/mac-entry.ts";
import type { FactsRow, VniFacts } from "../facts-row.ts";
import type { StatusRow } from "../rows.ts";
import type { Snapshot } from "../snapshot.ts";
import { type Batches, eachInPieces, type InPieces } from "./batches.ts";
import { showStatus } from "./status.ts";
import { showVnis } from "./vnis.ts";

export function* showFacts(snapshot: Snapshot): Batches<FactsRow> {
  const status = yield* onlyRow(showStatus(snapshot));
  const ignored = yield* ignoredOf(snapshot);
  const vteps = yield* claimantsOf(snapshot);
  const vnis: VniFacts[] = [];
  for (const batch of showVnis(snapshot, {})) {
    for (const row of batch) {
      const flooding = floodingOf(snapshot, row.vni);
      const { vni, bridge, vxlan, vtep, exportTargets, importTargets } = row;
      vnis.push({
        ...{ vni, bridge, vxlan, vtep, exportTargets, importTargets, flooding },
        silent: [...(vteps.get(vni as Vni) ?? [])].filter((each) => !flooding.includes(each)),
        unmatched: [...(ignored.unmatched.get(vni)?.values() ?? [])],
        ageing: ageingOf(snapshot, bridge),
      });
    }
    yield [];
  }
  const { capabilities, now, timeOfDay } = snapshot;
  yield [
    {
      status,
      capabilities: capabilities ?? null,
      clock: { told: now, ofDay: timeOfDay },
      vnis,
      sharedDistinguishers: ignored.shared,
      tables: tablesOf(snapshot),
    },
  ];
}

function* onlyRow(batches: Batches<StatusRow>): InPieces<StatusRow> {
  let last: StatusRow | undefined;
  for (const batch of batches) {
    last = batch.at(-1) ?? last;
    yield [];
  }
  if (last === undefined) throw new TypeError("there is no status");
  return last;
}

interface Ignored {
  readonly unmatched: ReadonlyMap<number, ReadonlyMap<string, VniFacts["unmatched"][number]>>;
  readonly shared: FactsRow["sharedDistinguishers"];
}

/** What of the RIB does not fit: in one walk over it, for it may be long. */
function* ignoredOf(snapshot: Snapshot): InPieces<Ignored> {
  const unmatched = new Map<number, Map<string, VniFacts["unmatched"][number]>>();
  const users = new Map<string, Set<string>>();
  const uses = ({ rd, nexthop }: MacIpRoute | ImetRoute): void => {
    const known = users.get(rd);
    if (known === undefined) users.set(rd, new Set([nexthop]));
    else known.add(nexthop);
  };
  for (const vrf of snapshot.vrfs) {
    if (vrf.rd !== undefined) users.set(vrf.rd, new Set([vrf.segment.vtep]));
  }
  yield* eachInPieces(snapshot.ignored, ({ route, reason }) => {
    if (reason === "no-matching-route-target") addUnmatched(unmatched, route);
    if (reason === "own-route-distinguisher") uses(route);
  });
  yield* eachInPieces(snapshot.floods, uses);
  yield* eachInPieces(snapshot.entries(), ({ remote }) => remote.forEach(uses));
  const shared = [...users].filter(([, vteps]) => vteps.size > 1);
  return {
    unmatched,
    shared: shared.map(([routeDistinguisher, vteps]) => ({
      routeDistinguisher,
      vteps: [...vteps].sort(),
    })),
  };
}

function addUnmatched(
  unmatched: Map<number, Map<string, VniFacts["unmatched"][number]>>,
  { vni, nexthop, routeTargets }: MacIpRoute | ImetRoute,
): void {
  const ofVni = unmatched.get(vni) ?? new Map();
  unmatched.set(vni, ofVni);
  const routes = (ofVni.get(nexthop)?.routes ?? 0) + 1;
  ofVni.set(nexthop, { vtep: nexthop, routeTargets, routes });
}

function* claimantsOf(snapshot: Snapshot): InPieces<ReadonlyMap<Vni, ReadonlySet<VtepAddress>>> {
  const vteps = new Map<Vni, Set<VtepAddress>>();
  yield* eachInPieces(snapshot.entries(), (entry) => {
    if (entry.remote.length === 0) return;
    const ofVni = vteps.get(entry.vni) ?? new Set();
    vteps.set(entry.vni, ofVni);
    for (const vtep of remoteClaims(entry).keys()) ofVni.add(vtep);
  });
  return vteps;
}

function floodingOf({ floods }: Snapshot, vni: number): readonly string[] {
  const tunnels = [...floods].filter((route) => route.vni === vni).map(({ tunnel }) => tunnel);
  return [...new Set(tunnels)].sort();
}

function ageingOf({ bridges }: Snapshot, name: string): VniFacts["ageing"] {
  const bridge = [...bridges].find((each) => each.name === name);
  if (bridge === undefined) return null;
  const { ageingMs, leastAgeingMs } = bridge;
  return { bridgeSeconds: ageingMs / 1000, leastSeconds: leastAgeingMs / 1000 };
}

function tablesOf({ tables }: Snapshot): FactsRow["tables"] {
  return Object.entries(tables ?? {}).map(([table, { desired, waiting }]) => {
    const counts = { later: 0, foreign: 0, unfit: 0 };
    let reason: string | null = null;
    for (const { failure } of waiting.values()) {
      counts[failure.kind]++;
      reason ??= `${failure.key}: ${failure.reason}`;
    }
    const { later: retrying, foreign, unfit } = counts;
    return {
      table: table as TableName,
      wanted: desired.size,
      ...{ retrying, foreign, unfit, reason },
    };
  });
}
