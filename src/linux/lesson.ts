/**
 * A bridge learns where a host is from its frames. A row of ours that was written a moment after the
 * frame stands in the way of what was learned, and when the row is taken back, the bridge knows
 * nothing until the host's next frame. So it is told, by `NTF_USE`: it learns as if a frame had come,
 * ages the entry as any other, and follows the host to another port (Linux 6.18, `br_fdb_update`).
 */
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import type { Vni } from "../evpn/vni.ts";
import { MessageWriter } from "../wire/netlink.ts";
import {
  NeighbourFlag,
  type NeighbourRequest,
  NeighbourState,
  writeNeighbour,
} from "../wire/netlink-neighbour.ts";
import { errnoName } from "./linux-error.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import type { Place } from "./segments.ts";

export interface Lesson {
  readonly vni: Vni;
  readonly mac: MacAddress;
  readonly port: PortName;
}

/** What was not taught, and why. */
export interface NotTaught {
  readonly lesson: Lesson;
  readonly reason: string;
}

/** Teaches bridges which ports hosts are behind; answers what they could not be taught. */
export async function teach(
  netlink: NetlinkClient,
  places: ReadonlyMap<Vni, Place>,
  lessons: readonly Lesson[],
): Promise<readonly NotTaught[]> {
  const failures: NotTaught[] = [];
  const taught: Lesson[] = [];
  const writer = new MessageWriter();
  for (const lesson of lessons) {
    const request = requestOf(places.get(lesson.vni), lesson);
    if (request === undefined) failures.push(notTaught(lesson, "it is no port any more"));
    else {
      writeNeighbour(writer, request);
      taught.push(lesson);
    }
  }
  if (taught.length === 0) return failures;
  for (const { index, errno } of await netlink.write(writer.finish())) {
    const lesson = taught[index];
    if (lesson !== undefined) failures.push(notTaught(lesson, errnoName(errno)));
  }
  return failures;
}

function notTaught(lesson: Lesson, reason: string): NotTaught {
  return { lesson, reason: `Cannot teach ${lesson.mac} on ${lesson.port}: ${reason}` };
}

function requestOf(place: Place | undefined, { mac, port }: Lesson): NeighbourRequest | undefined {
  for (const { ifindex, name } of place?.ports.values() ?? []) {
    if (name !== port) continue;
    return {
      action: "put",
      family: "bridge",
      ifindex,
      state: NeighbourState.reachable,
      flags: NeighbourFlag.use | NeighbourFlag.master,
      mac,
      dst: undefined,
      protocol: 0,
      vlan: place?.vlan ?? 0,
    };
  }
  return undefined;
}
