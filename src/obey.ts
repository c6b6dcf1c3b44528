/** What the daemon is told to do becomes news like any other. */
import type { Command, CommandAnswer, WordAnswer } from "./control/command.ts";
import type { WordCommand } from "./control/word-command.ts";
import { err, ok, type Result } from "./evpn/result.ts";
import type { Vni } from "./evpn/vni.ts";
import type { Engine } from "./mobility/engine.ts";
import { whereabouts } from "./mobility/mac-entry.ts";
import type { Word } from "./mobility/migration.ts";
import type { Notice } from "./mobility/notice.ts";
import type { Observation } from "./mobility/observation.ts";
import { duplicatesOf } from "./snapshot.ts";

interface Daemon {
  readonly engine: Engine;
  /** Answers what there was to tell. */
  readonly observe: (observation: Observation) => readonly Notice[];
  /** Who has said so. */
  readonly by: string;
}

export function obey(command: Command, daemon: Daemon): Result<CommandAnswer> {
  switch (command.kind) {
    case "clear-duplicate":
      return clearDuplicate(command, daemon);
    case "attach":
    case "detach":
    case "migrate":
      return passOn(command, daemon);
  }
}

function clearDuplicate(
  { address, vni }: Extract<Command, { kind: "clear-duplicate" }>,
  { engine, observe, by }: Daemon,
): Result<CommandAnswer> {
  const before = duplicatesOf(engine).length;
  observe({ kind: "duplicate-cleared", vni, address: address === "all" ? undefined : address, by });
  const count = before - duplicatesOf(engine).length;
  if (count > 0 || address === "all") return ok({ cleared: count });
  const where = vni === undefined ? "" : ` in VNI ${vni}`;
  return err(`Cannot clear ${address}${where}: it is no duplicate`);
}

function passOn(command: WordCommand, { engine, observe, by }: Daemon): Result<WordAnswer> {
  const { mac } = command;
  const said = command.kind === "migrate" ? command.step : command.kind;
  const vni = command.vni === undefined ? vniOf(command, engine) : ok(command.vni);
  if (!vni.ok) return err(`Cannot ${said} ${mac}: ${vni.error}`);
  const word: Word = { ...command, vni: vni.value };
  for (const notice of observe({ kind: "word", word, by })) {
    if (notice.kind === "word-refused") {
      return err(`Cannot ${said} ${mac} in VNI ${vni.value}: ${REASONS[notice.refused]}`);
    }
  }
  const entry = engine.domain(vni.value)?.entry(mac);
  const where = entry === undefined ? { kind: "nowhere" as const } : whereabouts(entry);
  return ok({
    vni: vni.value,
    mac,
    said,
    whereabouts: where.kind,
    port: where.kind === "here" ? where.port : null,
    vtep: where.kind === "there" ? where.claim.vtep : null,
    seq: where.kind === "here" || where.kind === "there" ? where.claim.seq : null,
  });
}

type WordRefused = Extract<Notice, { kind: "word-refused" }>["refused"];

const REASONS: Readonly<Record<WordRefused, string>> = {
  "unknown-segment": "there is no such MAC-VRF here",
  "unknown-port": "that port is not up in this MAC-VRF",
  "port-needed": "this MAC-VRF has several ports: say which, with --port",
  "not-here": "it is not there",
  suspended: "it is suspended already",
  "no-migration": "no migration of it has been started, or it is over",
  "claimed-elsewhere": "another VTEP holds it, sticky or as a duplicate",
};

/** The MAC-VRF that is meant where none is said: that of the port, or that in which the MAC is known. */
function vniOf({ mac, port }: WordCommand, engine: Engine): Result<Vni> {
  const all = [...engine.domains()].filter(({ segment }) => segment !== undefined);
  const around = all.filter(({ ports }) => port !== undefined && ports.has(port));
  const possible = around.length > 0 ? around : all;
  const knowing = possible.filter((domain) => domain.entry(mac) !== undefined);
  const [meant, ...more] = knowing.length > 0 ? knowing : possible;
  if (meant === undefined) return err("there is no MAC-VRF here");
  return more.length === 0 ? ok(meant.vni) : err("there are several MAC-VRFs: say --vni");
}
