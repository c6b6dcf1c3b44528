/** IP addresses of both families: canonical text (RFC 5952), which is also the key of every table. */
import { Address6 } from "ip-address";
import type { Brand } from "./brand.ts";
import { Lately } from "./lately.ts";
import { err, ok, type Result } from "./result.ts";

export type IpAddress = Brand<string, "IpAddress">;

const IPV4 = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

/** Reads an IPv4 or IPv6 address without prefix length or zone. */
export function parseIp(text: string): Result<IpAddress> {
  if (IPV4.test(text)) return ok(text as IpAddress);
  if (!text.includes(":") || /[/%]/.test(text) || !Address6.isValid(text)) {
    return err(`"${text}" is not an IP address`);
  }
  return ok(new Address6(text).correctForm() as IpAddress);
}

/** Asked of every frame and row: of an IPv4 address, one of these is the first dot. */
export function isIpv6(ip: IpAddress): boolean {
  return ip.charCodeAt(1) !== DOT && ip.charCodeAt(2) !== DOT && ip.charCodeAt(3) !== DOT;
}

/** The address in network byte order: 4 or 16 bytes. */
export function ipToBytes(ip: IpAddress): Uint8Array {
  return isIpv6(ip) ? ipv6ToBytes(ip) : ipv4ToBytes(ip);
}

/** Runs for every row that is written. */
function ipv4ToBytes(ip: IpAddress): Uint8Array {
  const bytes = new Uint8Array(4);
  let at = 0;
  for (let i = 0; i < ip.length; i++) {
    const code = ip.charCodeAt(i);
    if (code === DOT) at++;
    else bytes[at] = (bytes[at] ?? 0) * 10 + code - ZERO;
  }
  return bytes;
}

const DOT = 0x2e;
const ZERO = 0x30;

function ipv6ToBytes(ip: IpAddress): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(new Address6(ip).toUnsignedByteArray().slice(-16), 0);
  return bytes;
}

const lately = new Lately<IpAddress>();

/** The IPv4 address at `offset`; the caller has checked that four bytes are there. */
export function ipv4FromBytes(bytes: Uint8Array, offset = 0): IpAddress {
  const high = ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
  const low = ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0);
  const number = high * 2 ** 16 + low;
  return lately.of(number) ?? lately.keep(number, quad(high, low));
}

function quad(high: number, low: number): IpAddress {
  const network = high * 256 + (low >> 8);
  const prefix =
    networks.of(network) ?? networks.keep(network, `${high >> 8}.${high & 255}.${low >> 8}.`);
  return `${prefix}${low & 255}` as IpAddress;
}

/** The first three bytes as text, which the addresses of a fabric have mostly in common. */
const networks = new Lately<string>();

/**
 * The IPv6 address at `offset`, in RFC 5952 form; the caller has checked that 16 bytes are there.
 * Runs several times for every ND frame, hence makes nothing but the text.
 */
export function ipv6FromBytes(bytes: Uint8Array, offset = 0): IpAddress {
  const zeros = longestZeroRun(bytes, offset);
  let text = "";
  for (let i = 0; i < 8; i++) {
    if (i === zeros.start) {
      text += i === 0 ? "::" : ":";
      i += zeros.length - 1;
    } else {
      text += groupAt(bytes, offset, i).toString(16);
      if (i < 7) text += ":";
    }
  }
  return text as IpAddress;
}

function groupAt(bytes: Uint8Array, offset: number, i: number): number {
  return ((bytes[offset + 2 * i] ?? 0) << 8) | (bytes[offset + 2 * i + 1] ?? 0);
}

/** The first of the longest; a single zero is not shortened (RFC 5952 §4.2). */
function longestZeroRun(bytes: Uint8Array, offset: number): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  let start = 0;
  for (let i = 0; i <= 8; i++) {
    if (i < 8 && groupAt(bytes, offset, i) === 0) continue;
    if (i - start > best.length) best = { start, length: i - start };
    start = i + 1;
  }
  return best;
}

export type IpRefusal = "ip-unspecified" | "ip-loopback" | "ip-multicast" | "ip-reserved";

/** Why this address can not be that of a host, if it can not (rule C7.14, C7.5). */
export function refuseHostIp(ip: IpAddress): IpRefusal | undefined {
  if (isIpv6(ip)) {
    if (ip === "::") return "ip-unspecified";
    if (ip === "::1") return "ip-loopback";
    return ip.startsWith("ff") && ip.indexOf(":") === 4 ? "ip-multicast" : undefined;
  }
  const first = firstOf(ip);
  if (first === 0) return "ip-unspecified";
  if (first === 127) return "ip-loopback";
  if (first >= 240) return "ip-reserved";
  return first >= 224 ? "ip-multicast" : undefined;
}

/** The number before the first dot; done with every frame, and `parseInt` takes longer. */
function firstOf(ip: IpAddress): number {
  let number = 0;
  for (let i = 0; i < 3 && ip.charCodeAt(i) !== DOT; i++)
    number = number * 10 + ip.charCodeAt(i) - ZERO;
  return number;
}

/** Link-local addresses mean something on one link only (RFC 3927, RFC 4291 §2.5.6). */
export function isLinkLocal(ip: IpAddress): boolean {
  return isIpv6(ip) ? /^fe[89ab][0-9a-f]:/.test(ip) : ip.startsWith("169.254.");
}
