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
  options: TableOptions,
): string {
  return new GrowingTable(heads, options).add(rows);
}

/**
 * A table that is printed while it comes: the columns are as wide as anything printed so far, so of
 * a table that comes in one piece all lines are aligned.
 */
export class GrowingTable {
  readonly #heads: readonly string[];
  readonly #widths: number[];
  readonly #colour: boolean;
  #hasHead = false;

  constructor(heads: readonly string[], { colour }: TableOptions) {
    this.#heads = heads;
    this.#widths = heads.map((head) => head.length);
    this.#colour = colour;
  }

  /** The next lines; the first time also the head. */
  add(rows: readonly (readonly Cell[])[]): string {
    for (const row of rows) {
      row.forEach((cell, i) => {
        this.#widths[i] = Math.max(this.#widths[i] ?? 0, textOf(cell).length);
      });
    }
    const head = this.#hasHead ? [] : [this.#line(this.#heads, "head")];
    this.#hasHead = true;
    return [...head, ...rows.map((row) => this.#line(row, "row"))]
      .map((line) => `${line}\n`)
      .join("");
  }

  #line(cells: readonly Cell[], kind: "head" | "row"): string {
    return cells
      .map((cell, i) => {
        const isLast = i === cells.length - 1;
        const padding = isLast ? 0 : (this.#widths[i] ?? 0) - textOf(cell).length;
        const style = kind === "head" ? kind : typeof cell === "string" ? undefined : cell.style;
        return paint(textOf(cell), this.#colour ? style : undefined) + " ".repeat(padding);
      })
      .join(GAP)
      .trimEnd();
  }
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
