/** What nf_tables tells: of which table a message is, and what stands in a set. */
import { err, ok, type Result } from "../evpn/result.ts";
import { type NetlinkMalformed, type NetlinkMessage, readAttributes, viewOf } from "./netlink.ts";
import { textAt } from "./netlink-ack.ts";
import {
  ChainAttribute,
  ElementAttribute,
  ElementsAttribute,
  NFT_HEADER_LENGTH,
  TABLE_ATTRIBUTE,
} from "./nftables.ts";
import { ExpressionAttribute } from "./nftables-expression.ts";

const COUNTER_PACKETS = 2;

/** An element as it stands. */
export interface StandingElement {
  readonly key: Uint8Array;
  /** How long it stands yet. */
  readonly leftMs: number | undefined;
  /** How many packets have matched it. */
  readonly packets: number;
}

/** The table that a message is about, and of a message about a chain, its name. */
export function decodeSubject({
  payload,
}: NetlinkMessage): Result<{ table: string; chain: string }, NetlinkMalformed> {
  if (payload.length < NFT_HEADER_LENGTH) return err("netlink-truncated");
  const subject = { table: "", chain: "" };
  const bounds = { offset: NFT_HEADER_LENGTH, end: payload.length };
  const whole = readAttributes(viewOf(payload), bounds, (attribute, start, length) => {
    if (attribute === TABLE_ATTRIBUTE) subject.table = textAt(payload, start, length);
    else if (attribute === ChainAttribute.name) subject.chain = textAt(payload, start, length);
  });
  return whole ? ok(subject) : err("netlink-bad-attribute");
}

/** What a message of `elementDump` tells. */
export function decodeElements({
  payload,
}: NetlinkMessage): Result<readonly StandingElement[], NetlinkMalformed> {
  if (payload.length < NFT_HEADER_LENGTH) return err("netlink-truncated");
  const view = viewOf(payload);
  const elements: StandingElement[] = [];
  let fits = true;
  const inside = (start: number, length: number, visit: Visit): void => {
    fits = readAttributes(view, { offset: start, end: start + length }, visit) && fits;
  };
  inside(NFT_HEADER_LENGTH, payload.length - NFT_HEADER_LENGTH, (attribute, start, length) => {
    if (attribute !== ElementsAttribute.list) return;
    inside(start, length, (_, at, size) => {
      elements.push(readElement({ payload, view, inside }, at, size));
    });
  });
  return fits ? ok(elements) : err("netlink-bad-attribute");
}

type Visit = (type: number, start: number, length: number) => void;

interface Reading {
  readonly payload: Uint8Array;
  readonly view: DataView;
  readonly inside: (start: number, length: number, visit: Visit) => void;
}

function readElement(
  { payload, view, inside }: Reading,
  at: number,
  size: number,
): StandingElement {
  let key = new Uint8Array(0);
  let leftMs: number | undefined;
  let packets = 0;
  const number = (start: number, length: number): number =>
    length === 8 ? Number(view.getBigUint64(start)) : 0;
  inside(at, size, (attribute, start, length) => {
    if (attribute === ElementAttribute.key) {
      inside(start, length, (_, from, bytes) => {
        key = payload.slice(from, from + bytes);
      });
    } else if (attribute === ElementAttribute.expiration) leftMs = number(start, length);
    else if (attribute === ElementAttribute.expression) {
      inside(start, length, (part, from, bytes) => {
        if (part !== ExpressionAttribute.data) return;
        inside(from, bytes, (which, value, width) => {
          if (which === COUNTER_PACKETS) packets = number(value, width);
        });
      });
    }
  });
  return { key, leftMs, packets };
}
