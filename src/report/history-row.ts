/** What happened to a host, as scripts get it (`roam history --json`) and as it is kept on the disk. */
import type { OverRecord, StepName } from "./move.ts";

export interface HistoryRow {
  /** RFC 3339; of what happened several times in a row, the last time. */
  readonly at: string;
  readonly vni: number;
  readonly mac: string;
  readonly ips: readonly string[];
  /** `moved`, or another kind of notice. */
  readonly kind: string;
  /** In words. */
  readonly text: string;
  /** How often it happened in a row. */
  readonly times: number;
  /** Of a move; `null` otherwise. A port's name, a VTEP's address, or nowhere: `null` too. */
  readonly from: string | null;
  readonly to: string | null;
  readonly seq: number | null;
  readonly signal: string | null;
  readonly by: string | null;
  readonly over: OverRecord | null;
  /** Of a move, in milliseconds after `at`. */
  readonly steps: readonly { readonly name: StepName; readonly atMs: number }[];
  /** Of a move, how many frames came too late and were sent on. */
  readonly redirected?: number;
}

/** Reads what a former life has written; `undefined` where it is not whole. */
export function readHistoryRow(value: unknown): HistoryRow | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const row = value as { readonly [F in keyof HistoryRow]?: unknown };
  const isWhole =
    isTime(row.at) &&
    typeof row.vni === "number" &&
    [row.mac, row.kind, row.text].every((field) => typeof field === "string") &&
    typeof row.times === "number" &&
    isListOf(row.ips, (ip) => typeof ip === "string") &&
    isListOf(row.steps, isStep) &&
    (row.redirected === undefined || typeof row.redirected === "number") &&
    [row.from, row.to, row.signal, row.by].every(isTextOrNull) &&
    (row.seq === null || typeof row.seq === "number") &&
    (row.over === null || isOver(row.over));
  return isWhole ? (value as HistoryRow) : undefined;
}

function isListOf(value: unknown, is: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}

function isStep(value: unknown): boolean {
  return hasFields(value, { name: "string", atMs: "number" });
}

function isOver(value: unknown): boolean {
  return hasFields(value, {
    vtep: "string",
    seq: "number",
    sticky: "boolean",
    decidedBy: "string",
  });
}

function hasFields(value: unknown, fields: Readonly<Record<string, string>>): boolean {
  if (typeof value !== "object" || value === null) return false;
  const record = value as Readonly<Record<string, unknown>>;
  return Object.entries(fields).every(([name, type]) => typeof record[name] === type);
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}

function isTime(value: unknown): value is string {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}
