/** Reads whole tables of the kernel, message by message. */
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

export interface DumpReader<T> {
  readonly read: (told: T) => void;
  readonly ignored: (reason: NetlinkMalformed | NeighbourIgnored) => void;
}

/** All links; then, from the bridges, the VLANs of their ports. */
export async function dumpLinks(
  netlink: NetlinkClient,
  reader: DumpReader<LinkMessage>,
): Promise<void> {
  for (const about of ["device", "port"] as const) {
    const request = new MessageWriter();
    writeLinkDump(request, about);
    await netlink.dump(request.finish(), each(decodeLink, reader));
  }
}

/** IP neighbours, or forwarding entries. */
export async function dumpNeighbours(
  netlink: NetlinkClient,
  family: NeighbourFamily,
  reader: DumpReader<Neighbour>,
): Promise<void> {
  const request = new MessageWriter();
  writeNeighbourDump(request, { family, port: undefined });
  await netlink.dump(request.finish(), each(decodeNeighbour, reader));
}

function each<T>(
  decode: (message: NetlinkMessage) => Result<T, NetlinkMalformed | NeighbourIgnored>,
  { read, ignored }: DumpReader<T>,
): (message: NetlinkMessage) => void {
  return (message) => {
    const told = decode(message);
    if (told.ok) read(told.value);
    else ignored(told.error);
  };
}
