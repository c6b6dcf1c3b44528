/** IP prefixes of both families: canonical text, as `192.0.2.0/24` or `2001:db8::/64`. */
import type { Brand } from "./brand.ts";
import { type IpAddress, ipToBytes, isIpv6, parseIp } from "./ip.ts";
import { err, ok, type Result } from "./result.ts";

export type IpPrefix = Brand<string, "IpPrefix">;

export function parsePrefix(text: string): Result<IpPrefix> {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = parseIp(match?.[1] ?? "");
  if (match === null || !address.ok) {
    return err(`"${text}" is not a prefix such as 192.0.2.0/24 or 2001:db8::/64`);
  }
  const length = Number(match[2]);
  const bits = isIpv6(address.value) ? 128 : 32;
  if (length > bits) return err(`"${text}" is longer than ${bits} bits`);
  const prefix = `${address.value}/${length}` as IpPrefix;
  if (bitsBeyond(ipToBytes(address.value), length)) {
    return err(`"${text}" has bits set beyond its length`);
  }
  return ok(prefix);
}

/** A set of prefixes, to be asked for many addresses. */
export class PrefixSet {
  readonly #prefixes: readonly { bytes: Uint8Array; length: number }[];

  constructor(prefixes: readonly IpPrefix[]) {
    this.#prefixes = prefixes.map((prefix) => {
      const [address = "", length] = prefix.split("/");
      return { bytes: ipToBytes(address as IpAddress), length: Number(length) };
    });
  }

  /** Whether the address is in one of them; `undefined` if none is of its family. */
  has(ip: IpAddress): boolean | undefined {
    if (this.#prefixes.length === 0) return undefined;
    const bytes = ipToBytes(ip);
    const ofFamily = this.#prefixes.filter((prefix) => prefix.bytes.length === bytes.length);
    if (ofFamily.length === 0) return undefined;
    return ofFamily.some((prefix) => !differs(prefix.bytes, bytes, prefix.length));
  }
}

/** Whether they differ within the first `length` bits. */
function differs(a: Uint8Array, b: Uint8Array, length: number): boolean {
  for (let i = 0; 8 * i < length; i++) {
    const mask = 8 * (i + 1) <= length ? 0xff : 0xff << (8 * (i + 1) - length);
    if ((((a[i] ?? 0) ^ (b[i] ?? 0)) & mask & 0xff) !== 0) return true;
  }
  return false;
}

function bitsBeyond(bytes: Uint8Array, length: number): boolean {
  return bytes.some((byte, i) => {
    const covered = Math.min(8, Math.max(0, length - 8 * i));
    return (byte & (0xff >> covered)) !== 0;
  });
}
