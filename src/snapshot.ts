/** What the daemon shows of itself: live views, made anew for every question. */
import { timeOfDay } from "./clock.ts";
import type {
  DuplicateView,
  GobgpStatus,
  IgnoredRoute,
  PortView,
  Snapshot,
  VrfView,
} from "./control/snapshot.ts";
import type { ImetRoute } from "./evpn/imet-route.ts";
import type { MacIpRoute } from "./evpn/mac-ip-route.ts";
import type { TableName } from "./evpn/rows.ts";
import type { Vni } from "./evpn/vni.ts";
import type { Kernel } from "./linux/kernel.ts";
import type { Domain } from "./mobility/domain.ts";
import type { Engine } from "./mobility/engine.ts";
import { ignoredBecause } from "./mobility/import.ts";
import { ipsOf, type MacEntry } from "./mobility/mac-entry.ts";
import type { RouteIgnored } from "./mobility/notice.ts";
import type { History } from "./report/history.ts";
import type { MetricsSnapshot } from "./report/metrics.ts";
import type { Timeline } from "./report/timeline.ts";
import type { Tables } from "./tables.ts";

export interface Shown {
  readonly version: string;
  readonly startedAt: number;
  readonly engine: Engine;
  /** `undefined` until the kernel is open. */
  readonly tables: Tables | undefined;
  readonly timeline: Timeline;
  readonly history: History;
  readonly gobgp: () => GobgpStatus;
  /** Since when GoBGP has a route. */
  readonly since?: Snapshot["since"];
  /** Of the process, hexadecimal as in proc(5). */
  readonly capabilities?: string | undefined;
  /** `undefined` until it is open. */
  readonly kernel: Pick<Kernel, "ports" | "bridges"> | undefined;
}

export function snapshotOf(shown: Shown, now: number): Snapshot {
  const { engine, tables, version, startedAt } = shown;
  const vrfs = [...vrfViews(engine)];
  return {
    now,
    timeOfDay: timeOfDay(),
    capabilities: shown.capabilities,
    version,
    startedAt,
    ready: engine.isReady,
    vtep: vrfs[0]?.segment.vtep,
    gobgp: shown.gobgp(),
    pending: tables?.pending ?? { kernel: 0, gobgp: 0 },
    vrfs,
    ports: ports(shown.kernel),
    bridges: shown.kernel?.bridges() ?? [],
    entries: (vni) => entries(engine, vni),
    floods: [...engine.domains()].flatMap(({ floods }) => [...floods.values()]),
    ownMacIpRoutes: tables?.of["mac-ip-route"].desired.values() ?? [],
    ownImetRoutes: tables?.of["imet-route"].desired.values() ?? [],
    since: shown.since ?? (() => undefined),
    ignored: ignored(engine),
    moves: shown.timeline.moves(),
    duplicates: duplicatesOf(engine),
    history: () => shown.history.rows(),
    domains: [...engine.domains()],
    duplicateSettings: engine.duplicates,
    tables: tables?.of as Snapshot["tables"],
  };
}

function ports(kernel: Shown["kernel"]): PortView[] {
  const known = kernel?.ports() ?? [];
  return known.map(({ state, ...port }) => ({ ...port, up: state === "up" }));
}

/** Every MAC and IP that is held to be at several places. */
export function duplicatesOf(engine: Engine): readonly DuplicateView[] {
  return [...engine.domains()].flatMap((domain) => [
    ...macDuplicates(domain),
    ...ipDuplicates(domain),
  ]);
}

function macDuplicates(domain: Domain): DuplicateView[] {
  return domain.duplicates().flatMap((entry): DuplicateView[] => {
    const { vni, mac, duplicate, frozen } = entry;
    if (duplicate === undefined) return [];
    const inheriting = frozen === undefined ? [] : [...new Set(ipsOf(entry))];
    return [{ vni, mac, ip: undefined, inheriting, duplicate }];
  });
}

function ipDuplicates(domain: Domain): DuplicateView[] {
  return [...domain.ipMoves].flatMap(([ip, { duplicate }]): DuplicateView[] => {
    if (duplicate === undefined) return [];
    const holders = domain.holders(ip);
    const holder = holders.find(({ local }) => local?.ips.has(ip) === true) ?? holders[0];
    return [{ vni: domain.vni, mac: holder?.mac, ip, inheriting: [], duplicate }];
  });
}

/** By VNI. */
function vrfViews(engine: Engine): VrfView[] {
  const domains = [...engine.domains()].sort((a, b) => a.vni - b.vni);
  return domains.flatMap(({ segment, vrf }) => {
    if (segment === undefined) return [];
    return [vrf ?? { segment, rd: undefined }];
  });
}

function entries(engine: Engine, vni: Vni | undefined): readonly MacEntry[] {
  const domains = [...engine.domains()].filter((each) => vni === undefined || each.vni === vni);
  // Not `flatMap`: this copies blocks of memory, a hundred thousand within a millisecond.
  const none: MacEntry[] = [];
  return none.concat(...domains.map((domain) => [...domain.entries()]));
}

function* ignored(engine: Engine): Iterable<IgnoredRoute> {
  for (const route of engine.rib.macIp.values()) {
    const reason = ignoredReason(engine, route);
    if (reason !== undefined) yield { kind: "mac-ip", route, reason };
  }
  for (const route of engine.rib.imet.values()) {
    const reason = ignoredReason(engine, route);
    if (reason !== undefined) yield { kind: "imet", route, reason };
  }
}

function ignoredReason(engine: Engine, route: MacIpRoute | ImetRoute): RouteIgnored | undefined {
  const vrf = engine.domain(route.vni)?.vrf;
  return vrf === undefined ? "unknown-segment" : ignoredBecause(route, vrf);
}

export function metricsOf({ engine, tables, gobgp }: Shown): MetricsSnapshot {
  const rows = Object.entries(tables?.of ?? {}).flatMap(([name, reconciler]) => {
    const table = name as TableName;
    const { dirty, retrying, foreign, unfit } = reconciler.pending;
    const counts = {
      wanted: reconciler.desired.size,
      standing: reconciler.actual.size,
      dirty,
      retrying,
      foreign,
      unfit,
    };
    return Object.entries(counts).map(([state, count]) => ({
      table,
      state: state as keyof typeof counts,
      count,
    }));
  });
  const { connected, peers } = gobgp();
  return {
    rows,
    duplicates: duplicatesOf(engine).length,
    gobgpConnected: connected,
    // What a gobgpd that is gone has said last is not so any more.
    peers: connected ? peers : [],
    ready: engine.isReady,
  };
}
