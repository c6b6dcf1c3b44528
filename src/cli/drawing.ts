/** Moves as people look at them: a line for each step, and how long it took as a bar. */
import type { ShowRows } from "../control/rows.ts";
import { paint, printable, type TableOptions } from "./table.ts";

type MoveRecord = ShowRows["moves"];
type HistoryRow = ShowRows["history"];

/** How long the longest bar is. */
const BAR = 40;

/** What is drawn of a move. */
type Drawn = Pick<MoveRecord, "from" | "to" | "seq" | "signal" | "by" | "over" | "steps"> & {
  readonly redirected?: number;
};

/** Several moves, each with its host, parted by empty lines. */
export function movesText(moves: readonly MoveRecord[], options: TableOptions): string {
  const blocks = moves.map((move) => {
    const { at, vni, mac, ips } = move;
    const head = `${at}  VNI ${vni}  ${mac}${ips.length === 0 ? "" : `  ${ips.join(",")}`}`;
    return `${paint(printable(head), options.colour ? "head" : undefined)}\n${moveText(move, options)}`;
  });
  return blocks.join("\n");
}

/** What happened to one host: a block for a move, a line for anything else. */
export function historyText(rows: readonly HistoryRow[], options: TableOptions): string {
  const blocks = rows.map((row) => {
    const { at, mac, text, times, signal } = row;
    const often = times === 1 ? "" : ` (${times} times)`;
    if (row.kind !== "moved" || signal === null) return `${at}  ${printable(text)}${often}\n`;
    const head = paint(`${at}  ${mac}`, options.colour ? "head" : undefined);
    return `${head}\n${moveText({ ...row, signal }, options)}`;
  });
  return blocks.join("");
}

function moveText(move: Drawn, { colour }: TableOptions): string {
  const { from, to, seq, signal, by, over, redirected = 0 } = move;
  const number = seq === null ? "" : `, sequence ${seq}`;
  const beaten =
    over === null ? "" : `, over ${over.vtep} with ${numberText(over)} by ${over.decidedBy}`;
  const told = by === null ? signal : `${signal} of ${by}`;
  const what = `${from ?? "nowhere"} -> ${to ?? "nowhere"}${number} (${told})${beaten}`;
  const late =
    redirected === 0 ? [] : [`    ${redirected} frames that came here too late were sent on\n`];
  return [`  ${printable(what)}\n`, ...stepLines(move.steps, colour), ...late].join("");
}

function numberText({ seq, sticky }: { readonly seq: number; readonly sticky: boolean }): string {
  return sticky ? `${seq}, sticky,` : String(seq);
}

/** A bar for each step, from the first of them on: what was done before the move has a time below 0. */
function stepLines(steps: MoveRecord["steps"], colour: boolean): string[] {
  const times = steps.map(({ atMs }) => atMs);
  const first = Math.min(0, ...times);
  const span = Math.max(...times, 0) - first;
  const width = Math.max(0, ...steps.map(({ name }) => name.length));
  const numbers = steps.map(({ atMs }) => atMs.toFixed(1));
  const digits = Math.max(0, ...numbers.map(({ length }) => length));
  return steps.map(({ name, atMs }, i) => {
    const length = span === 0 ? 0 : Math.round(((atMs - first) / span) * BAR);
    const bar = `${paint("-".repeat(length), colour ? "faint" : undefined)}${paint("*", colour ? "good" : undefined)}`;
    return `    ${name.padEnd(width)}  ${(numbers[i] ?? "").padStart(digits)} ms  ${bar}\n`;
  });
}
