/**
 * `roam`: what can be typed. Every command is one question to the daemon, or one order; what it takes
 * as filters is what the question takes (`FILTERS`), so help, checks and daemon can not differ.
 */
import { Command, CommanderError, Option } from "commander";
import { type Command as Order, readCommand } from "../control/command.ts";
import {
  DEFAULT_SOCKET,
  FILTERS,
  type FilterField,
  readFilter,
  type What,
} from "../control/protocol.ts";
import { readTarget, type TargetOptions } from "../control/target.ts";
import { type Ask, type Asked, askCommand, askShow, askWatch } from "./ask.ts";
import { EXIT, type Io } from "./io.ts";

interface Shown {
  readonly what: Exclude<What, "status">;
  readonly summary: string;
  readonly example: string;
}

const SHOWN: readonly Shown[] = [
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
    example: "show routes --type 2 --mac 02:00:00:00:00:01",
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
  const program = build(io, async (ask) => {
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

function build(io: Io, done: Done): Command {
  const program = new Command("roam")
    .description("Shows what roamd, the EVPN MAC mobility daemon of this leaf, knows and does")
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
    .showHelpAfterError("Type roam --help for what can be asked")
    .addHelpText(
      "after",
      example("status") +
        "  roam --control tcp://leaf1:50052 --key-file /etc/roamd/shared.key show moves\n",
    );
  const question = (command: Command, what: What | "events", asked: string): Command => {
    for (const field of FILTERS[what])
      for (const option of optionsOf(field)) command.addOption(option);
    return command.addHelpText("after", example(asked)).action((typed: Typed) => {
      const filter = readFilter(what, filterOf(typed));
      if (!filter.ok) return command.error(`error: ${filter.error}`, { exitCode: EXIT.usage });
      const ask: Ask = { io, ...globals(program, io), filter: filter.value };
      return done(what === "events" ? askWatch(ask) : askShow(what, ask));
    });
  };
  question(program.command("status"), "status", "status").description(
    "whether the daemon does its work, and what it waits for",
  );
  const show = program.command("show").description("what the daemon knows");
  for (const { what, summary, example } of SHOWN) {
    question(show.command(what), what, example).description(summary);
  }
  show.addHelpText("after", example("show macs"));
  question(program.command("watch"), "events", "watch --vni 10").description(
    "what happens, as it happens, until interrupted",
  );
  const order = (command: Order): Promise<void> =>
    done(askCommand(command, { io, ...globals(program, io) }));
  addClear(program, order);
  addWord(program, order);
  return program;
}

function addClear(program: Command, order: (command: Order) => Promise<void>): void {
  const clear = program.command("clear").description("what is to be forgotten");
  const duplicate = clear
    .command("duplicate")
    .description("say that a MAC or an IP is no duplicate, or is put right")
    .argument("[address]", "the MAC or the IP")
    .option("--vni <number>", "only in this VNI")
    .option("--all", "all there are")
    .addHelpText("after", example("clear duplicate 02:00:00:00:00:01 --vni 10"));
  duplicate.action((address: string | undefined, { all, vni }: Typed) => {
    const refuse = (sentence: string): never =>
      duplicate.error(`error: ${sentence}`, { exitCode: EXIT.usage });
    if ((address === undefined) !== (all === true)) {
      return refuse("Cannot clear a duplicate: either an address or --all is needed");
    }
    const number = vni === undefined ? undefined : numberOf(vni);
    const read = readCommand({ kind: "clear-duplicate", address: address ?? "all", vni: number });
    return read.ok ? order(read.value) : refuse(read.error);
  });
  clear.addHelpText("after", example("clear duplicate --all"));
}

/** The word of the hypervisor: what a hook script says when it moves a machine. */
function addWord(program: Command, order: (command: Order) => Promise<void>): void {
  const say = (command: Command, fields: Readonly<Record<string, unknown>>): Promise<void> => {
    const { vni, port, to, ip } = command.opts<Readonly<Record<string, string | string[]>>>();
    const number = typeof vni === "string" ? numberOf(vni) : undefined;
    const read = readCommand({ ...fields, vni: number, ...given({ port, to, ips: ip }) });
    if (!read.ok) return command.error(`error: ${read.error}`, { exitCode: EXIT.usage });
    return order(read.value);
  };
  const ips = (): Option =>
    new Option("--ip <address...>", "an IP of the host; may be given several times");
  const port = (): Option => new Option("--port <name>", "the bridge port it is behind");
  const vni = (): Option => new Option("--vni <number>", "in this VNI");

  const attach = program
    .command("attach")
    .description("say that a host is behind a port, though it has not sent anything")
    .argument("<mac>")
    .addOption(port().makeOptionMandatory())
    .addOption(vni())
    .addOption(ips())
    .addHelpText("after", example("attach 02:00:00:00:00:01 --port tap7 --ip 192.0.2.10"));
  attach.action((mac: string) => say(attach, { kind: "attach", mac }));
  const detach = program
    .command("detach")
    .description("say that a host is no longer behind a port")
    .argument("<mac>")
    .addOption(port().makeOptionMandatory())
    .addOption(vni())
    .addHelpText("after", example("detach 02:00:00:00:00:01 --port tap7"));
  detach.action((mac: string) => say(detach, { kind: "detach", mac }));

  const migrate = program
    .command("migrate")
    .description("say how far the migration of a host is, to the leaf it leaves or comes to")
    .addHelpText("after", example("migrate land 02:00:00:00:00:01 --port tap7"));
  for (const [step, summary] of MIGRATION) {
    const command = migrate
      .command(step)
      .description(summary)
      .argument("<mac>")
      .addOption(vni())
      .addOption(new Option("--to <vtep>", "the VTEP it goes to"))
      .addOption(port())
      .addOption(ips())
      .addHelpText("after", example(`migrate ${step} 02:00:00:00:00:01 --vni 10`));
    command.action((mac: string) => say(command, { kind: "migrate", step, mac }));
  }
}

const MIGRATION: readonly (readonly [step: string, summary: string])[] = [
  ["start", "it is about to move: that it does is expected"],
  ["suspend", "it stands still: its MAC and IPs are reserved"],
  ["land", "it runs here now, and is claimed without waiting for a frame"],
  ["commit", "the migration is done: what it left is over, what it came to stays"],
  ["abort", "it stays where it was, and everybody is told"],
];

/** What was typed, and nothing for what was not. */
function given(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function globals(program: Command, io: Io): Omit<Asked, "io"> {
  const { json, ...options } = program.opts<TargetOptions & { json?: boolean }>();
  const target = readTarget(options, io.now);
  if (!target.ok) return program.error(`error: ${target.error}`, { exitCode: EXIT.usage });
  return { target: target.value, json: json === true };
}

function example(words: string): string {
  return `\nExample:\n  roam ${words}\n`;
}

/** Options as commander gives them: text, or `true` for those without a value. */
type Typed = Readonly<Record<string, string | true | undefined>>;

function optionsOf(field: FilterField): readonly Option[] {
  switch (field) {
    case "vni":
      return [new Option("--vni <number>", "only of this VNI")];
    case "mac":
      return [new Option("--mac <address>", "only of this MAC")];
    case "ip":
      return [new Option("--ip <address>", "only of this IP")];
    case "vtep":
      return [new Option("--vtep <address>", "only of this leaf")];
    case "port":
      return [new Option("--port <name>", "only of this bridge port")];
    case "where":
      return [
        new Option("--local", "only what is on this leaf").conflicts("remote"),
        new Option("--remote", "only what is on other leaves"),
      ];
    case "type":
      return [new Option("--type <number>", "only routes of this type: 2 (MAC/IP) or 3 (IMET)")];
    case "last":
      return [new Option("--last <number>", "only the newest so many")];
  }
}

const NUMBERS: ReadonlySet<string> = new Set(["vni", "type", "last"] satisfies FilterField[]);

/** The filter as typed, to be judged by `readFilter`; what is not a number stays the text it is. */
function filterOf(typed: Typed): Readonly<Record<string, unknown>> {
  const filter: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(typed)) {
    if (value === undefined) continue;
    if (name === "local" || name === "remote") filter.where = name;
    else filter[name] = NUMBERS.has(name) ? numberOf(value) : value;
  }
  return filter;
}

function numberOf(value: string | true): unknown {
  return /^\d+$/.test(String(value)) ? Number(value) : value;
}
