/** Names with stars: which MAC addresses and which ports an operator means. */
import type { Brand } from "./brand.ts";
import type { MacAddress } from "./mac.ts";
import type { PortName } from "./port.ts";
import { err, ok, type Result } from "./result.ts";

/** Lower-case bytes or `*`, with colons; a star at the end stands for all bytes that follow. */
export type MacPattern = Brand<string, "MacPattern">;

/** The name of an interface, in which `*` stands for any number of characters. */
export type PortPattern = Brand<string, "PortPattern">;

const BYTES = 6;
/** IFNAMSIZ, without the zero that ends the name. */
const INTERFACE_NAME_MAX = 15;

/** Reads `00:00:5e:00:01:*`, `02:*` or a whole MAC address. */
export function parseMacPattern(text: string): Result<MacPattern> {
  const bytes = text.split(":");
  const complete = bytes.length === BYTES || (bytes.length < BYTES && bytes.at(-1) === "*");
  if (!complete || !bytes.every((byte) => /^([0-9a-f]{2}|\*)$/i.test(byte))) {
    return err(`"${text}" is not a MAC address, whole or with a star as in 00:00:5e:00:01:*`);
  }
  return ok(text.toLowerCase() as MacPattern);
}

export function matchesMac(pattern: MacPattern, mac: MacAddress): boolean {
  const actual = mac.split(":");
  return pattern.split(":").every((byte, i) => byte === "*" || byte === actual[i]);
}

/** Reads what could be the name of an interface, once its stars are filled in. */
export function parsePortPattern(text: string): Result<PortPattern> {
  const letters = text.replaceAll("*", "");
  if (text === "" || /[\s/]/.test(text) || letters.length > INTERFACE_NAME_MAX) {
    return err(`"${text}" is not the name of an interface`);
  }
  return ok(text as PortPattern);
}

export function matchesPort(pattern: PortPattern, port: PortName): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return port === first;
  const last = rest.pop() ?? "";
  if (!port.startsWith(first)) return false;
  let from = first.length;
  for (const part of rest) {
    const found = port.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return port.length - last.length >= from && port.endsWith(last);
}
