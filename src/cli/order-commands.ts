/** Commands that have the daemon do something: `clear`, and the word of the hypervisor. */
import { Option } from "commander";
import { type Command as Order, readCommand } from "../control/command.ts";
import { numberOf, type Typed } from "./filter-options.ts";
import { EXIT } from "./io.ts";
import type { RoamCommand } from "./roam-command.ts";

export type Give = (order: Order) => Promise<void>;

export function addClear(program: RoamCommand, give: Give): void {
  const clear = program.add("clear", "what is to be forgotten").example("clear duplicate --all");
  const duplicate = clear
    .add("duplicate", "say that a MAC or an IP is no duplicate, or is put right")
    .argument("[address]", "the MAC or the IP")
    .option("--vni <number>", "only in this VNI")
    .option("--all", "all there are") as RoamCommand;
  duplicate.example("clear duplicate 02:00:00:00:00:01 --vni 10", "clear duplicate --all");
  duplicate.action((address: string | undefined, { all, vni }: Typed) => {
    const refuse = (sentence: string): never =>
      duplicate.error(`error: ${sentence}`, { exitCode: EXIT.usage });
    if ((address === undefined) !== (all === true)) {
      return refuse("Cannot clear a duplicate: either an address or --all is needed");
    }
    const number = vni === undefined ? undefined : numberOf(vni);
    const read = readCommand({ kind: "clear-duplicate", address: address ?? "all", vni: number });
    return read.ok ? give(read.value) : refuse(read.error);
  });
}

/** The word of the hypervisor: what a hook script says when it moves a machine. */
export function addWord(program: RoamCommand, give: Give): void {
  const say = (command: RoamCommand, fields: Readonly<Record<string, unknown>>): Promise<void> => {
    const { vni, port, to, ip } = command.opts<Readonly<Record<string, string | string[]>>>();
    const number = typeof vni === "string" ? numberOf(vni) : undefined;
    const read = readCommand({ ...fields, vni: number, ...given({ port, to, ips: ip }) });
    if (!read.ok) return command.error(`error: ${read.error}`, { exitCode: EXIT.usage });
    return give(read.value);
  };
  const attach = program
    .add("attach", "say that a host is behind a port, though it has not sent anything")
    .example("attach 02:00:00:00:00:01 --port tap7 --ip 192.0.2.10");
  attach.argument("<mac>").addOption(port().makeOptionMandatory()).addOption(vni());
  attach.addOption(ips()).action((mac: string) => say(attach, { kind: "attach", mac }));
  const detach = program
    .add("detach", "say that a host is no longer behind a port")
    .example("detach 02:00:00:00:00:01 --port tap7");
  detach.argument("<mac>").addOption(port().makeOptionMandatory()).addOption(vni());
  detach.action((mac: string) => say(detach, { kind: "detach", mac }));

  const migrate = program
    .add("migrate", "say how far the migration of a host is, to the leaf it leaves or comes to")
    .example("migrate land 02:00:00:00:00:01 --port tap7");
  for (const [step, summary] of MIGRATION) {
    const command = migrate
      .add(step, summary)
      .example(`migrate ${step} 02:00:00:00:00:01 --vni 10`);
    command.argument("<mac>").addOption(vni());
    command.addOption(new Option("--to <vtep>", "the VTEP it goes to")).addOption(port());
    command.addOption(ips()).action((mac: string) => say(command, { kind: "migrate", step, mac }));
  }
}

function ips(): Option {
  return new Option("--ip <address...>", "an IP of the host; may be given several times");
}

function port(): Option {
  return new Option("--port <name>", "the bridge port it is behind");
}

function vni(): Option {
  return new Option("--vni <number>", "in this VNI");
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
