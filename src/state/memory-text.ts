/**
 * A memory as one line of text, and back. What is read may be torn by a crash or written by anybody:
 * a line that is not whole is no memory.
 */
import { parseIp } from "../evpn/ip.ts";
import { parseMac } from "../evpn/mac.ts";
import { type MacClaim, SEQ_MAX } from "../evpn/mac-claim.ts";
import { toVni, type Vni } from "../evpn/vni.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import type { Duplicate } from "../mobility/duplicates.ts";
import type { Memory } from "../mobility/memory.ts";

export function formatMemory(memory: Memory): string {
  return JSON.stringify(memory);
}

/** `undefined` where the line is not a memory. */
export function parseMemory(line: string): Memory | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const vni = toVni(Number(value.vni));
  const duplicate = value.duplicate === undefined ? undefined : parseDuplicate(value.duplicate);
  if (!vni.ok || duplicate === "wrong") return undefined;
  const of = { vni: vni.value, duplicate };
  return value.kind === "ip" ? parseIpMemory(value, of) : parseMacMemory(value, of);
}

type Fields = Readonly<Record<string, unknown>>;
type Of = { readonly vni: Vni; readonly duplicate: Duplicate | undefined };

function parseIpMemory(value: Fields, of: Of): Memory | undefined {
  const ip = parseIp(String(value.ip));
  return ip.ok ? { kind: "ip", ip: ip.value, ...of } : undefined;
}

function parseMacMemory(value: Fields, of: Of): Memory | undefined {
  const mac = parseMac(String(value.mac));
  const { sentSeq, heardSeq } = value;
  const held = value.held === undefined ? undefined : parseClaim(value.held);
  if (value.kind !== "mac" || !mac.ok || held === "wrong") return undefined;
  if (!isSeq(sentSeq) || !isSeq(heardSeq)) return undefined;
  return { kind: "mac", mac: mac.value, sentSeq, heardSeq, held, ...of };
}

function parseClaim(value: unknown): MacClaim | "wrong" {
  if (!isRecord(value)) return "wrong";
  const vtep = parseIp(String(value.vtep));
  const { seq, sticky } = value;
  if (!vtep.ok || !isSeq(seq) || typeof sticky !== "boolean") return "wrong";
  return { vtep: vtep.value, seq, sticky };
}

function parseDuplicate(value: unknown): Duplicate | "wrong" {
  if (!isRecord(value)) return "wrong";
  const { kind, since, recoversAt, moves, vteps } = value;
  if (kind !== "warned" && kind !== "frozen") return "wrong";
  if (!isTime(since) || !(recoversAt === undefined || isTime(recoversAt))) return "wrong";
  if (!isSeq(moves) || !Array.isArray(vteps)) return "wrong";
  const addresses = vteps.flatMap((vtep): VtepAddress[] => {
    const parsed = parseIp(String(vtep));
    return parsed.ok ? [parsed.value] : [];
  });
  return { kind, since, recoversAt, moves, vteps: addresses };
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A sequence number or -1 for none; a count. */
function isSeq(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= -1 && Number(value) <= SEQ_MAX;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
