/**
 * Path attributes as they are on the wire, put as people write them: for looking at, never for
 * deciding. What is not known here, or not whole, is shown as its bytes.
 *
 * RFC 4271 §4.3 and §5, RFC 1997, RFC 4360, RFC 4456 §8, RFC 4760 §3, RFC 6514 §5, RFC 8092; RFC 7432
 * §7.7, RFC 9135 §8.1, RFC 9047 §2.
 */
import { ipv4FromBytes, ipv6FromBytes } from "../evpn/ip.ts";
import { macFromBytes } from "../evpn/mac.ts";

const EXTENDED_LENGTH = 0x10;

/** By name, in the order in which they came. */
export function attributesOf(raw: readonly Uint8Array[]): Readonly<Record<string, string>> {
  return Object.fromEntries(raw.map(attributeOf));
}

//  0       1      2 (or 2 to 3)  3 (or 4)
//  | flags | type | length       | value
function attributeOf(bytes: Uint8Array): readonly [name: string, value: string] {
  const [flags = 0, type = 0] = bytes;
  const value = bytes.subarray((flags & EXTENDED_LENGTH) === 0 ? 3 : 4);
  const known = ATTRIBUTES[type];
  if (known === undefined) return [`attribute-${type}`, hex(value)];
  const [name, read] = known;
  return [name, read(value) ?? hex(value)];
}

/** `undefined` where it is not whole. */
type Read = (value: Uint8Array) => string | undefined;

const ATTRIBUTES: Readonly<Record<number, readonly [name: string, read: Read]>> = {
  1: ["origin", (value) => ["IGP", "EGP", "incomplete"][value[0] ?? 3]],
  2: ["as-path", asPath],
  3: ["next-hop", ip],
  4: ["med", (value) => (value.length === 4 ? String(u32(value, 0)) : undefined)],
  5: ["local-pref", (value) => (value.length === 4 ? String(u32(value, 0)) : undefined)],
  6: ["atomic-aggregate", () => "yes"],
  8: ["communities", (value) => pieces(value, 4, (each) => `${u16(each, 0)}:${u16(each, 2)}`)],
  9: ["originator-id", ip],
  10: ["cluster-list", (value) => pieces(value, 4, ip)],
  14: ["mp-reach-next-hop", mpReach],
  16: ["extended-communities", (value) => pieces(value, 8, extendedCommunity)],
  22: ["pmsi-tunnel", pmsi],
  32: [
    "large-communities",
    (value) => pieces(value, 12, (each) => [0, 4, 8].map((at) => u32(each, at)).join(":")),
  ],
};

/** Segments of AS numbers of four bytes or, from an old speaker, two; sets stand in braces. */
function asPath(value: Uint8Array): string | undefined {
  return segments(value, 4) ?? segments(value, 2);
}

function segments(value: Uint8Array, width: 2 | 4): string | undefined {
  const parts: string[] = [];
  let at = 0;
  while (at < value.length) {
    const [type = 0, count = 0] = value.subarray(at, at + 2);
    const end = at + 2 + count * width;
    if (end > value.length) return undefined;
    const body = value.subarray(at + 2, end);
    const numbers = Array.from({ length: count }, (_, i) =>
      String(width === 4 ? u32(body, i * 4) : u16(body, i * 2)),
    ).join(" ");
    parts.push(type === 1 ? `{${numbers}}` : type === 2 ? numbers : `(${numbers})`);
    at = end;
  }
  return parts.join(" ");
}

//  0     2      3        4
//  | AFI | SAFI | length | next hop | reserved | NLRI
function mpReach(value: Uint8Array): string | undefined {
  const length = value[3] ?? 0;
  // Of two addresses the first is the global one (RFC 2545 §3).
  return ip(value.subarray(4, 4 + (length === 32 ? 16 : length)));
}

//  0       1      2       5
//  | flags | type | label | tunnel identifier
function pmsi(value: Uint8Array): string | undefined {
  if (value.length < 5) return undefined;
  const type = value[1] === 6 ? "ingress-replication" : `type ${value[1]}`;
  const label = (u16(value, 2) << 8) | (value[4] ?? 0);
  return `${type}, label ${label}, ${ip(value.subarray(5)) ?? hex(value.subarray(5))}`;
}

function extendedCommunity(value: Uint8Array): string {
  const [type = 0, subType = 0] = value;
  // The highest bits say who has given the type, and whether it is passed on.
  switch (((type & 0x3f) << 8) | subType) {
    case 0x0002:
      return `rt:${u16(value, 2)}:${u32(value, 4)}`;
    case 0x0102:
      return `rt:${ip(value.subarray(2, 6))}:${u16(value, 6)}`;
    case 0x0202:
      return `rt:${u32(value, 2)}:${u16(value, 6)}`;
    case 0x030c:
      return u16(value, 6) === 8 ? "encap:vxlan" : `encap:${u16(value, 6)}`;
    case 0x030d:
      return "default-gateway";
    case 0x0600:
      return `mac-mobility:${u32(value, 4)}${((value[2] ?? 0) & 1) === 0 ? "" : ":sticky"}`;
    case 0x0603:
      return `router-mac:${macFromBytes(value, 2)}`;
    case 0x0608:
      return `arp-nd:0x${hex(value.subarray(2, 3))}`;
    default:
      return `0x${hex(value)}`;
  }
}

function pieces(
  value: Uint8Array,
  length: number,
  read: (piece: Uint8Array) => string | undefined,
): string | undefined {
  if (value.length % length !== 0) return undefined;
  const all: string[] = [];
  for (let at = 0; at < value.length; at += length) {
    const piece = value.subarray(at, at + length);
    all.push(read(piece) ?? hex(piece));
  }
  return all.join(", ");
}

function ip(value: Uint8Array): string | undefined {
  if (value.length === 4) return ipv4FromBytes(value);
  return value.length === 16 ? ipv6FromBytes(value) : undefined;
}

function u16(value: Uint8Array, at: number): number {
  return ((value[at] ?? 0) << 8) | (value[at + 1] ?? 0);
}

function u32(value: Uint8Array, at: number): number {
  return u16(value, at) * 0x1_0000 + u16(value, at + 2);
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString("hex");
}
