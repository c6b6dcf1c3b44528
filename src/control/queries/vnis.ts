/** `show vnis`, `show vteps` and `show ports`: the MAC-VRFs, and the two sides MACs can be on. */
import type { ImportRule } from "../../evpn/route-target.ts";
import type { Vni } from "../../evpn/vni.ts";
import type { VtepAddress } from "../../evpn/vtep.ts";
import type { Filter, PortRow, VniRow, VtepRow } from "../protocol.ts";
import type { PortView, Snapshot, VrfView } from "../snapshot.ts";
import { type Batches, batchesOf, eachInPieces, type InPieces } from "./batches.ts";
import { placeOf } from "./macs.ts";
import { comparePorts, sortedIps } from "./order.ts";

/** How many MACs are behind each port and each VTEP of one MAC-VRF. */
interface Census {
  readonly here: ReadonlyMap<string, number>;
  readonly there: ReadonlyMap<VtepAddress, number>;
}

export function* showVnis(snapshot: Snapshot, { vni }: Filter): Batches<VniRow> {
  const vrfs = [...snapshot.vrfs].filter(({ segment }) => vni === undefined || segment.vni === vni);
  for (const vrf of vrfs.sort((a, b) => a.segment.vni - b.segment.vni)) {
    const census = yield* count(snapshot, vrf.segment.vni);
    yield [vniRow(snapshot, vrf, census)];
  }
}

function vniRow(snapshot: Snapshot, vrf: VrfView, census: Census): VniRow {
  const { vni, bridge, vxlan, vtep } = vrf.segment;
  const ports = [...snapshot.ports].filter((port) => port.vni === vni);
  return {
    vni,
    bridge,
    vxlan,
    vtep,
    routeDistinguisher: vrf.rd ?? null,
    importTargets: vrf.rd === undefined ? [] : importTargets(vrf.imports),
    exportTargets: vrf.rd === undefined ? [] : vrf.exports,
    ports: ports.map(({ port }) => port).sort(comparePorts),
    localMacs: sum(census.here.values()),
    remoteMacs: sum(census.there.values()),
    remoteVteps: sortedIps(vtepsOf(snapshot, vni, census)),
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
  for (const vni of vnisOf(snapshot, filter)) {
    const census = yield* count(snapshot, vni);
    const flooding = new Set(floodersOf(snapshot, vni));
    const vteps = vtepsOf(snapshot, vni, census);
    const rows = sortedIps(vteps).map((vtep) => ({
      vni,
      vtep,
      flooding: flooding.has(vtep),
      macs: census.there.get(vtep) ?? 0,
    }));
    yield rows.filter(({ vtep }) => filter.vtep === undefined || vtep === filter.vtep);
  }
}

export function* showPorts(snapshot: Snapshot, filter: Filter): Batches<PortRow> {
  for (const vni of vnisOf(snapshot, filter)) {
    const census = yield* count(snapshot, vni);
    const ports = [...snapshot.ports]
      .filter((view) => view.vni === vni)
      .filter((view) => filter.port === undefined || view.port === filter.port)
      .sort((a, b) => comparePorts(a.port, b.port));
    yield* batchesOf(ports, (view) => [portRow(view, census)]);
  }
}

function portRow({ vni, port, up, frames, ignored }: PortView, census: Census): PortRow {
  return {
    vni,
    port,
    state: up ? "up" : "down",
    macs: census.here.get(port) ?? 0,
    frames,
    ignored: sum(ignored.values()),
    ignoredBy: Object.fromEntries(ignored),
  };
}

function* count(snapshot: Snapshot, vni: Vni): InPieces<Census> {
  const here = new Map<string, number>();
  const there = new Map<VtepAddress, number>();
  yield* eachInPieces([...snapshot.entries(vni)], (entry) => {
    const { port, vtep } = placeOf(entry);
    if (port !== null) here.set(port, (here.get(port) ?? 0) + 1);
    if (vtep !== null) there.set(vtep, (there.get(vtep) ?? 0) + 1);
  });
  return { here, there };
}

/** Who has MACs of this MAC-VRF, and who wants its flooded frames: either may be without the other. */
function vtepsOf(snapshot: Snapshot, vni: Vni, { there }: Census): ReadonlySet<VtepAddress> {
  return new Set([...there.keys(), ...floodersOf(snapshot, vni)]);
}

function* floodersOf(snapshot: Snapshot, vni: Vni): Iterable<VtepAddress> {
  for (const route of snapshot.floods) if (route.vni === vni) yield route.tunnel;
}

function vnisOf(snapshot: Snapshot, filter: Filter): readonly Vni[] {
  const vnis = [...snapshot.vrfs].map(({ segment }) => segment.vni);
  return vnis.filter((vni) => filter.vni === undefined || vni === filter.vni).sort((a, b) => a - b);
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
