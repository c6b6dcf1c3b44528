/**
 * Recordings, and what is decided by them. Each folder has five lines of story, the recording, and
 * the decisions. `UPDATE_SCENARIOS=1` writes the files anew: then read what has changed.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { explained, wordOf } from "./explained.ts";
import { STORIES } from "./stories.ts";
import { record, replayed } from "./story.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const isUpdate = process.env.UPDATE_SCENARIOS === "1";
const folders = readdirSync(here, { withFileTypes: true })
  .filter((each) => each.isDirectory())
  .map(({ name }) => name);

function same(path: string, text: string): void {
  if (isUpdate) writeFileSync(path, text);
  expect(text.split("\n")).toEqual(readFileSync(path, "utf8").split("\n"));
}

type Claim = { readonly vtep: string; readonly seq: number; readonly sticky: boolean };

/** RFC 7432 §15.2, §15 and §7.7, written down once more; fails where the winner should not have won. */
function stepOf(winner: Claim, loser: Claim): string {
  if (winner.sticky !== loser.sticky) return winner.sticky ? "sticky" : "wrong";
  if (winner.seq !== loser.seq) return winner.seq > loser.seq ? "sequence" : "wrong";
  const number = (ip: string): number =>
    ip.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return number(winner.vtep) < number(loser.vtep) ? "vtep" : "wrong";
}

describe("The scenarios", () => {
  it("have a folder for each story", () => {
    expect(folders).toEqual(expect.arrayContaining(Object.keys(STORIES)));
  });

  for (const name of folders) {
    const folder = join(here, name);
    const recording = join(folder, "recording.jsonl");

    it(`${name}: is decided as it is written there`, async () => {
      const story = STORIES[name];
      if (story !== undefined) same(recording, record(story));
      same(join(folder, "expected.jsonl"), await replayed(recording));
    });

    it(`${name}: is explained as it is written there`, async () => {
      const lines = (await explained(recording)).map(({ at, row }) => ({ at, ...wordOf(row) }));
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
      same(join(folder, "explained.jsonl"), text);
    });

    it(`${name}: each claim that lost has lost at the step that RFC 7432 says`, async () => {
      for (const { row } of await explained(recording)) {
        const winner = row.claims.find(({ outcome }) => outcome === "won");
        const isSomewhere = row.whereabouts === "here" || row.whereabouts === "there";
        expect(winner !== undefined, row.why).toBe(isSomewhere);
        for (const claim of row.claims) {
          if (claim.outcome !== "lost" || winner === undefined) continue;
          expect(claim.decidedBy, row.why).toBe(stepOf(winner, claim));
          expect(claim.to).toBe(winner.vtep);
        }
      }
    });

    it(`${name}: says what happens, in five lines`, () => {
      expect(existsSync(join(folder, "README.md"))).toBe(true);
      const lines = readFileSync(join(folder, "README.md"), "utf8").trim().split("\n");
      expect(lines.filter((line) => line !== "" && !line.startsWith("#"))).toHaveLength(5);
    });
  }
});
