/** `roamd --replay FILE`: decides again what a recording has observed, and prints what it decides. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { err, ok, type Result } from "./evpn/result.ts";
import type { Vni } from "./evpn/vni.ts";
import { Engine } from "./mobility/engine.ts";
import type { Observation } from "./mobility/observation.ts";
import type { Decision } from "./mobility/outbox.ts";
import { DEFAULT_PROBES } from "./mobility/probes.ts";
import type { DomainSettings, EngineSettings } from "./mobility/settings.ts";
import { sentenceOf } from "./report/notices.ts";

/** How settings stand in a recording: maps as lists of pairs. */
interface RecordedSettings {
  readonly domains: readonly [
    Vni,
    Pick<DomainSettings, "routes"> &
      Partial<Pick<DomainSettings, "prefixes">> & { readonly sticky: readonly [never, never][] },
  ][];
  readonly duplicates: EngineSettings["duplicates"];
  /** Not in recordings of before probes. */
  readonly probe?: EngineSettings["probe"];
  /** Not in recordings of before limits and the guard. */
  readonly limits?: EngineSettings["limits"];
  readonly guard?: EngineSettings["guard"];
  readonly suppression?: EngineSettings["suppression"];
}

/** What was decided at a time, and who has decided it. */
export interface Replayed {
  readonly engine: Engine;
  readonly decision: Decision;
  readonly at: number;
}

/** Answers why it can not be replayed, in one sentence. */
export function replay(path: string, print: (line: string) => void): Promise<Result<undefined>> {
  return replayEach(path, ({ decision, at }) => printDecision(decision, at, print));
}

/** The same for whoever wants to look at more than the decisions. */
export async function replayEach(
  path: string,
  each: (replayed: Replayed) => void,
): Promise<Result<undefined>> {
  let engine: Engine | undefined;
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      number++;
      if (line === "") continue;
      const value: unknown = JSON.parse(line);
      if (engine === undefined) engine = new Engine(readSettings(value));
      else each(replayLine(engine, value));
    }
  } catch (error) {
    const place = number === 0 ? path : `${path}:${number}`;
    return err(`Cannot replay ${place}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return engine === undefined ? err(`Cannot replay ${path}: it is empty`) : ok(undefined);
}

function readSettings(header: unknown): EngineSettings {
  const settings = hasField(header, "settings") ? header.settings : undefined;
  if (!hasField(settings, "domains") || !hasField(settings, "duplicates")) {
    throw new TypeError("it does not begin with settings");
  }
  const recorded = settings as RecordedSettings;
  const { domains, duplicates, probe = DEFAULT_PROBES, limits, guard, suppression } = recorded;
  return {
    domains: new Map(
      domains.map(([vni, { routes, sticky, prefixes = [] }]) => [
        vni,
        { routes, sticky: new Map(sticky), prefixes },
      ]),
    ),
    duplicates,
    probe,
    limits,
    guard,
    suppression,
  };
}

function replayLine(engine: Engine, value: unknown): Replayed {
  if (!hasField(value, "at") || typeof value.at !== "number" || !Number.isFinite(value.at)) {
    throw new TypeError("it is not an observation");
  }
  const { at } = value;
  if (hasField(value, "woke")) {
    return { engine, at, decision: engine.tick(at) };
  }
  if (hasField(value, "observation") && hasField(value.observation, "kind")) {
    // What is in it is believed: roamd has written it.
    return { engine, at, decision: engine.observe(value.observation as Observation, at) };
  }
  throw new TypeError("it is not an observation");
}

function printDecision(
  { wants, notices }: Decision,
  at: number,
  print: (line: string) => void,
): void {
  const time = new Date(at).toISOString();
  for (const notice of notices) {
    print(JSON.stringify({ at: time, ...notice, text: sentenceOf(notice) }));
  }
  for (const { table, key, row } of wants) {
    print(JSON.stringify({ at: time, kind: "want", table, key, row: row ?? null }));
  }
}

function hasField<F extends string>(value: unknown, field: F): value is Record<F, unknown> {
  return typeof value === "object" && value !== null && field in value;
}
