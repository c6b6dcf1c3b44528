/**
 * Reads the forwarding entries of the MAC-VRFs' VXLAN devices, and those that their bridges have for
 * them.
 */
import type { RowDumps } from "./dumps.ts";
import type { LinkTable } from "./link-table.ts";
import type { KernelRow } from "./ownership.ts";
import type { Place } from "./segments.ts";

export type DeviceRow = Exclude<KernelRow, { readonly kind: "neighbour" }>;

/** Calls `visit` with every entry of a MAC-VRF, in any order. */
export async function readDeviceRows(
  { dumps, links }: { readonly dumps: RowDumps; readonly links: LinkTable },
  visit: (place: Place, row: DeviceRow) => void,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const places = new Map<string, Place>();
  for (const place of links.places.values()) {
    places.set(place.bridge, place);
    places.set(place.tunnel, place);
  }
  await dumps.read("bridge", {
    read: (_, row) => {
      if (row.kind === "neighbour") return;
      const isOfBridge = "bridge" in row;
      const place = places.get(isOfBridge ? row.bridge : row.tunnel);
      if (place?.vxlanIndex === (isOfBridge ? row.port : row.device)) visit(place, row);
    },
  });
  signal.throwIfAborted();
}
