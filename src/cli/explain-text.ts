/** `explain` for people: first why, then all that bears on it. */
import type { ShowRows } from "../control/rows.ts";
import { historyText } from "./drawing.ts";
import { type Cell, formatTable, paint, printable, type TableOptions } from "./table.ts";

type Explained = ShowRows["explain"];

export function explainText(rows: readonly Explained[], options: TableOptions): string {
  return rows.map((row) => hostText(row, options)).join("\n");
}

function hostText(row: Explained, options: TableOptions): string {
  const head = `${row.mac} in VNI ${row.vni}`;
  return [
    `${paint(head, options.colour ? "head" : undefined)}\n  ${printable(row.why)}\n`,
    ipText(row),
    section("claims", claimsTable(row, options)),
    section("ignored routes", ignoredTable(row, options)),
    section("seen here", evidenceText(row)),
    section("numbers", numbersText(row)),
    section("timers", timersTable(row, options)),
    section("rows", rowsTable(row, options)),
    section("happened", historyText(row.happened, options)),
  ].join("");
}

/** Nothing of a section without text. */
function section(title: string, text: string): string {
  if (text === "") return "";
  const lines = text.trimEnd().split("\n");
  return `\n${title}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function ipText({ ip, mac }: Explained): string {
  if (ip === null) return "";
  if (ip.holds) return `  It holds ${ip.ip}\n`;
  const holder = ip.holder === null ? "nobody does" : `${ip.holder} does`;
  const reasons: Readonly<Record<NonNullable<typeof ip.decidedBy>, string>> = {
    sticky: "its claim is sticky",
    sequence: "its sequence number is higher",
    vtep: "its VTEP is the lower",
    same: "of two MACs behind one VTEP that is taken",
    "host-here": "it has shown itself here with it",
    "other-owner": `not the leaf that has ${mac} says so`,
    duplicate: "the IP is frozen as a duplicate",
  };
  const why = ip.decidedBy === null ? "" : `: ${reasons[ip.decidedBy]}`;
  return `  It does not hold ${ip.ip}, ${holder}${why}\n`;
}

function claimsTable({ claims }: Explained, options: TableOptions): string {
  if (claims.length === 0) return "";
  const rows = claims.map((claim): Cell[] => {
    const { origin, vtep, seq, sticky, outcome, decidedBy, to, routes } = claim;
    const lost = decidedBy === null ? outcome : `${outcome} to ${to} by ${decidedBy}`;
    const style = outcome === "won" || outcome === "held" ? "good" : "bad";
    const ips = routes.map(
      ({ ip, seq: own }) => `${ip ?? "MAC"}${own === seq ? "" : ` (${own ?? "-"})`}`,
    );
    return [
      origin,
      vtep,
      `${seq}${sticky ? " sticky" : ""}`,
      { text: lost, style },
      ips.join(", ") || "-",
    ];
  });
  return formatTable(["BY", "VTEP", "SEQ", "OUTCOME", "ROUTES"], rows, options);
}

function ignoredTable({ ignored }: Explained, options: TableOptions): string {
  if (ignored.length === 0) return "";
  const rows = ignored.map(({ routeDistinguisher, nexthop, ip, reason }) => [
    routeDistinguisher,
    nexthop,
    ip ?? "-",
    reason,
  ]);
  return formatTable(["RD", "NEXTHOP", "IP", "REASON"], rows, options);
}

function evidenceText({ evidence, waiting, refused }: Explained): string {
  if (waiting !== null) {
    return `Not acted upon: ${waiting.learnedFrom} on port ${waiting.port} at ${waiting.at}\n`;
  }
  if (evidence === null) return refused === null ? "" : `${printable(refused)}\n`;
  const { port, learnedFrom, ageSeconds, answers, ips } = evidence;
  const lines = [
    `on port ${port}, came by ${learnedFrom}, last seen ${ageSeconds.toFixed(1)} s ago; ${
      answers ? "answers questions" : "has answered no question yet"
    }`,
    ...ips.map((held) => `${held.ip} by ${held.learnedFrom} since ${held.since}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join("");
}

function numbersText({ numbers, duplicates }: Explained): string {
  const { sent, heard } = numbers;
  const { moves, of, windowSeconds, duplicate, exempt } = duplicates;
  const state = duplicate === null ? "" : `: ${duplicate} as a duplicate`;
  return (
    `sequence sent ${sent ?? "-"}, heard ${heard ?? "-"}\n` +
    (exempt
      ? "its moves do not count: it is exempt from duplicate detection\n"
      : `${moves} of ${of} moves within ${windowSeconds} s${state}\n`)
  );
}

function timersTable({ timers }: Explained, options: TableOptions): string {
  if (timers.length === 0) return "";
  const rows = timers.map(({ name, inSeconds, text }) => [
    name,
    inSeconds === null ? "never" : `in ${inSeconds.toFixed(1)} s`,
    text,
  ]);
  return formatTable(["TIMER", "DUE", "FOR"], rows, options);
}

function rowsTable({ rows }: Explained, options: TableOptions): string {
  if (rows.length === 0) return "";
  const cells = rows.map(({ table, key, wanted, standing, state, reason }): Cell[] => [
    table,
    key,
    wanted === null ? "-" : "yes",
    standing === null ? "-" : "yes",
    {
      text: reason === null ? state : `${state}: ${reason}`,
      style: state === "right" ? "good" : "bad",
    },
  ]);
  return formatTable(["TABLE", "KEY", "WANTED", "STANDS", "STATE"], cells, options);
}
