/** A lab as its definition says, but for some words in its nodes' files: other addresses, other options. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { definitionOf } from "./labs.ts";
import { REPOSITORY } from "./repository.ts";

/** What becomes of a file's text; `node` is the directory it lies in. */
export type Change = (
  text: string,
  where: { readonly node: string; readonly file: string },
) => string;

/** Answers the path of the changed topology, in a directory that is the caller's to remove. */
export function variantOf(lab: string, change: Change): string {
  const original = definitionOf(lab);
  const directory = mkdtempSync(join(tmpdir(), "roamd-lab-"));
  cpSync(dirname(original), directory, { recursive: true });
  const nodes = join(directory, "nodes");
  for (const node of readdirSync(nodes)) {
    for (const file of readdirSync(join(nodes, node))) {
      const path = join(nodes, node, file);
      writeFileSync(path, change(readFileSync(path, "utf8"), { node, file }));
    }
  }
  const topology = join(directory, basename(original));
  // What the nodes see of the checkout is found by the way from the lab's own directory.
  const text = readFileSync(topology, "utf8").replaceAll("../..", REPOSITORY);
  writeFileSync(topology, text);
  return topology;
}
