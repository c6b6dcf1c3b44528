/** Reads whole tables of the kernel, message by message. */
import { setImmediate as turnsEnd } from "node:timers/promises";
import type { Result } from "../evpn/result.ts";
import { MessageWriter, type NetlinkMalformed, type NetlinkMessage } from "../wire/netlink.ts";
import { decodeLink, type LinkMessage, writeLinkDump } from "../wire/netlink-link.ts";
import {
  decodeNeighbour,
  type Neighbour,
  type NeighbourFamily,
  type NeighbourIgnored,
  writeNeighbourDump,
} from "../wire/netlink-neighbour.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import { type KernelRow, kernelRow } from "./ownership.ts";

export interface LinkReader {
  readonly read: (link: LinkMessage) => void;
  readonly ignored: (reason: NetlinkMalformed) => void;
}

/** All links; then, from the bridges, the VLANs of their ports. */
export async function dumpLinks(netlink: NetlinkClient, reader: LinkReader): Promise<void> {
  for (const about of ["device", "port"] as const) {
    const request = new MessageWriter();
    writeLinkDump(request, about);
    await netlink.dump(request.finish(), (message) => take(decodeLink(message), reader));
  }
}

export interface RowReader {
  readonly read: (neighbour: Neighbour, row: KernelRow) => void;
  readonly ignored?: (reason: NetlinkMalformed | NeighbourIgnored) => void;
}

/**
 * The kernel finds the place to go on from by counting the rows before it, and says nothing where some of
 * them have gone meanwhile: as many behind them are passed over (seen on Linux 6.18 of a bridge's and a
 * VXLAN device's entries; of neighbours it counts within one hash bucket only, and none was passed over).
 * A table is read so often at the most; to be passed over each time is next to impossible even where
 * hosts leave by the hundred.
 */
const TIMES = 3;

interface Dump {
  readonly readers: RowReader[];
  readonly done: Promise<void>;
}

/**
 * Dumps of neighbours and forwarding entries. Several want the same tables at the start, which may
 * have hundreds of thousands of rows: who asks for a dump that has not begun yet reads it with the
 * others. One that is under way is not joined, for its rows may be older than the question. Some rows may
 * be given twice.
 */
export class RowDumps {
  /** How many forwarding entries have gone since we began. */
  #entriesGone = 0;
  readonly #netlink: Pick<NetlinkClient, "dump">;
  readonly #notBegun = new Map<NeighbourFamily, Dump>();
  readonly #wereRead = new Set<NeighbourFamily>();

  constructor(netlink: Pick<NetlinkClient, "dump">) {
    this.#netlink = netlink;
  }

  /** IP neighbours, or forwarding entries, of all devices. */
  read(family: NeighbourFamily, reader: RowReader): Promise<void> {
    const joined = this.#notBegun.get(family);
    if (joined !== undefined) {
      joined.readers.push(reader);
      return joined.done;
    }
    const readers = [reader];
    const done = this.#dump(family, readers);
    this.#notBegun.set(family, { readers, done });
    return done;
  }

  /** A forwarding entry has gone. */
  entryGone(): void {
    this.#entriesGone++;
  }

  async #dump(family: NeighbourFamily, readers: readonly RowReader[]): Promise<void> {
    await turnsEnd();
    this.#notBegun.delete(family);
    const request = new MessageWriter();
    writeNeighbourDump(request, family);
    // Before the first is over nothing can be done that would have to wait for it.
    const pace = this.#wereRead.has(family) ? {} : { ahead: Number.POSITIVE_INFINITY };
    this.#wereRead.add(family);
    const visit = (message: NetlinkMessage): void => {
      const told = decodeNeighbour(message);
      if (!told.ok) {
        for (const reader of readers) reader.ignored?.(told.error);
        return;
      }
      const row = kernelRow(told.value);
      if (row !== undefined) for (const reader of readers) reader.read(told.value, row);
    };
    const asked = request.finish();
    for (let times = 1; ; times++) {
      const goneBefore = this.#entriesGone;
      await this.#netlink.dump(asked, visit, pace);
      // What has gone is told by then.
      await turnsEnd();
      const isWhole = family !== "bridge" || this.#entriesGone === goneBefore;
      if (isWhole || times === TIMES) return;
    }
  }
}

function take(told: Result<LinkMessage, NetlinkMalformed>, { read, ignored }: LinkReader): void {
  if (told.ok) read(told.value);
  else ignored(told.error);
}
