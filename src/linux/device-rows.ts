/**
 * Reads the forwarding entries of the MAC-VRFs' VXLAN devices, and those that their bridges have for
 * them: each device once, for it may be that of many MAC-VRFs.
 */
import { MessageWriter } from "../wire/netlink.ts";
import { decodeNeighbour, writeNeighbourDump } from "../wire/netlink-neighbour.ts";
import type { LinkTable } from "./link-table.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import { type KernelRow, kernelRow } from "./ownership.ts";
import type { Place } from "./segments.ts";

export type DeviceRow = Exclude<KernelRow, { readonly kind: "neighbour" }>;

/** Calls `visit` with every entry of a MAC-VRF, in any order. */
export async function readDeviceRows(
  { netlink, links }: { readonly netlink: NetlinkClient; readonly links: LinkTable },
  visit: (place: Place, row: DeviceRow) => void,
  signal: AbortSignal,
): Promise<void> {
  const places = new Map<string, Place>();
  for (const place of links.places.values()) {
    places.set(place.bridge, place);
    places.set(place.tunnel, place);
  }
  for (const device of new Set([...places.values()].map(({ vxlanIndex }) => vxlanIndex))) {
    signal.throwIfAborted();
    const request = new MessageWriter();
    writeNeighbourDump(request, { family: "bridge", port: device });
    await netlink.dump(request.finish(), (message) => {
      const neighbour = decodeNeighbour(message);
      const row = neighbour.ok ? kernelRow(neighbour.value) : undefined;
      if (row === undefined || row.kind === "neighbour") return;
      const place = places.get("bridge" in row ? row.bridge : row.tunnel);
      if (place?.vxlanIndex === device) visit(place, row);
    });
  }
  signal.throwIfAborted();
}
