/** MAC addresses (IEEE 802): lower-case text with colons, which is also the key of every table. */
import type { Brand } from "./brand.ts";
import { Lately } from "./lately.ts";
import { err, ok, type Result } from "./result.ts";

export type MacAddress = Brand<string, "MacAddress">;

const COLON = 0x3a;

/** Reads `02:00:00:00:00:01`, in any case; hyphens as separators are accepted too. */
export function parseMac(text: string): Result<MacAddress> {
  if (isCanonical(text)) return ok(text);
  if (!/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text))
    return err(`"${text}" is not a MAC address`);
  return ok(text.toLowerCase().replaceAll("-", ":") as MacAddress);
}

/** As all are that come in routes, by the hundred thousand. */
function isCanonical(text: string): text is MacAddress {
  if (text.length !== 17) return false;
  for (let i = 0; i < 17; i++) {
    const code = text.charCodeAt(i);
    const isDigit = (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66);
    if (i % 3 === 2 ? code !== COLON : !isDigit) return false;
  }
  return true;
}

/** Of the same bytes, the same text: a key that the tables know, without a look at its characters. */
const lately = new Lately<MacAddress>();

/** The MAC address that stands at `offset`; the caller has checked that six bytes are there. */
export function macFromBytes(bytes: Uint8Array, offset = 0): MacAddress {
  const number = uint24At(bytes, offset) * 2 ** 24 + uint24At(bytes, offset + 3);
  return lately.of(number) ?? lately.keep(number, textAt(bytes, offset));
}

function uint24At(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 16) | ((bytes[offset + 1] ?? 0) << 8) | (bytes[offset + 2] ?? 0);
}

/** In one go: put together from pieces, V8 would make a text of each step. */
function textAt(bytes: Uint8Array, offset: number): MacAddress {
  const at = (i: number): number => bytes[offset + i] ?? 0;
  const [a, b, c, d, e, f] = [at(0), at(1), at(2), at(3), at(4), at(5)] as const;
  // biome-ignore format: as it is written
  return String.fromCharCode(
    hex(a >> 4), hex(a), COLON, hex(b >> 4), hex(b), COLON, hex(c >> 4), hex(c), COLON,
    hex(d >> 4), hex(d), COLON, hex(e >> 4), hex(e), COLON, hex(f >> 4), hex(f),
  ) as MacAddress;
}

/** The lower-case digit of the lower four bits. */
function hex(bits: number): number {
  const value = bits & 15;
  return value < 10 ? 0x30 + value : 0x57 + value;
}

/** The six bytes of a MAC address, written into `into` at `offset`; runs for every row. */
export function writeMac(mac: MacAddress, into: Uint8Array, offset = 0): void {
  for (let i = 0; i < 6; i++) into[offset + i] = (digit(mac, i * 3) << 4) | digit(mac, i * 3 + 1);
}

/** The value of the lower-case hex digit at `at`. */
function digit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 0x61 ? code - 0x30 : code - 0x57;
}

export type MacRefusal = "mac-zero" | "mac-broadcast" | "mac-multicast";

/** Why this address can not be that of a host, if it can not (rule C1.23). */
export function refuseHostMac(mac: MacAddress): MacRefusal | undefined {
  // The lowest bit of the first byte is that of its second digit.
  if ((digit(mac, 1) & 1) === 1) {
    return mac === "ff:ff:ff:ff:ff:ff" ? "mac-broadcast" : "mac-multicast";
  }
  return mac === "00:00:00:00:00:00" ? "mac-zero" : undefined;
}
