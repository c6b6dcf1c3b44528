/**
 * The two entries that one row of the FDB is in Linux: the bridge's, which says "behind the VXLAN
 * device", and the VXLAN device's, which says "at that VTEP". How they are written, and which of them
 * stand.
 */
import type { MacAddress } from "../evpn/mac.ts";
import type { FdbRow } from "../evpn/rows.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import { NeighbourFlag, type NeighbourRequest, NeighbourState } from "../wire/netlink-neighbour.ts";
import { type DeviceRow, readDeviceRows } from "./device-rows.ts";
import type { RowDumps } from "./dumps.ts";
import type { ForeignRows } from "./foreign-rows.ts";
import type { LinkTable } from "./link-table.ts";
import { macKey, OWN_STATE } from "./ownership.ts";
import type { Place } from "./segments.ts";

/** What stands of one row. */
interface Found {
  readonly mac: MacAddress;
  /** Whether the bridge's entry is pinned; `undefined`: there is none of ours. */
  pinned: boolean | undefined;
  /** Where the VXLAN device's entry points to; `undefined`: there is none of ours. */
  vtep: VtepAddress | undefined;
  /** Somebody else's entry stands in the place of one of them. */
  isForeign: boolean;
}

export type FoundEntries = ReadonlyMap<Place, ReadonlyMap<MacAddress, Readonly<Found>>>;

interface Reading {
  readonly dumps: RowDumps;
  readonly links: LinkTable;
  readonly foreign: ForeignRows;
}

/** Reads which entries stand, of all MAC-VRFs. */
export async function readFdbEntries(parts: Reading, signal: AbortSignal): Promise<FoundEntries> {
  const all = new Map<Place, Map<MacAddress, Found>>();
  const unmarked: { readonly place: Place; readonly found: Found }[] = [];
  const visit = (place: Place, row: DeviceRow): void => {
    if (row.kind === "learned" || row.kind === "flood") return;
    if (row.kind === "tunnel" && row.owner === "kernel") return;
    const found = foundAt(all, place, row.mac);
    if (row.kind === "outside") found.pinned = row.sticky;
    else if (row.kind === "fixed" && row.sticky) unmarked.push({ place, found });
    else if (row.kind === "tunnel" && row.owner === "us") found.vtep = row.vtep;
    else found.isForeign = true;
  };
  await readDeviceRows(parts, visit, signal);
  for (const { place, found } of unmarked) claimUnmarked(parts.foreign, place, found);
  return all;
}

function foundAt(all: Map<Place, Map<MacAddress, Found>>, place: Place, mac: MacAddress): Found {
  let here = all.get(place);
  if (here === undefined) {
    here = new Map();
    all.set(place, here);
  }
  let found = here.get(mac);
  if (found === undefined) {
    found = { mac, pinned: undefined, vtep: undefined, isForeign: false };
    here.set(mac, found);
  }
  return found;
}

/**
 * A pinned entry without our mark: a frame took it off while we were pinning, and the kernel did not
 * put it on again (before Linux 6.11, `br_fdb_external_learn_add` marks no entry that somebody has
 * put). It is ours if the VXLAN device's entry is.
 */
function claimUnmarked(foreign: ForeignRows, place: Place, found: Found): void {
  if (found.vtep === undefined) {
    found.isForeign = true;
    return;
  }
  found.pinned = true;
  foreign.delete(macKey(place.bridge, found.mac));
}

/** The row that these entries are; `undefined`: none of ours. */
export function rowFound(place: Place, found: Readonly<Found>): FdbRow | undefined {
  const { mac, pinned, vtep, isForeign } = found;
  if (pinned === undefined && vtep === undefined) return undefined;
  // Where only the bridge's entry is somebody else's, the VXLAN device's is ours and is to go.
  const isLeftover = vtep !== undefined && pinned === undefined;
  if (isForeign && !isLeftover) return undefined;
  if (pinned === undefined || vtep === undefined) return halfRow(place, mac);
  return { vni: place.segment.vni, mac, vtep, pinned };
}

/**
 * A row of which only one entry stands. No row that is wanted agrees with it, for none points to the
 * leaf itself; so it is completed or removed, whichever is due.
 */
export function halfRow({ segment }: Place, mac: MacAddress): FdbRow {
  return { vni: segment.vni, mac, vtep: segment.vtep, pinned: false };
}

export function tunnelEntry(place: Place, row: FdbRow, action: "put" | "delete"): NeighbourRequest {
  return {
    flags: NeighbourFlag.self | NeighbourFlag.extLearned,
    // Without a destination, the entry goes with all it may have.
    dst: action === "put" ? row.vtep : undefined,
    sourceVni: place.isShared ? row.vni : 0,
    ...ofBoth(place, row, action),
  };
}

export function bridgeEntry(place: Place, row: FdbRow, action: "put" | "delete"): NeighbourRequest {
  return {
    flags: NeighbourFlag.master | NeighbourFlag.extLearned,
    dst: undefined,
    vlan: place.vlan,
    ...ofBoth(place, row, action),
  };
}

function ofBoth(
  { vxlanIndex }: Place,
  { mac }: FdbRow,
  action: "put" | "delete",
): Omit<NeighbourRequest, "flags" | "dst"> {
  return { action, family: "bridge", ifindex: vxlanIndex, state: OWN_STATE, mac, protocol: 0 };
}

/** Says of an entry whether frames may take it over. The kernel leaves the mark as it is. */
export function asPinned(put: NeighbourRequest, pinned: boolean): NeighbourRequest {
  return {
    ...put,
    state: pinned ? NeighbourState.noarp : NeighbourState.reachable,
    flags: pinned ? NeighbourFlag.master | NeighbourFlag.sticky : NeighbourFlag.master,
  };
}
