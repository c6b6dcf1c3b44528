/**
 * The Markdown of this repository. Blocks of commands are fenced as `sh`; each is run by a test, but for
 * those behind a comment of one of these kinds:
 *
 *   <!-- not run: why -->
 *   <!-- run by: the file that does -->
 *   <!-- in a namespace -->               by test/lab/readmes.test.ts, in one of its own
 *
 * Blocks fenced as `console` are what a terminal has shown: commands after a `$`, and what they printed.
 */
import { readdirSync, readFileSync } from "node:fs";
import { inRepository } from "../../labs/runner/repository.ts";

export interface Block {
  /** The line of the fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** What the comment before it says. */
  readonly marker: string | undefined;
}

const IGNORED = /(^|\/)(node_modules|dist|coverage|\.git|\.cache)(\/|$)/;

/** The paths of all documents. */
export function documents(): readonly string[] {
  return readdirSync(inRepository("."), { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".md") && !IGNORED.test(path),
  );
}

export function textOf(path: string): string {
  return readFileSync(inRepository(path), "utf8");
}

export function blocksOf(path: string): readonly Block[] {
  const blocks: Block[] = [];
  let open:
    | { line: number; language: string; text: string[]; marker: string | undefined }
    | undefined;
  let marker: string | undefined;
  for (const [index, line] of textOf(path).split("\n").entries()) {
    const fence = /^ *```(\S*)/.exec(line);
    if (fence !== null && open === undefined) {
      open = { line: index + 1, language: fence[1] ?? "", text: [], marker };
    } else if (fence !== null && open !== undefined) {
      blocks.push({ ...open, text: open.text.join("\n") });
      open = undefined;
    } else if (open !== undefined) {
      open.text.push(line);
    }
    if (line.trim() !== "") marker = /^<!-- (.*) -->$/.exec(line)?.[1];
  }
  return blocks;
}

/** The commands of a document that its test is to run, in their order. */
export function commandsOf(path: string): readonly Block[] {
  return blocksOf(path).filter(({ language, marker }) => language === "sh" && marker === undefined);
}

/** The part of a link that GitHub gives to a heading. */
export function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[`*_]|\[|\]\([^)]*\)/g, "")
    .replaceAll(/[^\p{L}\p{N}\- ]/gu, "")
    .replaceAll(" ", "-");
}
