/** What is wrong with a configuration, in a sentence that says where and what is allowed. */
import type { z } from "zod";
import { configSchema } from "./schema.ts";
import { shapeAt } from "./shape.ts";

export type ConfigPath = readonly (string | number)[];

export interface ConfigMistake {
  readonly file: string;
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
  /** `mac-vrfs[0].vni`; empty where the file as a whole is meant. */
  readonly path: string;
  /** The offending value as it would be written; `undefined` where there is none. */
  readonly value: string | undefined;
  readonly reason: string;
  /** All of it: `Cannot read configs/leaf.yaml:12: mac-vrfs[0].vni 16777216 is above 16777215`. */
  readonly message: string;
}

/** A complaint that does not know yet on which line it is. */
export interface Complaint {
  readonly path: ConfigPath;
  /** Whether the key at the end of `path` is meant, rather than what is given for it. */
  readonly aboutKey: boolean;
  readonly reason: string;
}

/** What the schema says of a file, one complaint per mistake. */
export function complaints(issue: z.core.$ZodIssue, given: unknown): readonly Complaint[] {
  const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(shapeAt(configSchema, path) ?? {});
    return issue.keys.map((key) => ({
      path: [...path, key],
      aboutKey: true,
      reason: unknownKey(key, known),
    }));
  }
  if (issue.code === "invalid_union" && Array.isArray(given)) {
    const inList = issue.errors.find((errors) => errors.some((error) => error.path.length > 0));
    const below = inList?.map((error) => ({ ...error, path: [...issue.path, ...error.path] }));
    if (below !== undefined) return below.flatMap((error) => complaints(error, undefined));
  }
  return [{ path, aboutKey: false, reason: reasonFor(issue) }];
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: "text (quotes make it so)",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
};

function reasonFor(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `is not ${KIND_NAMES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `is not one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      if (issue.origin === "string") return "is empty";
      return issue.origin === "array" ? issue.message : `is below ${issue.minimum}`;
    case "too_big":
      return `is above ${issue.maximum}`;
    default:
      return issue.message;
  }
}

function unknownKey(key: string, known: readonly string[]): string {
  const nearest = known
    .map((candidate) => ({ candidate, distance: editDistance(key.toLowerCase(), candidate) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return nearest !== undefined && nearest.distance <= Math.ceil(key.length / 3)
    ? `is unknown: did you mean ${nearest.candidate}?`
    : `is unknown: allowed are ${known.join(", ")}`;
}

/** How many letters must be put in, taken out or changed to make one word the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const letter of a) {
    const above = row;
    row = [(above[0] ?? 0) + 1];
    for (let i = 0; i < b.length; i++) {
      const changed = (above[i] ?? 0) + (letter === b[i] ? 0 : 1);
      row.push(Math.min(changed, (above[i + 1] ?? 0) + 1, (row[i] ?? 0) + 1));
    }
  }
  return row[b.length] ?? 0;
}

export function formatPath(path: ConfigPath): string {
  return path
    .map((step, i) => (typeof step === "number" ? `[${step}]` : `${i === 0 ? "" : "."}${step}`))
    .join("");
}

const SHOWN_MAX = 80;

/** A value as a message shows it: on one line and not endless, since anything may be in a file. */
export function formatValue(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  return shown.length <= SHOWN_MAX ? shown : `${shown.slice(0, SHOWN_MAX - 1)}…`;
}
