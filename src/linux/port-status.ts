/** What is to be shown of the bridge ports that hosts may be behind. */
import type { PortName } from "../evpn/port.ts";
import type { Vni } from "../evpn/vni.ts";
import type { PacketIgnored } from "./notice.ts";
import type { PacketSource } from "./packet-source.ts";
import type { Place } from "./segments.ts";

export interface PortStatus {
  readonly vni: Vni;
  readonly port: PortName;
  readonly state: "up" | "down";
  /** Frames heard. */
  readonly frames: number;
  readonly ignored: ReadonlyMap<PacketIgnored, number>;
}

export function portStatuses(
  places: Iterable<Place>,
  packets: Pick<PacketSource, "counts">,
): readonly PortStatus[] {
  const all: PortStatus[] = [];
  for (const { segment, ports } of places) {
    for (const { ifindex, name, state } of ports.values()) {
      all.push({ vni: segment.vni, port: name, state, ...packets.counts(ifindex, segment.vni) });
    }
  }
  return all;
}
