import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FloodFile, type FloodMark } from "../../src/state/flood-file.ts";
import { A, B } from "../mobility/leaf.ts";

const marks: readonly FloodMark[] = [
  { tunnel: "7", vtep: A },
  { tunnel: "7/10010", vtep: B },
];

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "roamd-state-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function life(remember?: readonly FloodMark[]): Promise<readonly FloodMark[]> {
  await using file = new FloodFile(directory);
  const recalled = await file.recall();
  if (remember !== undefined) file.remember(remember);
  return recalled;
}

describe("The file of flood lists", () => {
  it("is empty at first, and says to the next life what the last one has said last", async () => {
    expect(await life(marks)).toEqual([]);
    expect(await life(marks.slice(1))).toEqual(marks);
    expect(await life()).toEqual(marks.slice(1));
  });

  it("means nothing after the next boot, or in another namespace", async () => {
    await life(marks);
    const path = join(directory, "flood-lists");
    await writeFile(path, `another${await readFile(path, "utf8")}`);
    expect(await life()).toEqual([]);
  });

  it("is read as far as it can be", async () => {
    await life(marks);
    const path = join(directory, "flood-lists");
    await writeFile(path, `${await readFile(path, "utf8")}x 10.0.0.1\n7 nowhere\n8`);
    expect(await life()).toEqual(marks);
  });

  it("that can not be written is complained of", async () => {
    await writeFile(join(directory, "file"), "");
    const file = new FloodFile(join(directory, "file"));
    await file.recall();
    file.remember(marks);
    await file[Symbol.asyncDispose]();
    expect(file.complaint).toMatch(/^Cannot write .*flood-lists: /);
  });
});
