import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Memory } from "../../src/mobility/memory.ts";
import { MemoryFile } from "../../src/state/memory-file.ts";
import { formatMemory, parseMemory } from "../../src/state/memory-text.ts";
import { A, B, I4, M, M2, VNI } from "../mobility/leaf.ts";

const moved: Memory = {
  kind: "mac",
  vni: VNI,
  mac: M,
  sentSeq: 7,
  heardSeq: 6,
  duplicate: undefined,
  held: undefined,
};
const frozen: Memory = {
  ...moved,
  mac: M2,
  duplicate: { kind: "frozen", since: 1000.5, recoversAt: 2000, moves: 5, vteps: [A, B] },
  held: { vtep: B, seq: 6, sticky: false },
};
const frozenIp: Memory = {
  kind: "ip",
  vni: VNI,
  ip: I4,
  duplicate: { kind: "warned", since: 1000, recoversAt: undefined, moves: 5, vteps: [A] },
};

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "roamd-state-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function remember(...memories: readonly Memory[]): Promise<void> {
  await using file = new MemoryFile(directory);
  await file.recall();
  for (const memory of memories) file.remember(memory);
}

async function recall(): Promise<{ memories: readonly Memory[]; damaged: number }> {
  await using file = new MemoryFile(directory);
  const recalled = await file.recall();
  if (!recalled.ok) throw new Error(recalled.error);
  return recalled.value;
}

describe("The memory", () => {
  it("is found again, the last of an address", async () => {
    await remember({ ...moved, sentSeq: 3 }, frozen, frozenIp);
    await remember(moved);

    expect(await recall()).toEqual({ memories: [frozen, frozenIp, moved], damaged: 0 });
  });

  it("is none where there is no file, and the directory is made", async () => {
    directory = join(directory, "below", "there");
    expect(await recall()).toEqual({ memories: [], damaged: 0 });
    await remember(moved);

    expect((await recall()).memories).toEqual([moved]);
  });

  it("outlives a torn line and whatever somebody has written between", async () => {
    await remember(moved, frozen);
    const path = join(directory, "memory.jsonl");
    const text = await readFile(path, "utf8");
    await writeFile(path, `${'{"kind":"mac","vni":99999999}\nnonsense\n[]\nnull\n'}${text}`);
    await appendFile(path, formatMemory(frozenIp).slice(0, -5));

    expect(await recall()).toEqual({ memories: [moved, frozen], damaged: 5 });
  });

  it("says why it can not be kept, and goes on", async () => {
    await writeFile(join(directory, "file"), "");
    await using file = new MemoryFile(join(directory, "file"));
    file.remember(moved);
    await file.settled();

    expect(file.complaint).toMatch(/^Cannot write .*memory\.jsonl: /);
  });

  it("is written anew when most of the file is past", async () => {
    await using file = new MemoryFile(directory);
    for (let round = 0; round < 3; round++) {
      for (let seq = 0; seq < 9000; seq++) file.remember({ ...moved, sentSeq: seq });
      await file.settled();
    }
    const lines = (await readFile(join(directory, "memory.jsonl"), "utf8")).trim().split("\n");

    expect(lines.length).toBeLessThan(12_000);
    expect((await recall()).memories).toEqual([{ ...moved, sentSeq: 8999 }]);
  });
});

describe("A line of memory", () => {
  it.each([moved, frozen, frozenIp])("is read as it was written: $kind", (memory) => {
    expect(parseMemory(formatMemory(memory))).toEqual(memory);
  });

  it("that lies about anything is no memory", () => {
    const lies: readonly object[] = [
      { ...moved, sentSeq: 2 ** 32 },
      { ...moved, heardSeq: 1.5 },
      { ...moved, mac: "02:00" },
      { ...moved, held: {} },
      { ...frozen, duplicate: { kind: "frozen" } },
      { ...frozen, duplicate: { ...frozen.duplicate, kind: "thawed" } },
      { ...frozenIp, ip: "10.0.0.300" },
      { ...moved, kind: "port" },
    ];
    for (const lie of lies) expect(parseMemory(JSON.stringify(lie))).toBeUndefined();
  });
});
