/**
 * Writes `configs/roamd.yaml` from the schema. What stands there is the default; what is behind a
 * `#` without a space is an example of what has none.
 */
import { stringify } from "yaml";
import type { z } from "zod";
import { configSchema } from "./schema.ts";
import { defaultOf, elementOf, limitsOf, metaOf, type Shape, shapeOf } from "./shape.ts";

type Schema = z.core.$ZodType;

const HEAD = `# The configuration of roamd: every option once. Each of them may be left out.
#
# What is given here is the default. What is behind a "#" without a space is an example of what has
# no default. Durations are 500ms, 10s, 3m or 1h. "roamd --check --config FILE" finds all mistakes.
#
# Written by "npm run generate:config" from src/config/schema.ts.
`;

export function sampleConfig(): string {
  const parts = Object.entries(shapeOf(configSchema) ?? {});
  return [HEAD, ...parts.map(([key, schema]) => `${keyLines(key, schema).join("\n")}\n`)].join(
    "\n",
  );
}

/** A key with what is said of it, and what is below it. */
function keyLines(key: string, schema: Schema, inExample = false): readonly string[] {
  const limits = limitsOf(schema);
  const doc = `# ${metaOf(schema).doc ?? ""}${limits === undefined ? "" : ` From ${limits}.`}`;
  const { example, given } = metaOf(schema);
  const fallback = defaultOf(schema);
  const isExample = !inExample && fallback === undefined && given !== true;
  const shape = shapeOf(schema);
  const lines =
    shape === undefined
      ? [`${key}: ${flow((inExample ? example : fallback) ?? fallback ?? example)}`]
      : [`${key}:`, ...indented(shapeLines(shape, inExample || isExample))];
  return [
    doc,
    ...(isExample ? behindHash(lines) : lines),
    ...(inExample ? [] : listLines(key, schema)),
  ];
}

function shapeLines(shape: Shape, inExample: boolean): readonly string[] {
  return Object.entries(shape).flatMap(([key, schema]) => keyLines(key, schema, inExample));
}

/** One entry, with every key it may have, of a list that may be given instead of the default. */
function listLines(key: string, schema: Schema): readonly string[] {
  const element = elementOf(schema);
  const shape = element === undefined ? undefined : shapeOf(element);
  if (shape === undefined) return [];
  const [doc = "", first = "", ...rest] = shapeLines(shape, true);
  return behindHash([`${key}:`, ...indented([doc, `- ${first}`, ...indented(rest)])]);
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

function behindHash(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `#${line}`);
}

function flow(value: unknown): string {
  return stringify(value, {
    collectionStyle: "flow",
    flowCollectionPadding: false,
    lineWidth: 0,
  }).trim();
}
