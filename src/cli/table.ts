/** Aligned columns of text, with colour where somebody looks at them. */

export type Style = "good" | "bad" | "note" | "faint";

/** A cell: its text, and how it should strike the eye. */
export type Cell = string | { readonly text: string; readonly style: Style };

const ESCAPES: Readonly<Record<Style | "head", string>> = {
  good: "\u001b[32m",
  bad: "\u001b[31m",
  note: "\u001b[36m",
  faint: "\u001b[2m",
  head: "\u001b[1m",
};
const RESET = "\u001b[0m";
const GAP = "  ";

export interface TableOptions {
  readonly colour: boolean;
}

/** The lines of a table; the last column is not padded, so that no line ends in spaces. */
export function formatTable(
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  { colour }: TableOptions,
): string {
  const widths = heads.map((head) => head.length);
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, textOf(cell).length);
    });
  }
  const line = (cells: readonly Cell[], head: boolean): string =>
    cells
      .map((cell, i) => {
        const padding = i === cells.length - 1 ? 0 : (widths[i] ?? 0) - textOf(cell).length;
        const style = head ? "head" : typeof cell === "string" ? undefined : cell.style;
        return paint(textOf(cell), colour ? style : undefined) + " ".repeat(padding);
      })
      .join(GAP)
      .trimEnd();
  return [line(heads, true), ...rows.map((row) => line(row, false))].join("\n").concat("\n");
}

export function paint(text: string, style: Style | "head" | undefined): string {
  return style === undefined ? text : `${ESCAPES[style]}${text}${RESET}`;
}

function textOf(cell: Cell): string {
  return printable(typeof cell === "string" ? cell : cell.text);
}

/** Names of ports are others' text: no control character of theirs shall reach a terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
