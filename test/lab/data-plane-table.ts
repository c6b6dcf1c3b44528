/** What became of a stream of packets while its destination moved, as the tables of `docs/data-plane.md`. */

/** One move, while packets were sent. */
export interface Measured {
  readonly sent: number;
  readonly lost: number;
  readonly duplicated: number;
  /** How often packets were missing for a while. */
  readonly gaps: number;
  /** By the old leaf; `undefined`: it does not count, or does not do so. */
  readonly redirected: number | undefined;
}

export type Column = "on" | "off" | "frr";

export interface Row {
  readonly kind: string;
  readonly column: Column;
  readonly moves: readonly Measured[];
}

export interface Versions {
  readonly gobgpd: string;
  readonly frr: string;
  readonly linux: string;
}

const COLUMNS: readonly (readonly [Column, string])[] = [
  ["on", "roamd"],
  ["off", "roamd, redirect: 0"],
  ["frr", "FRR"],
];

export function markdownOf(rows: readonly Row[], { gobgpd, frr, linux }: Versions): string {
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  return `# What a move costs

A host sends 10,000 packets a second to a machine, which moves meanwhile. Written by
\`npm run docs:data-plane\` (test/lab/data-plane.test.ts), in one run with ${gobgpd}, ${frr} and
Linux ${linux}: three leaves with the same on each, a route reflector, and all of the fabric and the sender
on one machine with two processors, which is what most of the time goes to. Each move was made
${rows[0]?.moves.length ?? 0} times; a range is that of them, one number that of all.

- _lost_: packets that never came. Ten are a millisecond. Until the old leaf has heard of the move, nobody
  can do better than the route takes.
- _twice_: packets that the machine received twice, or that went to two of its places.
- _sent on_: packets that came to the old leaf too late and were sent on to the new one
  (\`data-plane.redirect\`).
- _holes_: how often packets were missing for a while. One is the move itself.

${kinds.map((kind) => section(kind, rows)).join("\n")}
## How frames in flight are sent on

For \`data-plane.redirect\` (10 s) after a MAC has gone to another VTEP, its old leaf sends on what still comes
for it: from its own hosts, by its forwarding entry, and out of the tunnels, from leaves that do not know yet,
by nf_tables. It ends earlier when the machine comes back, or is claimed by nobody; and it follows the machine
to a third place. \`roam show moves\` tells how many frames it was, \`roam explain MAC\` how long it lasts, and
\`roamd_redirected_frames_total\` counts them.

What it needs, and what it does not:

- Linux with nf_tables, its family \`netdev\` and the expression \`fwd\`, as distributions have them; not the
  program \`nft\`. Without them roamd says so once (\`cannot-redirect\`), and does everything else.
- One VXLAN device for each VNI. A single device for many (\`external\`) drops what is given back to it without
  a tunnel's destination, so nothing is sent on there.
- The VXLAN device and its underlay in one network namespace, or the mark of the next point is lost.
- No other leaf has to know of it: FRR's have been among those that send late, and those that are sent to.

A frame can not go round in circles. A leaf sends on only to a claim that outranks every claim it has ever made
itself, and what it sends on carries a mark, by which no leaf sends it on a second time: in IPv4 the outer
packet's identification is 0x7200 and it may not be fragmented, in IPv6 the low half of its flow label is
0x726d. So of leaves that are wrong about each other each frame is carried twice at most. Inside the leaf the
mark is bit 0x2000 of the packet's mark (\`fwmark\`).

The tables of nf_tables are called \`roamd\` (one of \`netdev\`, one of \`inet\`). When somebody deletes them, by
\`nft flush ruleset\` perhaps, they are put again at once. They go when roamd ends, unless it is about to come
back (\`--keep-on-exit\`); if it is killed, what it was sending on ends by itself two seconds late.
`;
}

function section(kind: string, rows: readonly Row[]): string {
  const header = ["", "sent", "lost", "twice", "sent on", "holes"];
  const lines = COLUMNS.flatMap(([column, name]) => {
    const row = rows.find((each) => each.kind === kind && each.column === column);
    return row === undefined ? [] : [[name, ...cells(row.moves)]];
  });
  return `## ${kind}\n\n${table([header, ...lines])}\n`;
}

function cells(moves: readonly Measured[]): readonly string[] {
  const of = (number: (move: Measured) => number | undefined): string =>
    range(moves.flatMap((move) => number(move) ?? []));
  return [
    of(({ sent }) => sent),
    of(({ lost }) => lost),
    of(({ duplicated }) => duplicated),
    of(({ redirected }) => redirected),
    of(({ gaps }) => gaps),
  ];
}

function range(numbers: readonly number[]): string {
  if (numbers.length === 0) return "-";
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least === most ? String(least) : `${least} to ${most}`;
}

/** With columns as wide as their widest cell, as the other documents have them. */
function table(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const written = lines.map(
    (line) => `| ${line.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`,
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [written[0], rule, ...written.slice(1)].join("\n");
}
