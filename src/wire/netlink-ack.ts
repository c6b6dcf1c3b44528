/**
 * What the kernel says to a request: nothing went wrong, or an errno with a sentence (`NLMSG_ERROR`,
 * extended acknowledgements since Linux 4.12).
 */
import { err, ok, type Result } from "../evpn/result.ts";
import {
  align4,
  HEADER_LENGTH,
  LITTLE_ENDIAN,
  NetlinkFlag,
  type NetlinkMalformed,
  type NetlinkMessage,
  readAttributes,
  viewOf,
} from "./netlink.ts";

export interface Acknowledgement {
  /** Of the request this answers. */
  readonly sequence: number;
  /** 0 is success. */
  readonly errno: number;
  /** The kernel's sentence, where it has one. */
  readonly message: string | undefined;
}

const ATTRIBUTE_MESSAGE = 1;

//  0       4
//  | errno | header of the request | payload of the request, if not capped | attributes
export function decodeAck(message: NetlinkMessage): Result<Acknowledgement, NetlinkMalformed> {
  const { payload, flags, sequence } = message;
  if (payload.length < 4) return err("netlink-truncated");
  const view = viewOf(payload);
  // The kernel gives errors as negative numbers, and a positive one is none it knows.
  const errno = Math.abs(view.getInt32(0, LITTLE_ENDIAN));
  if ((flags & NetlinkFlag.ackTlvs) === 0) return ok({ sequence, errno, message: undefined });

  if (payload.length < 4 + HEADER_LENGTH) return err("netlink-truncated");
  const capped = errno === 0 || (flags & NetlinkFlag.capped) !== 0;
  const quoted = capped ? HEADER_LENGTH : align4(view.getUint32(4, LITTLE_ENDIAN));
  if (quoted < HEADER_LENGTH) return err("netlink-bad-length");
  if (quoted > payload.length - 4) return err("netlink-truncated");

  let text: string | undefined;
  const whole = readAttributes(
    view,
    { offset: 4 + quoted, end: payload.length },
    (type, start, length) => {
      if (type === ATTRIBUTE_MESSAGE) text = textAt(payload, start, length);
    },
  );
  return whole ? ok({ sequence, errno, message: text }) : err("netlink-bad-attribute");
}

/** Text up to the terminating zero; what is not printable ASCII is left out. */
export function textAt(bytes: Uint8Array, start: number, length: number): string {
  let text = "";
  for (let i = start; i < start + length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === 0) break;
    if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
  }
  return text;
}
