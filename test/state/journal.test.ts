import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Journal } from "../../src/state/journal.ts";

let directory: string;
let path: string;
/** What the owner of the journal has. */
let values: Map<number, string>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "roamd-journal-"));
  path = join(directory, "state", "history.jsonl");
  values = new Map();
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function open(): Journal {
  return new Journal(path, {
    get size() {
      return values.size;
    },
    toKeep: () => [...values].map(([id, value]) => [id, () => value] as const),
  });
}

function put(journal: Journal, id: number, value: string): void {
  values.set(id, value);
  journal.put(id, () => value);
}

async function recalled(): Promise<unknown> {
  await using journal = open();
  const read = await journal.recall();
  return read.ok ? read.value : read.error;
}

async function lines(): Promise<number> {
  return (await readFile(path, "utf8")).split("\n").length - 1;
}

describe("The journal", () => {
  it("is found again, the last value of a number, in their order", async () => {
    {
      await using journal = open();
      put(journal, 2, "b");
      put(journal, 1, "a");
      put(journal, 2, "c");
    }
    expect(await recalled()).toEqual({
      values: [
        [1, "a"],
        [2, "c"],
      ],
      damaged: 0,
    });
  });

  it("is empty where there is no file", async () => {
    expect(await recalled()).toEqual({ values: [], damaged: 0 });
  });

  it("counts lines that can not be read, and reads the others", async () => {
    {
      await using journal = open();
      put(journal, 1, "a");
    }
    await appendFile(path, '[2,"torn\n{}\n["x",1]\n[3,"d"]\n');
    expect(await recalled()).toEqual({
      values: [
        [1, "a"],
        [3, "d"],
      ],
      damaged: 3,
    });
  });

  it("writes many changes of one number as one line", async () => {
    {
      await using journal = open();
      for (let i = 0; i < 100; i++) put(journal, 1, `${i}`);
    }
    expect(await lines()).toBe(1);
  });

  it("writes much of what comes at once later, and all of it", async () => {
    await using journal = open();
    put(journal, 0, "the first, by which the file is made");
    await vi.waitFor(async () => expect(await lines()).toBe(1), 10_000);
    for (let i = 1; i <= 1200; i++) put(journal, i, `${i}`);
    await vi.waitFor(async () => expect(await lines()).toBe(501), 10_000);
    journal.hurry();
    await journal.settled();
    expect(await lines()).toBe(1201);
  });

  it("holds what is current if more is waiting than that", async () => {
    await using journal = open();
    put(journal, 0, "the first, by which the file is made");
    await vi.waitFor(async () => expect(await lines()).toBe(1), 10_000);
    for (let i = 1; i <= 3000; i++) {
      put(journal, i, `${i}`);
      values.delete(i - 600);
    }
    await vi.waitFor(async () => expect(await lines()).not.toBe(1), 10_000);
    expect(await lines()).toBe(600);
  });

  it("is written anew when it holds much more than is current", async () => {
    for (let life = 0; life < 30; life++) {
      // The first change of a life writes the file anew, so that none grows on from life to life.
      await using journal = open();
      for (let i = 0; i < 100; i++) put(journal, i, `${life}`);
    }
    expect(await lines()).toBe(100);
    expect(await recalled()).toMatchObject({ values: { length: 100 }, damaged: 0 });
  });

  it("grows to twice what is current and some, and no more", async () => {
    await using journal = open();
    journal.hurry();
    let most = 0;
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 100; i++) put(journal, i, `${round}`);
      await journal.settled();
      most = Math.max(most, await lines());
    }
    expect(most).toBeGreaterThan(300);
    expect(most).toBeLessThanOrEqual(1200);
  });

  it("says why it can not be written, and goes on when it can", async () => {
    await writeFile(join(directory, "state"), "a file, no directory");
    await using journal = open();
    journal.hurry();
    put(journal, 1, "a");
    await journal.settled();
    expect(journal.complaint).toContain(`Cannot write ${path}: `);
    await rm(join(directory, "state"));
    put(journal, 2, "b");
    await journal.settled();
    expect(journal.complaint).toBeUndefined();
    expect(await recalled()).toMatchObject({ values: { length: 2 } });
  });
});
