/** Ethernet segment identifiers (RFC 7432 §5): ten bytes, all zero for a single-homed host. */
import type { Brand } from "./brand.ts";

/** Ten bytes as lower-case hex with colons. */
export type Esi = Brand<string, "Esi">;

export const ZERO_ESI: Esi = "00:00:00:00:00:00:00:00:00:00" as Esi;

/** `type` is the first byte, `value` the nine that follow. A missing value is all zero. */
export function esiFromParts(type: number, value: Uint8Array): Esi | undefined {
  if (value.length !== 9 && value.length !== 0) return undefined;
  if ((type & 0xff) === 0 && isZero(value)) return ZERO_ESI;
  const bytes = [type & 0xff, ...(value.length === 0 ? new Uint8Array(9) : value)];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":") as Esi;
}

function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}
