/** `roamd --record` and `roamd --replay`: a bug report is a file. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RouteDistinguisher } from "../src/evpn/route-distinguisher.ts";
import type { RouteTarget } from "../src/evpn/route-target.ts";
import type { EngineSettings } from "../src/mobility/settings.ts";
import { replay } from "../src/replay.ts";
import { sentenceOf } from "../src/report/notices.ts";
import { Recorder } from "../src/report/recorder.ts";
import { adv, B, C, I4, M, VNI } from "./mobility/leaf.ts";
import { NOON, record, type Story } from "./scenarios/story.ts";

let folder = "";
let path = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roamd-replay-"));
  path = join(folder, "recording.jsonl");
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function printed(): Promise<Record<string, unknown>[]> {
  const lines: string[] = [];
  expect(await replay(path, (line) => lines.push(line))).toEqual({ ok: true, value: undefined });
  return lines.map((line) => JSON.parse(line));
}

async function refusal(text: string): Promise<unknown> {
  await writeFile(path, text);
  const done = await replay(path, () => {});
  return done.ok ? "replayed" : done.error.replaceAll(path, "FILE");
}

/** What the live engine told while it was recorded. */
interface Lived {
  readonly recording: string;
  readonly sentences: string[];
}

function live(story: Story): Lived {
  const sentences: string[] = [];
  const recording = record({
    ...story,
    tell: (leaf) => {
      story.tell(leaf);
      sentences.push(...leaf.notices.map(sentenceOf));
    },
  });
  return { recording, sentences };
}

const HEADER = `${JSON.stringify({ settings: { domains: [], duplicates: { moves: 5 } } })}\n`;

describe("A replay", () => {
  it("decides again, line by line, what the daemon has decided", async () => {
    const { recording, sentences } = live({
      tell: (leaf) => {
        leaf.starts();
        leaf.hears(adv(B, { seq: 3, ip: I4 }));
        leaf.sees({ ip: I4 });
        leaf.hears(adv(C, { seq: 5 }));
      },
    });
    await writeFile(path, recording);
    const lines = await printed();
    const told = lines.filter(({ text }) => text !== undefined).map(({ text }) => text);

    expect(sentences).toHaveLength(7);
    expect(told).toEqual(sentences);
    expect(lines).toContainEqual(
      expect.objectContaining({
        at: "2026-03-01T12:00:04.000Z",
        kind: "want",
        table: "mac-ip-route",
        row: expect.objectContaining({ mac: M, ip: I4, mobility: { seq: 4, sticky: false } }),
      }),
    );
    expect(await printed()).toEqual(lines);
  });

  it("does what was due when the daemon did it, however late", async () => {
    const { recording } = live({
      duplicates: { moves: 2, recoverAfterMs: 1000 },
      tell: (leaf) => {
        leaf.starts();
        for (const seq of [0, 2]) {
          leaf.hears(adv(B, { seq }));
          leaf.sees();
        }
      },
    });
    const claim = { at: NOON + 9000, observation: { kind: "claimed", route: adv(C, { seq: 7 }) } };
    const woke = { at: NOON + 9001, woke: true };
    await writeFile(path, `${recording}${JSON.stringify(claim)}\n${JSON.stringify(woke)}\n`);
    const lines = await printed();

    expect(lines.find(({ kind }) => kind === "duplicate-cleared")).toMatchObject({
      at: "2026-03-01T12:00:09.001Z",
    });
    expect(lines.at(-1)).toMatchObject({ table: "fdb", row: { mac: M, vtep: C } });
  });

  it("does what was due between two observations, each at its time", async () => {
    const { recording } = live({
      duplicates: { moves: 2, recoverAfterMs: 60_000 },
      tell: (leaf) => {
        leaf.starts();
        for (const seq of [0, 20]) {
          leaf.hears(adv(B, { seq }));
          leaf.sees();
          leaf.after(9_000);
        }
        leaf.after(600_000);
        leaf.sees();
      },
    });
    await writeFile(path, recording);
    const lines = await printed();
    const detected = lines.find(({ kind }) => kind === "duplicate-detected");
    const cleared = lines.find(({ kind }) => kind === "duplicate-cleared");

    expect(Date.parse(String(cleared?.at)) - Date.parse(String(detected?.at))).toBe(60_000);
  });

  it("decides by the settings of the recording, those in maps too", async () => {
    const rd = "10.9.9.9:7" as RouteDistinguisher;
    const target = "65001:7" as RouteTarget;
    const { recording } = live({
      domains: new Map([
        [
          VNI,
          {
            routes: { rd, imports: [target], exports: [target] },
            sticky: new Map([[M, [I4]]]),
          },
        ],
      ]),
      tell: (leaf) => {
        leaf.starts();
        leaf.sees();
      },
    });
    await writeFile(path, recording);

    expect(await printed()).toContainEqual(
      expect.objectContaining({
        table: "mac-ip-route",
        row: expect.objectContaining({
          rd,
          ip: I4,
          routeTargets: [target],
          mobility: { seq: 0, sticky: true },
        }),
      }),
    );
  });

  it("takes times as the clock gives them, with fractions of a millisecond", async () => {
    const told = ["rib", "kernel", "packets"].map(
      (source, i) =>
        `{"at":${1e12 + i + 0.25},"observation":{"kind":"told","source":"${source}"}}\n`,
    );
    await writeFile(path, HEADER + told.join(""));
    expect(await printed()).toMatchObject([{ at: "2001-09-09T01:46:40.002Z", kind: "ready" }]);
  });

  it("takes no notice of empty lines", async () => {
    expect(await refusal(`${HEADER}\n\n`)).toBe("replayed");
  });
});

describe("What can not be replayed ends with one sentence that names the place:", () => {
  const told = '{"at":1,"observation":{"kind":"told","source":"rib"}}\n';
  const wrong: readonly [what: string, text: string, sentence: string | RegExp][] = [
    ["an empty file", "", "Cannot replay FILE: it is empty"],
    ["garbage", "\u0000\u0001\n", /^Cannot replay FILE:1: [^\n]+$/],
    ["no settings", "{}\n", "Cannot replay FILE:1: it does not begin with settings"],
    ["null", "null\n", "Cannot replay FILE:1: it does not begin with settings"],
    ["settings of nothing", '{"settings":{}}\n', /^Cannot replay FILE:1: it does not begin with/],
    ["a cut line", `${HEADER}${told}${told.slice(0, 20)}`, /^Cannot replay FILE:3: [^\n]+$/],
    ["another thing", `${HEADER}7\n`, "Cannot replay FILE:2: it is not an observation"],
    [
      "a time that is none",
      `${HEADER}${told.replace("1", '"soon"')}`,
      "Cannot replay FILE:2: it is not an observation",
    ],
    [
      "an observation of nothing",
      `${HEADER}{"at":1,"observation":null}\n`,
      "Cannot replay FILE:2: it is not an observation",
    ],
    [
      "half an observation",
      `${HEADER}{"at":1,"observation":{"kind":"segment-up"}}\n`,
      /^Cannot replay FILE:2: [^\n]+$/,
    ],
  ];
  for (const [what, text, sentence] of wrong) {
    it(what, async () => {
      const said = await refusal(text);
      if (typeof sentence === "string") expect(said).toBe(sentence);
      else expect(said).toMatch(sentence);
    });
  }

  it("a file that is not there", async () => {
    expect(await replay(join(folder, "none"), () => {})).toMatchObject({
      error: expect.stringMatching(/^Cannot replay \S+none: ENOENT[^\n]*$/),
    });
  });

  it("a folder", async () => {
    expect(await replay(folder, () => {})).toMatchObject({
      error: expect.stringMatching(/^Cannot replay [^\n]*EISDIR[^\n]*$/),
    });
  });
});

describe("A recorder", () => {
  it("says in one sentence where it can not write", () => {
    expect(Recorder.open(join(folder, "none", "file"), {})).toMatchObject({
      ok: false,
      error: expect.stringMatching(/^Cannot record to \S+: ENOENT[^\n]*$/),
    });
  });

  it("has written everything when it is done with", async () => {
    const settings: EngineSettings = {
      domains: new Map(),
      duplicates: {} as never,
      probe: {} as never,
    };
    const recorder = Recorder.open(path, { settings });
    if (!recorder.ok) throw new Error(recorder.error);
    for (let at = 0; at < 5000; at++) recorder.value.observed({ kind: "told" }, at);
    recorder.value[Symbol.dispose]();
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");

    expect(lines).toHaveLength(5001);
    expect(lines[0]).toBe('{"settings":{"domains":[],"duplicates":{},"probe":{}}}');
    expect(lines.at(-1)).toBe('{"at":4999,"observation":{"kind":"told"}}');
  });

  it("writes while it goes on, so that a crash leaves what came before", async () => {
    const recorder = Recorder.open(path, {});
    if (!recorder.ok) throw new Error(recorder.error);
    recorder.value.observed({ kind: "told" }, 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect((await readFile(path, "utf8")).split("\n")).toHaveLength(3);
    recorder.value[Symbol.dispose]();
  });
});
