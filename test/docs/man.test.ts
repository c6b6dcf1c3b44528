/** The manual pages in `man/`, made from the same commands as the help. */
import { spawnSync } from "node:child_process";
import type { Command, Option } from "commander";
import { describe, expect, it } from "vitest";
import { inRepository } from "../../labs/runner/repository.ts";
import { programOf } from "../../src/cli/command.ts";
import type { RoamCommand } from "../../src/cli/roam-command.ts";
import { roamdCommand } from "../../src/flags.ts";
import { expectWritten } from "./written.ts";

const io = {
  out: async () => {},
  err: async () => {},
  colour: false,
  now: () => 0,
  signal: new AbortController().signal,
};

/** As it is to be read; a dot or quote at the start of a line would be a command to troff. */
function plain(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(/^([.'])/gm, "\\&$1");
}

function optionLines(options: readonly Option[]): string {
  return options
    .map(({ flags, description, defaultValue, argChoices }) => {
      const choices = argChoices === undefined ? "" : `: ${argChoices.join(", ")}`;
      const usual = typeof defaultValue === "string" ? ` (default: ${defaultValue})` : "";
      return `.TP\n.B ${plain(flags)}\n${plain(`${description}${choices}${usual}`)}\n`;
    })
    .join("");
}

function exitLines(codes: Readonly<Record<string, string>>): string {
  return Object.entries(codes)
    .map(([code, meaning]) => `.TP\n.B ${code}\n${plain(meaning)}\n`)
    .join("");
}

function fileLines(files: Readonly<Record<string, string>>): string {
  return Object.entries(files)
    .map(([file, meaning]) => `.TP\n.I ${plain(file)}\n${plain(meaning)}\n`)
    .join("");
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function sections(command: RoamCommand, words: readonly string[]): string {
  if (command.commands.length > 0) {
    return command.commands
      .map((each) => sections(each as RoamCommand, [...words, each.name()]))
      .join("");
  }
  const takes = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  const examples = command.examples.map((line) => `roam ${plain(line)}\n`).join(".br\n");
  return (
    `.SS ${plain(["roam", ...words, ...takes].join(" "))}\n${plain(sentence(command.description()))}\n` +
    `${optionLines(command.options)}.PP\n.EX\n${examples}.EE\n`
  );
}

function page(
  name: string,
  section: number,
  parts: readonly (readonly [string, string])[],
): string {
  const note = `.\\" Written by "npm run generate:docs" from the commands of ${name}.\n`;
  const head = `.TH ${name.toUpperCase()} ${section} "" roamd "roamd manual"\n`;
  return note + head + parts.map(([heading, text]) => `.SH ${heading}\n${text}`).join("");
}

function roamPage(): string {
  const program = programOf(io, async () => {});
  return page("roam", 1, [
    ["NAME", "roam \\- ask roamd what it knows, and tell it what to do\n"],
    ["SYNOPSIS", ".B roam\n[\\fIoption\\fR]... \\fIcommand\\fR [\\fIargument\\fR]...\n"],
    [
      "DESCRIPTION",
      `${plain(sentence(program.description()))}\nTables are for people; with \\fB\\-\\-json\\fR the answer is for scripts.\n`,
    ],
    ["OPTIONS", optionLines(program.options)],
    [
      "COMMANDS",
      program.commands.map((each) => sections(each as RoamCommand, [each.name()])).join(""),
    ],
    [
      "EXIT STATUS",
      exitLines({
        0: "Done.",
        1: "It failed, or what was asked for is not there.",
        2: "It was mistyped.",
        3: "roamd can not be reached.",
      }),
    ],
    ["SEE ALSO", ".BR roamd (8)\n"],
  ]);
}

function commandLines(command: Command): string {
  const name = `.SS roamd ${command.name()}\n`;
  return `${name}${plain(command.description())}\n${optionLines(command.options)}`;
}

function roamdPage(): string {
  const program: Command = roamdCommand();
  return page("roamd", 8, [
    ["NAME", "roamd \\- EVPN MAC mobility and the VXLAN data plane, beside GoBGP\n"],
    ["SYNOPSIS", ".B roamd\n[\\fIoption\\fR]...\n"],
    [
      "DESCRIPTION",
      `${plain(
        "One runs on each leaf, beside gobgpd. It sees where hosts are, decides who has each MAC and IP,\ntells the other leaves by EVPN routes through GoBGP, and programs the bridge and the VXLAN device.\nIt needs CAP_NET_ADMIN and CAP_NET_RAW, and no configuration.",
      )}\n`,
    ],
    ["OPTIONS", optionLines(program.options)],
    ["COMMANDS", program.commands.map(commandLines).join("")],
    [
      "SIGNALS",
      `${plain(
        "SIGTERM and SIGINT: the routes are withdrawn, unless a restart is planned (--keep-on-exit); the kernel\nforwards on as it is.",
      )}\n`,
    ],
    [
      "FILES",
      fileLines({
        "/etc/roamd/roamd.yaml": "The configuration, where --config says so.",
        "/run/roamd/roamd.sock": "Where roam asks.",
        "/var/lib/roamd": "What is to survive a restart.",
      }),
    ],
    [
      "EXIT STATUS",
      exitLines({ 0: "Done.", 1: "It is broken.", 2: "Wrong usage or configuration." }),
    ],
    ["SEE ALSO", ".BR roam (1)\n"],
  ]);
}

describe("The manual page", () => {
  it("of roam has every command and option", () => {
    expectWritten("man/roam.1", roamPage());
  });

  it("of roamd has every option", () => {
    expectWritten("man/roamd.8", roamdPage());
  });

  const hasGroff = spawnSync("groff", ["--version"]).status === 0;
  it.skipIf(!hasGroff).each(["man/roam.1", "man/roamd.8"])(
    "%s is one that groff can read",
    (file) => {
      const words = ["-man", "-Tutf8", "-ww", "-z", inRepository(file)];
      expect(spawnSync("groff", words, { encoding: "utf8" })).toMatchObject({
        status: 0,
        stderr: "",
      });
    },
  );
});
