/** `docs/configuration.md`: every option, read off the schema. */
import { it } from "vitest";
import { stringify } from "yaml";
import type { z } from "zod";
import { configSchema } from "../../src/config/schema.ts";
import {
  defaultOf,
  elementOf,
  limitsOf,
  metaOf,
  type Shape,
  shapeOf,
} from "../../src/config/shape.ts";
import { expectWritten, table } from "./written.ts";

type Schema = z.core.$ZodType;

const HEAD = `# Configuration

\`roamd --config FILE\` reads YAML; every option may be left out, and so may the file. What is set on the
command line (\`--gobgp\`, \`--control\`, \`--state\`, \`--http\`) goes before what the file says.
[configs/roamd.yaml](../configs/roamd.yaml) has every option once, to begin with. This page is generated from
the schema that the file is checked with (\`npm run generate:docs\`).

<!-- not run: it reads the reader's own file -->

\`\`\`sh
roamd --check --config /etc/roamd/roamd.yaml     # all mistakes at once, each with its line and what is allowed
\`\`\`

It is read once, at the start: a restart changes no row that is right, so that is how options are changed.
Durations are \`500ms\`, \`10s\`, \`3m\` or \`1h\`, always with their unit.

`;

function inline(value: unknown): string {
  const options = { collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 } as const;
  return `\`${stringify(value, options).trim()}\``;
}

/** A row for each option in this mapping and below it. */
function rowsOf(shape: Shape, path: string): readonly (readonly string[])[] {
  return Object.entries(shape).flatMap(([key, schema]) => {
    const name = path === "" ? key : `${path}.${key}`;
    const below = shapeOf(schema);
    const isTold = metaOf(schema).doc !== undefined;
    const rows = isTold ? [rowOf(name, schema, below !== undefined)] : [];
    if (below !== undefined) return [...rows, ...rowsOf(below, name)];
    const element = elementOf(schema);
    const each = element === undefined ? undefined : shapeOf(element);
    return each === undefined ? rows : [...rows, ...rowsOf(each, `${name}[]`)];
  });
}

function rowOf(name: string, schema: Schema, isMapping: boolean): readonly string[] {
  const { doc = "", example } = metaOf(schema);
  const fallback = defaultOf(schema);
  const limits = limitsOf(schema);
  const usual = isMapping || fallback === undefined ? "" : inline(fallback);
  const also = isMapping || example === undefined ? "" : ` For example ${inline(example)}.`;
  const within = limits === undefined ? "" : ` From ${limits}.`;
  return [`\`${name}\``, usual, `${doc}${within}${also}`];
}

it("docs/configuration.md tells every option with its default, its limits and its reason", () => {
  const rows = rowsOf(shapeOf(configSchema) ?? {}, "");
  expectWritten("docs/configuration.md", HEAD + table(["option", "default", "what it is"], rows));
});
