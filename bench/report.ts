/** What people get to see of the measurements: in the terminal and in `bench/results/`. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { inRepository } from "../labs/runner/repository.ts";
import { FRR_NAME, GOBGPD_NAME } from "./lab/daemons.ts";
import type { Judged } from "./measured.ts";
import type { Heard } from "./noise.ts";
import { pictureOf } from "./picture.ts";
import type { Spread } from "./statistics.ts";

/** What was compared, and how it ended. */
export function tell({ line, what, ours, frr, floor, missed, notes }: Judged): string {
  const rows: [string, Spread | undefined][] = [
    ["roamd", ours],
    ["FRR", frr],
    ["floor", floor],
  ];
  const figures = rows.flatMap(([who, spread]) =>
    spread === undefined ? [] : [`  ${who.padEnd(6)}${spreadText(spread, line.unit)}`],
  );
  const verdict = missed.length === 0 ? "reached" : `MISSED: ${missed.join("; ")}`;
  const said = notes.map((note) => `  ${note}`);
  return [`\n${line.name}, ${line.work}: ${what}`, ...figures, `  ${verdict}`, ...said].join("\n");
}

function spreadText({ median, p99, least, most, n }: Spread, unit: string): string {
  const spread = `${figure(least)} to ${figure(most)}`;
  return `median ${figure(median)} ${unit}, p99 ${figure(p99)}, ${spread}, n ${n}`;
}

export function tableOf(judged: readonly Judged[]): string {
  const head = ["what", "unit", "roamd", "p99", "floor", "x floor", "FRR", "x FRR", "reached"];
  const rows = judged.map(({ line, missed }) => [
    `${line.name}, ${line.work}`,
    line.unit,
    figure(line.ours.median),
    figure(line.ours.p99),
    line.floor === null ? "" : figure(line.floor.median),
    line.ratioToFloor === null ? "" : line.ratioToFloor.toFixed(2),
    line.frr === null ? "" : figure(line.frr.median),
    line.ratioToFrr === null ? "" : line.ratioToFrr.toFixed(1),
    missed.length === 0 ? "yes" : "no",
  ]);
  return markdownTable([head, ...rows]);
}

/** With columns as wide as the widest, which is how `npm run format` wants them. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) =>
    Math.max(3, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const lines = rows.map(
    (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`,
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

export function writeResults(judged: readonly Judged[], heard: Heard): void {
  const folder = inRepository("bench/results");
  mkdirSync(folder, { recursive: true });
  const misses = judged.flatMap(({ line, missed }) =>
    missed.map((each) => `- ${line.name}, ${line.work}: ${each}`),
  );
  const page = [
    "# roamd beside FRR and the floor",
    "",
    `Written by \`npm run bench\`: medians, ${GOBGPD_NAME} beside roamd, ${FRR_NAME}. ${heard.sentence}`,
    "",
    tableOf(judged),
    "",
    "![roamd, FRR and the floor](results.svg)",
    "",
    "## Spread, and what was seen besides",
    "",
    "```",
    ...judged.map(tell),
    "```",
    "",
    ...(misses.length === 0 ? [] : ["## Not reached", "", ...misses, ""]),
  ];
  writeFileSync(`${folder}/README.md`, page.join("\n"));
  writeFileSync(`${folder}/results.svg`, pictureOf(judged.map(({ line }) => line)));
  writeReadme(judged, heard);
  const lines = judged.map(({ line }) => line);
  writeFileSync(`${folder}/results.json`, `${JSON.stringify(lines, undefined, 2)}\n`);
}

/** The last line of each bench, its hardest, goes where the README keeps a place for it. */
function writeReadme(judged: readonly Judged[], { isBusy }: Heard): void {
  const path = inRepository("README.md");
  const hardest = new Map(judged.map((each) => [each.line.name, each]));
  const busy = isBusy ? " (on a busy machine)" : "";
  const table = `${tableOf([...hardest.values()])}\n\nMedians${busy}; [all of them](bench/results/README.md).`;
  const before = readFileSync(path, "utf8");
  const place = /(<!-- npm run bench -->\n)[\s\S]*?(\n<!-- until here -->)/;
  const after = before.replace(place, (_, from: string, to: string) => `${from}\n${table}\n${to}`);
  if (after === before && !place.test(before)) throw new Error(`Cannot find its place in ${path}`);
  writeFileSync(path, after);
}

function figure(number: number): string {
  if (number >= 1000) return Math.round(number).toString();
  return number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2);
}
