/** How the values of single keys are read. Every complaint begins with the value it is about. */
import { z } from "zod";
import { parseIp } from "../evpn/ip.ts";
import { err, ok, type Result } from "../evpn/result.ts";

/** A value as text, from text; `read` says what is wrong with it. */
export function text<T>(read: (text: string) => Result<T>): z.ZodType<T, string> {
  return z.string().transform((given, context) => {
    const result = read(given);
    if (result.ok) return result.value;
    context.issues.push({ code: "custom", message: result.error, input: given });
    return z.NEVER;
  });
}

const MS_PER_UNIT = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
type Unit = keyof typeof MS_PER_UNIT;

export interface DurationLimits {
  readonly min: string;
  readonly max: string;
  /** What a duration of `0` means, where it may be given: not the shortest time, but none at all. */
  readonly zero?: string;
}

/** `500ms`, `10s`, `3m`, `1h`: always with its unit, for a bare number is a guess. */
export function duration({ min, max, zero }: DurationLimits): z.ZodType<number> {
  const [minMs, maxMs] = [milliseconds(min) ?? 0, milliseconds(max) ?? 0];
  const reading = z.preprocess(
    (given) => (typeof given === "number" ? String(given) : given),
    text((given) => {
      if (zero !== undefined && /^0(ms|s|m|h)?$/.test(given)) return ok(0);
      const ms = milliseconds(given);
      if (ms === undefined) {
        return err(`"${given}" is not a duration such as 500ms, 10s, 3m or 1h`);
      }
      const or = zero === undefined ? "" : ` (0: ${zero})`;
      if (ms < minMs) return err(`"${given}" is below ${min}${or}`);
      if (ms > maxMs) return err(`"${given}" is above ${max}${or}`);
      return ok(ms);
    }),
  );
  return reading.meta({ limits: `${min} to ${max}` });
}

function milliseconds(given: string): number | undefined {
  const match = /^(\d{1,12})(ms|s|m|h)$/.exec(given);
  return match === null ? undefined : Number(match[1]) * MS_PER_UNIT[match[2] as Unit];
}

/** `host:port` or `[address]:port`. */
export function parseListenAddress(given: string): Result<string> {
  const match = /^(\[(?<ipv6>[^\]]+)\]|(?<host>[^:/\s]+)):(?<port>\d{1,5})$/.exec(given);
  const { ipv6, port } = match?.groups ?? {};
  if (match === null || (ipv6 !== undefined && !parseIp(ipv6).ok)) {
    return err(`"${given}" is not host:port or [IPv6 address]:port`);
  }
  if (Number(port) > 0xffff) return err(`"${given}" has a port above 65535`);
  return ok(given);
}

/** Whether nobody but this machine can reach it. Of names only `localhost` is known to be so. */
export function isLoopback(address: string): boolean {
  const host = address.slice(0, address.lastIndexOf(":"));
  if (host === "localhost") return true;
  const ip = parseIp(host.replace(/^\[|\]$/g, ""));
  return ip.ok && (ip.value === "::1" || ip.value.startsWith("127."));
}

/** Where gobgpd listens: `host:port` or `unix:/path`. */
export function parseGobgpAddress(given: string): Result<string> {
  if (/^unix:\/\S+$/.test(given)) return ok(given);
  if (given.startsWith("unix:")) return err(`"${given}" is not unix: and an absolute path`);
  const address = parseListenAddress(given);
  if (!address.ok) return err(`"${given}" is neither host:port nor unix:/path`);
  return given.endsWith(":0") ? err(`"${given}" has the port 0`) : address;
}

export function parseAbsolutePath(given: string): Result<string> {
  return given.startsWith("/") ? ok(given) : err(`"${given}" is not an absolute path`);
}

/** Permission bits, as text, since `0660` without quotes is the number 660 in YAML 1.2. */
export function parseMode(given: string): Result<number> {
  if (!/^0?[0-7]{3}$/.test(given)) {
    return err(`"${given}" is not three octal digits such as "0660"`);
  }
  return ok(Number.parseInt(given, 8));
}

/** IFNAMSIZ is 16 bytes, one of which ends the name. */
export function parseInterfaceName(given: string): Result<string> {
  const fits = /^[^\s/]{1,15}$/.test(given) && given !== "." && given !== "..";
  return fits ? ok(given) : err(`"${given}" is not the name of an interface`);
}
