/**
 * Reads a configuration. A file with three mistakes gets three answers, each with its place, what
 * was given and what is allowed. A key without a value counts as not given.
 */
import { type Document, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { err, ok, type Result } from "../evpn/result.ts";
import type { Config } from "./config.ts";
import {
  type Complaint,
  type ConfigMistake,
  type ConfigPath,
  complaints,
  formatPath,
  formatValue,
} from "./mistake.ts";
import { configSchema } from "./schema.ts";
import { saidTwice, valueAt } from "./twice.ts";

export function loadConfig(text: string, file: string): Result<Config, readonly ConfigMistake[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "error",
  });
  const source: Source = { text, file, document, lines };
  const syntax = document.errors.map((error) => syntaxMistake(source, error));
  // After a key that is given twice one can read on; after other errors one would be guessing.
  if (document.errors.some((error) => error.code !== "DUPLICATE_KEY")) return err(syntax);

  const given = toPlain(document);
  if (!given.ok) return err([mistakeAt(source, 0, { reason: given.error })]);
  const read = configSchema.safeParse(given.value);
  const complained = [
    ...(read.error?.issues ?? []).flatMap((issue) => complaints(issue, at(given.value, issue))),
    ...saidTwice(given.value),
  ];
  const mistakes = [
    ...syntax,
    ...complained.map((complaint) => contentMistake(source, given.value, complaint)),
  ];
  if (read.success && mistakes.length === 0) return ok(read.data);
  return err(mistakes.sort((a, b) => a.line - b.line || a.column - b.column));
}

interface Source {
  readonly text: string;
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

function toPlain(document: Document): Result<unknown> {
  try {
    return ok(withoutNulls(document.toJS() ?? {}));
  } catch (error) {
    // An alias to nothing, or so many that they would fill the memory.
    return err(error instanceof Error ? error.message : String(error));
  }
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutNulls(inner)]));
}

function at(given: unknown, { path }: { readonly path: readonly PropertyKey[] }): unknown {
  return path.reduce<unknown>((value, step) => valueAt(value, String(step)), given);
}

function syntaxMistake(
  source: Source,
  error: { readonly code: string; readonly message: string; readonly pos: readonly number[] },
): ConfigMistake {
  const offset = error.pos[0] ?? 0;
  if (error.code !== "DUPLICATE_KEY") {
    return mistakeAt(source, offset, { reason: `not YAML: ${error.message}` });
  }
  const key = /^[^\s:]*/.exec(source.text.slice(offset))?.[0] ?? "";
  return mistakeAt(source, offset, { path: key, reason: "is given twice" });
}

function contentMistake(source: Source, given: unknown, complaint: Complaint): ConfigMistake {
  const value = at(given, complaint);
  const shown = complaint.aboutKey ? undefined : formatValue(value);
  const missing = value === undefined && !complaint.aboutKey;
  // The readers of single values begin with the value; it is told once.
  const begins = [`"${value}" `, `${value} `].find((told) => complaint.reason.startsWith(told));
  const reason = complaint.reason.slice(begins?.length ?? 0);
  return mistakeAt(source, offsetOf(source.document, complaint), {
    path: formatPath(complaint.path),
    value: shown,
    reason: missing ? "is missing" : reason,
  });
}

function mistakeAt(
  { file, lines }: Source,
  offset: number,
  said: { readonly path?: string; readonly value?: string | undefined; readonly reason: string },
): ConfigMistake {
  const { line, col } = lines.linePos(offset);
  const { path = "", value, reason } = said;
  const sentence = [path, value, reason].filter((part) => part !== undefined && part !== "");
  return {
    file,
    line: Math.max(line, 1),
    column: Math.max(col, 1),
    path,
    value,
    reason,
    message: `Cannot read ${file}:${Math.max(line, 1)}: ${sentence.join(" ")}`,
  };
}

/** Where the value stands, or its key; what is not there stands where it should be. */
function offsetOf(document: Document, { path, aboutKey }: Complaint): number {
  let offset = 0;
  let node: unknown = document.contents;
  for (const [i, step] of path.entries()) {
    const child = childAt(node, step);
    if (child === undefined) return offset;
    const last = i === path.length - 1;
    offset = (last && aboutKey ? child.keyOffset : child.offset) ?? offset;
    node = child.node;
  }
  return offset;
}

function childAt(
  node: unknown,
  step: ConfigPath[number],
): { node: unknown; offset: number | undefined; keyOffset: number | undefined } | undefined {
  const pair = isMap(node)
    ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step))
    : undefined;
  if (pair !== undefined && isPair(pair)) {
    const keyOffset = startOf(pair.key);
    return { node: pair.value, offset: startOf(pair.value) ?? keyOffset, keyOffset };
  }
  const item = isSeq(node) && typeof step === "number" ? node.items[step] : undefined;
  if (item === undefined) return undefined;
  return { node: item, offset: startOf(item), keyOffset: undefined };
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  return Array.isArray(node.range) ? Number(node.range[0]) : undefined;
}
