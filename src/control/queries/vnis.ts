/** `show vnis`, `show vteps` and `show ports`: the MAC-VRFs, and the two sides MACs can be on. */
import type { ImetRoute } from "../../evpn/imet-route.ts";
import type { ImportRule } from "../../evpn/route-target.ts";
import type { Vni } from "../../evpn/vni.ts";
import type { VtepAddress } from "../../evpn/vtep.ts";
import type { Filter } from "../protocol.ts";
import type { PortRow, VniRow, VtepRow } from "../rows.ts";
import type { PortView, Snapshot, VrfView } from "../snapshot.ts";
import { type Batches, eachInPieces, type InPieces } from "./batches.ts";
import { placeOf } from "./macs.ts";
import { comparePorts, sortedIps } from "./order.ts";

/** How many MACs are behind each port and each VTEP of one MAC-VRF. */
interface Census {
  readonly here: ReadonlyMap<string, number>;
  readonly there: ReadonlyMap<VtepAddress, number>;
}

/** What a query reads of a snapshot more than once, by VNI. */
interface Sides {
  readonly ports: ReadonlyMap<Vni, readonly PortView[]>;
  readonly floods: ReadonlyMap<Vni, readonly ImetRoute[]>;
}

export function* showVnis(snapshot: Snapshot, filter: Filter): Batches<VniRow> {
  const sides = { ports: byVni(snapshot.ports), floods: byVni(snapshot.floods) };
  for (const vrf of vrfsOf(snapshot, filter)) {
    const census = yield* count(snapshot, vrf.segment.vni);
    yield [vniRow(vrf, census, sides)];
  }
}

function vniRow(vrf: VrfView, census: Census, { ports, floods }: Sides): VniRow {
  const { vni, bridge, vxlan, vtep, vlan } = vrf.segment;
  return {
    vni,
    bridge,
    vxlan,
    vtep,
    routeDistinguisher: vrf.rd ?? null,
    importTargets: vrf.rd === undefined ? [] : importTargets(vrf.imports),
    exportTargets: vrf.rd === undefined ? [] : vrf.exports,
    ports: (ports.get(vni) ?? []).map(({ port }) => port).sort(comparePorts),
    localMacs: sum(census.here.values()),
    remoteMacs: sum(census.there.values()),
    remoteVteps: vtepsOf(census, floods.get(vni)),
    vlan: vlan ?? null,
  };
}

/** The automatic rule compares the number only, and takes RFC 8365's form of it as well. */
function importTargets(rule: ImportRule): readonly string[] {
  switch (rule.kind) {
    case "listed":
      return rule.targets;
    case "automatic":
      return [`*:${rule.vni}`, `*:${0x1000_0000 + rule.vni}`];
  }
}

export function* showVteps(snapshot: Snapshot, filter: Filter): Batches<VtepRow> {
  const floods = byVni(snapshot.floods);
  for (const { segment } of vrfsOf(snapshot, filter)) {
    const { vni } = segment;
    const census = yield* count(snapshot, vni);
    const flooding = new Set(floods.get(vni)?.map(({ tunnel }) => tunnel));
    yield vtepsOf(census, floods.get(vni))
      .filter((vtep) => filter.vtep === undefined || vtep === filter.vtep)
      .map((vtep) => ({
        vni,
        vtep,
        flooding: flooding.has(vtep),
        macs: census.there.get(vtep) ?? 0,
      }));
  }
}

export function* showPorts(snapshot: Snapshot, filter: Filter): Batches<PortRow> {
  const ports = byVni(snapshot.ports);
  for (const { segment } of vrfsOf(snapshot, filter)) {
    const census = yield* count(snapshot, segment.vni);
    const rows = (ports.get(segment.vni) ?? [])
      .filter((view) => filter.port === undefined || view.port === filter.port)
      .map((view) => portRow(view, { census, vlan: segment.vlan }));
    yield rows.sort((a, b) => comparePorts(a.port, b.port));
  }
}

function portRow(
  { vni, port, up, frames, ignored }: PortView,
  { census, vlan }: { census: Census; vlan: number | undefined },
): PortRow {
  return {
    vni,
    port,
    state: up ? "up" : "down",
    macs: census.here.get(port) ?? 0,
    frames,
    ignored: sum(ignored.values()),
    ignoredBy: Object.fromEntries(ignored),
    vlan: vlan ?? null,
  };
}

function* count(snapshot: Snapshot, vni: Vni): InPieces<Census> {
  const here = new Map<string, number>();
  const there = new Map<VtepAddress, number>();
  yield* eachInPieces(snapshot.entries(vni), (entry) => {
    const { whereabouts, port, vtep } = placeOf(entry);
    if (port !== null) here.set(port, (here.get(port) ?? 0) + 1);
    if (vtep !== null && whereabouts === "there") there.set(vtep, (there.get(vtep) ?? 0) + 1);
  });
  return { here, there };
}

/** Who has MACs of this MAC-VRF, and who wants its flooded frames: either may be without the other. */
function vtepsOf({ there }: Census, floods: readonly ImetRoute[] = []): readonly VtepAddress[] {
  return sortedIps(new Set([...there.keys(), ...floods.map(({ tunnel }) => tunnel)]));
}

function vrfsOf(snapshot: Snapshot, { vni }: Filter): readonly VrfView[] {
  return [...snapshot.vrfs]
    .filter(({ segment }) => vni === undefined || segment.vni === vni)
    .sort((a, b) => a.segment.vni - b.segment.vni);
}

function byVni<T extends { readonly vni: Vni }>(
  items: Iterable<T>,
): ReadonlyMap<Vni, readonly T[]> {
  const groups = new Map<Vni, T[]>();
  for (const item of items) {
    const group = groups.get(item.vni);
    if (group === undefined) groups.set(item.vni, [item]);
    else group.push(item);
  }
  return groups;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
