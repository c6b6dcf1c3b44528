import {
  align4,
  LITTLE_ENDIAN,
  type NetlinkMessage,
  readMessages,
  viewOf,
} from "../../src/wire/netlink.ts";

const HEADER_LENGTH = 16;

/** A message with this payload, out of a datagram of its own, behind another as most are. */
export function messageOf(
  { type, flags = 0, sequence = 0 }: { type: number; flags?: number; sequence?: number },
  payload: Uint8Array,
): NetlinkMessage {
  const length = HEADER_LENGTH + payload.length;
  const datagram = new Uint8Array(HEADER_LENGTH + align4(length));
  const view = viewOf(datagram);
  view.setUint32(0, HEADER_LENGTH, LITTLE_ENDIAN);
  view.setUint32(HEADER_LENGTH, length, LITTLE_ENDIAN);
  view.setUint16(HEADER_LENGTH + 4, type, LITTLE_ENDIAN);
  view.setUint16(HEADER_LENGTH + 6, flags, LITTLE_ENDIAN);
  view.setUint32(HEADER_LENGTH + 8, sequence, LITTLE_ENDIAN);
  datagram.set(payload, 2 * HEADER_LENGTH);
  const message = readMessages(datagram).messages[1];
  if (message === undefined) throw new Error("Cannot happen");
  return message;
}
