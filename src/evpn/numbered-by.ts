/**
 * The shape that route distinguishers and route targets share (RFC 4364 §4.2, RFC 4360 §3.1): who
 * gave the number, and the number. Only the first of the three leaves 32 bits for the number.
 */
import { type IpAddress, parseIp } from "./ip.ts";
import { err, ok, type Result } from "./result.ts";

export type NumberedBy =
  | { readonly kind: "as2"; readonly admin: number; readonly number: number }
  | { readonly kind: "ipv4"; readonly admin: IpAddress; readonly number: number }
  | { readonly kind: "as4"; readonly admin: number; readonly number: number };

/**
 * `65000:10`, `10.0.0.1:10` and, for an AS number of four bytes, `4200000001:10`. A four-byte AS
 * number below 65536 is told apart as `0.65000:10`, which is how GoBGP prints it.
 */
export function formatNumberedBy(value: NumberedBy): string {
  if (value.kind === "as4" && value.admin <= 0xffff) return `0.${value.admin}:${value.number}`;
  return `${value.admin}:${value.number}`;
}

/** Reads the forms above; `what` names the thing in the error. */
export function parseNumberedBy(text: string, what: string): Result<NumberedBy> {
  const match = /^([0-9.]+):([0-9]+)$/.exec(text);
  const admin = match?.[1] ?? "";
  const number = Number(match?.[2] ?? Number.NaN);
  const parsed = parseAdmin(admin, number);
  if (parsed === undefined) return err(`"${text}" is not a ${what}`);
  const limit = parsed.kind === "as2" ? 0xffff_ffff : 0xffff;
  if (number > limit) return err(`"${text}" is not a ${what}: ${number} is above ${limit}`);
  return ok(parsed);
}

function parseAdmin(admin: string, number: number): NumberedBy | undefined {
  if (/^\d+$/.test(admin)) {
    const asn = Number(admin);
    if (asn > 0xffff_ffff) return undefined;
    return { kind: asn > 0xffff ? "as4" : "as2", admin: asn, number };
  }
  const dotted = /^(\d{1,5})\.(\d{1,5})$/.exec(admin);
  if (dotted !== null) {
    const [high, low] = [Number(dotted[1]), Number(dotted[2])];
    return high > 0xffff || low > 0xffff
      ? undefined
      : { kind: "as4", admin: high * 0x1_0000 + low, number };
  }
  const ip = parseIp(admin);
  return ip.ok ? { kind: "ipv4", admin: ip.value, number } : undefined;
}
