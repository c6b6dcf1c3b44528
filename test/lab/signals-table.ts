/** What became of each signal, as the table of `docs/signals.md`. */

/** One frame at a leaf. */
export interface Cell {
  /** Milliseconds until every leaf forwarded to the guest's new place; `undefined`: not at all. */
  readonly moved: number | undefined;
  /** The addresses its old leaf told of, and the highest number. */
  readonly known: readonly string[];
  readonly seq: number;
}

export interface Outcome {
  readonly moved: number | undefined;
  /** Those the new leaf tells of. */
  readonly ips: readonly string[];
}

export interface Row {
  readonly name: string;
  readonly svi: boolean;
  readonly roamdFromRoamd: Outcome;
  readonly roamdFromFrr: Outcome;
  readonly frrFromRoamd: Outcome;
}

export interface Versions {
  readonly gobgpd: string;
  readonly frr: string;
  readonly linux: string;
}

export function markdownOf(rows: readonly Row[], { gobgpd, frr, linux }: Versions): string {
  return `# What one frame brings about

A guest has moved, and all that its new leaf hears of it is one frame. Written by \`npm run docs:signals\`
(test/lab/signals.test.ts), which fails unless roamd moves the guest by each of them; measured with
${gobgpd}, ${frr} and Linux ${linux}, all of the fabric on one machine.

Each cell says in how many milliseconds every leaf forwarded to the new place (\`no\`: not within 3 s),
and of which of the guest's addresses, one of each family, the new leaf has told the others then: with
roamd all that any leaf had told of, at once and with the sequence number of the MAC, and what the frame
itself says; with FRR what it told within a second.

- What the old leaf never told of can not be taken over: FRR has no address to tell without one of its
  own on the bridge ("from FRR" in the first table).
- Each address taken over is then asked for by a unicast question at the new port. The guest has a kernel,
  which answers. Where nobody does, the addresses are withdrawn again; the test has that as well.
- An ARP probe and duplicate address detection bind no address; the MAC moves, and what was known with it.

${section(
  "Without an address of the leaves' own on the bridges",
  rows.filter((row) => !row.svi),
)}
${section(
  "With an address of each leaf's own on its bridge",
  rows.filter((row) => row.svi),
)}`;
}

function section(title: string, rows: readonly Row[]): string {
  const header = ["the frame", "at roamd, from roamd", "at roamd, from FRR", "at FRR, from roamd"];
  const lines = rows.map((row) => [
    row.name,
    cell(row.roamdFromRoamd),
    cell(row.roamdFromFrr),
    cell(row.frrFromRoamd),
  ]);
  return `## ${title}\n\n${table([header, ...lines])}\n`;
}

export function familiesOf(ips: readonly string[]): string {
  const families = ips.map((each) => (each.includes(":") ? "IPv6" : "IPv4"));
  return families.length === 0 ? "MAC alone" : families.join(" and ");
}

function cell({ moved, ips }: Outcome): string {
  const told = familiesOf(ips);
  return moved === undefined ? "no" : `${Math.max(0, moved).toFixed(0)} ms, ${told}`;
}

/** With columns as wide as their widest cell, as the other documents have them. */
export function table(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const written = lines.map(
    (line) => `| ${line.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`,
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [written[0], rule, ...written.slice(1)].join("\n");
}
