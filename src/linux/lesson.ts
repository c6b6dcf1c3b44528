/**
 * A bridge learns where a host is from its frames. A row of ours that was written a moment after the
 * frame stands in the way of what was learned, and when the row is taken back, the bridge knows
 * nothing until the host's next frame. So it is told, by `NTF_USE`: it learns as if a frame had come,
 * ages the entry as any other, and follows the host to another port (Linux 6.18, `br_fdb_update`).
 */
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import { err, ok, type Result } from "../evpn/result.ts";
import type { Vni } from "../evpn/vni.ts";
import { MessageWriter } from "../wire/netlink.ts";
import { NeighbourFlag, NeighbourState, writeNeighbour } from "../wire/netlink-neighbour.ts";
import { errnoName } from "./linux-error.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import type { Place } from "./segments.ts";

export interface Lesson {
  readonly vni: Vni;
  readonly mac: MacAddress;
  readonly port: PortName;
}

/** Teaches the bridge that the host is behind this port. */
export async function teach(
  netlink: NetlinkClient,
  place: Place | undefined,
  { mac, port }: Lesson,
): Promise<Result<undefined>> {
  const link = [...(place?.ports.values() ?? [])].find(({ name }) => name === port);
  if (link === undefined) return err(`Cannot teach ${mac} on ${port}: it is no port any more`);
  const writer = new MessageWriter();
  writeNeighbour(writer, {
    action: "put",
    family: "bridge",
    ifindex: link.ifindex,
    state: NeighbourState.reachable,
    flags: NeighbourFlag.use | NeighbourFlag.master,
    mac,
    dst: undefined,
    protocol: 0,
    vlan: place?.vlan ?? 0,
  });
  const [failed] = await netlink.write(writer.finish());
  if (failed === undefined) return ok(undefined);
  return err(`Cannot teach ${mac} on ${port}: ${errnoName(failed.errno)}`);
}
