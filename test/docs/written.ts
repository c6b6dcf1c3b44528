/**
 * Documents that are made from the source: written with `UPDATE_DOCS=1` (`npm run generate:docs`),
 * and otherwise what stands in the repository must be what would be written.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect } from "vitest";
import { inRepository } from "../../labs/runner/repository.ts";

export function expectWritten(path: string, text: string): void {
  const file = inRepository(path);
  if (process.env.UPDATE_DOCS === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(readFileSync(file, "utf8"), `${path} is old: run npm run generate:docs`).toBe(text);
}

/** A table of Markdown, its columns as wide as they must be. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[], fill = " "): string =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width, fill)).join(" | ")} |\n`;
  const [first = [], ...rest] = cells;
  return [line(first), line([], "-"), ...rest.map((row) => line(row))].join("");
}
