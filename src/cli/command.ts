/**
 * `roam`: what can be typed. Every command is one question to the daemon, or one order; what it takes
 * as filters is what the question takes (`FILTERS`), so help, checks and daemon can not differ. The
 * help and `docs/cli.md` are read off the same commands.
 */
import { CommanderError } from "commander";
import { DEFAULT_SOCKET, FILTERS, readFilter } from "../control/protocol.ts";
import { readTarget, type TargetOptions } from "../control/target.ts";
import { version } from "../version.ts";
import { type Ask, type Asked, askCommand, askShow, askWatch } from "./ask.ts";
import { completionOf, SHELLS } from "./completion.ts";
import { filterOf, optionsOf, type Typed } from "./filter-options.ts";
import { type AskAbout, addHost } from "./host-commands.ts";
import { EXIT, type Io } from "./io.ts";
import { addClear, addWord } from "./order-commands.ts";
import type { Shown } from "./render.ts";
import { RoamCommand } from "./roam-command.ts";
import type { TopAsk } from "./top.ts";

interface Table {
  readonly what: Exclude<Shown, "status" | "history" | "explain">;
  readonly summary: string;
  readonly example: string;
}

const SHOWN: readonly Table[] = [
  { what: "vnis", summary: "the MAC-VRFs of this leaf", example: "show vnis" },
  { what: "macs", summary: "where each MAC is", example: "show macs --vni 10 --local" },
  {
    what: "neighbors",
    summary: "which MAC holds each IP",
    example: "show neighbors --ip 192.0.2.10",
  },
  {
    what: "routes",
    summary: "the EVPN routes, which are followed, and why the others are not",
    example: "show routes --type 2 --mac 02:00:00:00:00:01 --detail",
  },
  { what: "vteps", summary: "the other leaves", example: "show vteps --vni 10" },
  {
    what: "ports",
    summary: "the bridge ports that hosts may be behind",
    example: "show ports --port swp3",
  },
  {
    what: "moves",
    summary: "the last moves, and when each step of them was done",
    example: "show moves --last 5",
  },
  {
    what: "duplicates",
    summary: "the MACs and IPs that are at several places at once",
    example: "show duplicates --vni 10",
  },
];

/** Does what was typed; answers the exit code. `io.signal` ends what has no end of its own. */
export async function run(words: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.ok;
  const program = programOf(io, async (ask) => {
    code = await ask;
  });
  try {
    await program.parseAsync(words, { from: "user" });
    return code;
  } catch (error) {
    // Commander has said already what was wrong; help and version are no mistakes.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    throw error;
  }
}

type Done = (code: Promise<number>) => Promise<void>;

/** All that can be typed. */
export function programOf(io: Io, done: Done): RoamCommand {
  const program = new RoamCommand("roam");
  program
    .description("Shows what roamd, the EVPN MAC mobility daemon of this leaf, knows and does")
    .version(version(), "--version", "that of roam; roamd's own is told by status")
    .option("--control <path>", "the daemon's socket, or tcp://host:port", DEFAULT_SOCKET)
    .option("--key-file <file>", "over TCP: the shared key to sign requests with")
    .option("--tls-ca <file>", "over TCP: TLS, and whom to believe")
    .option("--tls-certificate <file>", "over TCP: TLS, and who we are")
    .option("--tls-key <file>", "over TCP: the key to the certificate")
    .option("--json", "JSON for scripts: an array, or one object per line from watch")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void io.out(text),
      writeErr: (text) => void io.err(text),
    })
    .showHelpAfterError("Type roam --help for what can be asked");
  program.example(
    "status",
    "--control tcp://leaf1:50052 --key-file /etc/roamd/shared.key show moves",
  );
  addQuestions(program, io, done);
  const order = (command: Parameters<typeof askCommand>[0]): Promise<void> =>
    done(askCommand(command, { io, ...globals(program, io) }));
  addClear(program, order);
  addWord(program, order);
  addCompletion(program, io, done);
  return program;
}

function addQuestions(program: RoamCommand, io: Io, done: Done): void {
  const askAbout: AskAbout = (what, filter) =>
    done(askShow(what, { io, ...globals(program, io), filter }));
  const question = (command: RoamCommand, what: Shown | "events"): RoamCommand => {
    for (const field of FILTERS[what]) {
      for (const option of optionsOf(field)) command.addOption(option);
    }
    command.action((typed: Typed) => {
      const filter = readFilter(what, filterOf(typed));
      if (!filter.ok) return command.error(`error: ${filter.error}`, { exitCode: EXIT.usage });
      const ask: Ask = { io, ...globals(program, io), filter: filter.value };
      return done(what === "events" ? askWatch(ask) : askShow(what, ask));
    });
    return command;
  };
  const status = program.add("status", "whether the daemon does its work, and what it waits for");
  question(status, "status").example("status");
  const show = program.add("show", "what the daemon knows").example("show macs");
  for (const { what, summary, example } of SHOWN) {
    question(show.add(what, summary), what).example(example);
  }
  addHost(program, askAbout);
  program
    .add("doctor", "what breaks EVPN in practice: whether it does here, and what to do about it")
    .example("doctor", "doctor --json")
    .action(() => done(examineAll({ io, ...globals(program, io) })));
  addTop(program, (once, intervalMs, filter) =>
    done(topOf({ io, ...globals(program, io), filter, once, intervalMs })),
  );
  const watch = program.add("watch", "what happens, as it happens, until interrupted");
  question(watch, "events").example("watch --vni 10");
}

function addCompletion(program: RoamCommand, io: Io, done: Done): void {
  const completion = program.add("completion", "what a shell needs to complete commands");
  completion.example("completion bash");
  for (const shell of SHELLS) {
    completion
      .add(shell, `a script for ${shell}: read it with source <(roam completion ${shell})`)
      .example(`completion ${shell}`)
      .action(() => done(io.out(completionOf(program, shell)).then(() => EXIT.ok)));
  }
}

function addTop(
  program: RoamCommand,
  ask: (once: boolean, intervalMs: number, filter: Ask["filter"]) => Promise<void>,
): void {
  const top = program
    .add("top", "a live screen of moves, rates and top movers, until interrupted")
    .example("top", "top --once", "top --json --interval 5");
  top
    .option("--once", "look once, and end")
    .option("--interval <seconds>", "look so often", "1")
    .option("--vni <number>", "only of this VNI");
  top.action(({ once, interval, vni }: Typed) => {
    const seconds = Number(interval);
    const filter = readFilter("ports", vni === undefined ? {} : filterOf({ vni }));
    const mistake = !filter.ok
      ? filter.error
      : seconds >= LEAST_SECONDS
        ? undefined
        : `Cannot look every "${interval}" seconds: ${LEAST_SECONDS} is the least`;
    if (mistake !== undefined || !filter.ok) {
      return top.error(`error: ${mistake}`, { exitCode: EXIT.usage });
    }
    return ask(once === true, seconds * 1000, filter.value);
  });
}

/** The daemon has better things to do than to be looked at. */
const LEAST_SECONDS = 0.1;

async function topOf(ask: TopAsk): Promise<number> {
  const { askTop } = await import("./top.ts");
  return askTop(ask);
}

/** Loaded only here, as gRPC is. */
async function examineAll(asked: Asked): Promise<number> {
  const { askDoctor } = await import("./doctor.ts");
  return askDoctor(asked);
}

function globals(program: RoamCommand, io: Io): Omit<Asked, "io"> {
  const { json, ...options } = program.opts<TargetOptions & { json?: boolean }>();
  const target = readTarget(options, io.now);
  if (!target.ok) return program.error(`error: ${target.error}`, { exitCode: EXIT.usage });
  return { target: target.value, json: json === true };
}
