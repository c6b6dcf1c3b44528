/**
 * Recordings, and what is decided by them. Each folder has five lines of story, the recording, and
 * the decisions. `UPDATE_SCENARIOS=1` writes the files anew: then read what has changed.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
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

    it(`${name}: says what happens, in five lines`, () => {
      expect(existsSync(join(folder, "README.md"))).toBe(true);
      const lines = readFileSync(join(folder, "README.md"), "utf8").trim().split("\n");
      expect(lines.filter((line) => line !== "" && !line.startsWith("#"))).toHaveLength(5);
    });
  }
});
