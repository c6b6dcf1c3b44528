/** How a check says what it has found. */
import type { CheckRow } from "../control/rows.ts";
import type { Found } from "./facts.ts";

/** Nothing is wrong, and why that is believed. */
export function fine(check: string, detail: string): CheckRow {
  return { check, ok: true, detail, remedy: null };
}

export function wrong(check: string, detail: string, remedy: string): CheckRow {
  return { check, ok: false, detail, remedy };
}

/** It can not be told from here. */
export function unknown(check: string, why: string): CheckRow {
  return { check, ok: null, detail: why, remedy: null };
}

/** Something that is wrong with one of several, and what to do about it. */
export interface Finding {
  readonly detail: string;
  readonly remedy: string;
}

/** Wrong where anything was found. */
export function verdict(check: string, findings: readonly Finding[], detail: string): CheckRow {
  if (findings.length === 0) return fine(check, detail);
  const remedies = [...new Set(findings.map(({ remedy }) => remedy))];
  return wrong(check, findings.map((each) => each.detail).join("; "), remedies.join("; "));
}

/** Judges what was found, or says why it was not. */
export function judging<T>(
  check: string,
  found: Found<T>,
  judge: (value: T) => CheckRow,
): CheckRow {
  return found.found ? judge(found.value) : unknown(check, found.why);
}
