/**
 * Requests for an IP that nobody is known to have (`data-plane.unknown-targets`): Linux floods them into
 * the tunnel, or, where an operator wants that, a filter of ours on the VXLAN device drops them on their
 * way out (RFC 9161 §3.2, C6.3). No flag of the bridge can do so: `bcast_flood off` would drop DHCP as
 * well, and `mcast_flood off` router advertisements. `tc -s qdisc show dev vxlan10` counts what it has
 * dropped. Without `neigh_suppress` no request is answered here, so that none is dropped either.
 *
 * A filter known by its priority; Linux 4.5, with CONFIG_NET_CLS_BPF and CONFIG_NET_SCH_INGRESS.
 */
import { MessageWriter } from "../wire/netlink.ts";
import { writeDeleteFilter, writePutFilter } from "../wire/netlink-filter.ts";
import { Errno, errnoName } from "./linux-error.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import type { LinuxNotice } from "./notice.ts";
import { OWN_PROTOCOL } from "./ownership.ts";
import { ARP_AND_ND_REQUESTS } from "./packet-filter.ts";
import type { PictureChange } from "./picture.ts";
import type { Place } from "./segments.ts";
import { programBytes } from "./socket.ts";

export type UnknownTargetsPolicy = "flood" | "drop";

export interface UnknownTargetsParts {
  readonly netlink: NetlinkClient;
  readonly tell: (notice: LinuxNotice) => void;
  /** `undefined`: nothing is to be written. */
  readonly policy: UnknownTargetsPolicy | undefined;
}

const PROGRAM = programBytes(ARP_AND_ND_REQUESTS);
const [INDEX_OF_QDISC, INDEX_OF_FILTER] = [0, 1];

export class UnknownTargets {
  readonly #parts: UnknownTargetsParts;

  constructor(parts: UnknownTargetsParts) {
    this.#parts = parts;
  }

  /** A VXLAN device has come, or is set otherwise than before. */
  follow(change: PictureChange): void {
    const { policy } = this.#parts;
    if (change.kind !== "place-found" || policy === undefined) return;
    const { place } = change;
    if (policy === "flood" || place.segment.suppresses !== true) void this.#flood(place, policy);
    else void this.#drop(place);
  }

  async #drop(place: Place): Promise<void> {
    const writer = new MessageWriter();
    writePutFilter(writer, { ...filterOf(place), program: PROGRAM });
    const failures = await this.#write(writer);
    const failed = failures.find(
      ({ index, errno }) =>
        index === INDEX_OF_FILTER || (index === INDEX_OF_QDISC && errno !== Errno.EEXIST),
    );
    if (failed === undefined) return;
    const said = failed.message === undefined ? "" : ` (${failed.message})`;
    this.#tell(place, `${errnoName(failed.errno)}${said}`);
  }

  /** That there is nothing to be removed is success. */
  async #flood(place: Place, policy: UnknownTargetsPolicy): Promise<void> {
    const writer = new MessageWriter();
    writeDeleteFilter(writer, filterOf(place));
    await this.#write(writer);
    if (policy === "drop") this.#tell(place, `neigh_suppress is off on ${place.segment.vxlan}`);
  }

  async #write(writer: MessageWriter): Promise<Awaited<ReturnType<NetlinkClient["write"]>>> {
    try {
      return await this.#parts.netlink.write(writer.finish());
    } catch {
      // We are being closed; everybody else hears of it as well.
      return [];
    }
  }

  #tell({ segment: { vni, vxlan } }: Place, reason: string): void {
    this.#parts.tell({ kind: "unknown-targets-flooded", vni, device: vxlan, reason });
  }
}

function filterOf({ vxlanIndex }: Place): { readonly ifindex: number; readonly priority: number } {
  return { ifindex: vxlanIndex, priority: OWN_PROTOCOL };
}
