/**
 * A story is told to a leaf and recorded as `roamd --record` would do it; what the leaf decides is
 * then what `roamd --replay` prints.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { Vni } from "../../src/evpn/vni.ts";
import { DEFAULT_DUPLICATES, type DuplicateSettings } from "../../src/mobility/duplicates.ts";
import type { Observation } from "../../src/mobility/observation.ts";
import type { DomainSettings } from "../../src/mobility/settings.ts";
import { replay } from "../../src/replay.ts";
import { Recorder } from "../../src/report/recorder.ts";
import { A, Leaf } from "../mobility/leaf.ts";

export interface Story {
  /** Where it happens; A unless said. */
  readonly vtep?: IpAddress;
  readonly domains?: ReadonlyMap<Vni, DomainSettings>;
  readonly duplicates?: Partial<DuplicateSettings>;
  readonly tell: (leaf: RecordedLeaf) => void;
}

export const NOON: number = Date.parse("2026-03-01T12:00:00.000Z");

/** A leaf that writes down what it is told, half a second apart. */
export class RecordedLeaf extends Leaf {
  readonly #recorder: Recorder;

  constructor(story: Story, recorder: Recorder) {
    super(story.vtep ?? A, story);
    this.#recorder = recorder;
    this.now = NOON;
  }

  override observe(observation: Observation): void {
    this.#wakeInTime();
    this.#recorder.observed(observation, this.now);
    super.observe(observation);
    this.after(500);
  }

  /** It has slept until something was due, and done that. */
  #wakeInTime(): void {
    const { now, engine } = this;
    for (let due = engine.deadline; due !== undefined && due <= now; due = engine.deadline) {
      this.now = due;
      this.#recorder.woke(due);
      this.tick();
    }
    this.now = now;
  }

  /** It starts, and finds nothing. */
  starts(): void {
    this.boots();
    for (const source of ["rib", "kernel", "packets"] as const) this.told(source);
  }
}

/** The recording of a story, as the text of its file. */
export function record(story: Story): string {
  const { domains = new Map(), duplicates = {} } = story;
  const settings = { domains, duplicates: { ...DEFAULT_DUPLICATES, ...duplicates } };
  return withFolder((folder) => {
    const path = join(folder, "recording.jsonl");
    const recorder = Recorder.open(path, { settings });
    if (!recorder.ok) throw new Error(recorder.error);
    story.tell(new RecordedLeaf(story, recorder.value));
    recorder.value[Symbol.dispose]();
    return readFileSync(path, "utf8");
  });
}

/** What replaying this file prints. */
export async function replayed(path: string): Promise<string> {
  let text = "";
  const done = await replay(path, (line) => {
    text += `${line}\n`;
  });
  if (!done.ok) throw new Error(done.error);
  return text;
}

function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "roamd-story-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
