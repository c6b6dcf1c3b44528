/** The results as a picture: bars on a logarithmic scale, since what is compared lies far apart. */
import type { BenchLine } from "./measured.ts";

const WIDTH = 900;
const LABEL = 260;
const VALUE = 90;
const BAR = 10;
const GAP = 14;
const COLOURS = { roamd: "#2a7de1", floor: "#9aa5b1", FRR: "#e0703a" } as const;
type Who = keyof typeof COLOURS;

export function pictureOf(lines: readonly BenchLine[]): string {
  let y = 40;
  const parts: string[] = [legend()];
  for (const line of lines) {
    parts.push(text(8, y + BAR, `${line.name}, ${line.work} (${line.unit})`));
    const longest = Math.max(...bars(line).map(([, value]) => value));
    const shortest = Math.min(...bars(line).map(([, value]) => value));
    for (const [who, value] of bars(line)) {
      const length = lengthOf(value, { shortest, longest });
      const colour = COLOURS[who];
      parts.push(
        `<rect x="${LABEL}" y="${y}" width="${length.toFixed(0)}" height="${BAR - 2}" fill="${colour}"/>`,
        text(LABEL + length + 6, y + BAR - 2, short(value)),
      );
      y += BAR;
    }
    y += GAP;
  }
  const size = `width="${WIDTH}" height="${y + 10}" viewBox="0 0 ${WIDTH} ${y + 10}"`;
  const style = 'font-family="sans-serif" font-size="11" fill="#333"';
  const title = "<title>roamd, the floor and FRR: what each bench takes</title>";
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${style}>\n${title}\n${parts.join("\n")}\n</svg>\n`;
}

function bars({ ours, floor, frr }: BenchLine): readonly (readonly [Who, number])[] {
  return [
    ["roamd", ours.median] as const,
    ...(floor === null ? [] : [["floor", floor.median] as const]),
    ...(frr === null ? [] : [["FRR", frr.median] as const]),
  ];
}

/** The longest fills the room; each tenth of it is a fifth of the room shorter. */
function lengthOf(
  value: number,
  { shortest, longest }: { readonly shortest: number; readonly longest: number },
): number {
  const room = WIDTH - LABEL - VALUE;
  const decades = Math.max(1, Math.log10(longest / shortest) + 0.5);
  return Math.max(2, room * (1 - Math.log10(longest / value) / (decades + 0.5)));
}

function legend(): string {
  return Object.entries(COLOURS)
    .map(([who, colour], i) => {
      const x = LABEL + i * 90;
      return `<rect x="${x}" y="12" width="10" height="10" fill="${colour}"/>${text(x + 15, 21, who)}`;
    })
    .concat(text(LABEL + 290, 21, "shorter is better; logarithmic"))
    .join("\n");
}

function text(x: number, y: number, words: string): string {
  return `<text x="${x.toFixed(0)}" y="${y.toFixed(0)}">${words}</text>`;
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}
