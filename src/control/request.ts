/** Reading what has come over the socket, from anybody; and how it is refused in a sentence. */
import { err, ok, type Result } from "../evpn/result.ts";
import { toVni, type Vni } from "../evpn/vni.ts";

export type Fields = Readonly<Record<string, unknown>>;

export function readObject(text: string): Result<Fields> {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    // What is wrong with it helps nobody: no person has typed it.
    return err("Cannot read the request: it is not JSON");
  }
  if (!isRecord(input)) return err("Cannot read the request: it is not a JSON object");
  return ok(input);
}

/** What has none but these fields: a mistyped one must not be passed over. */
export function withOnly(fields: readonly string[], input: Fields): Result<Fields> {
  const stranger = Object.keys(input).find((name) => !fields.includes(name));
  if (stranger === undefined) return ok(input);
  return err(`Cannot read the request: ${quote(stranger)} is none of ${fields.join(", ")}`);
}

export function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function notA(value: unknown, what: string): Result<never> {
  return err(`${quote(value)} is not ${what}`);
}

/** Somebody else's value in a sentence of ours: quoted, and never longer than a line. */
export function quote(value: unknown): string {
  if (typeof value === "string") return `"${clip(value)}"`;
  // Nor is it gone into: what is nested deeply enough has no text (the stack is finite).
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

export function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

export function readVni(value: unknown): Result<Vni | undefined> {
  if (value === undefined || value === null) return ok(undefined);
  return typeof value === "number" ? toVni(value) : notA(value, "a number");
}
