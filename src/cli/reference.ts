/** `docs/cli.md`, read off the commands themselves: `npm run generate:cli` writes it. */
import type { Option } from "commander";
import { programOf } from "./command.ts";
import type { RoamCommand } from "./roam-command.ts";

const HEAD = `# roam

The command line of roamd. This page is generated from the commands (\`npm run generate:cli\`);
\`roam COMMAND --help\` says the same.

Tables are for people. \`--json\` is for scripts: an array of objects, one object where there can be
only one, or one object per line where there is no end; fields may be added, none changes or goes.
MACs are lower-case with colons, times RFC 3339, absent values \`null\`.

| exit code | means                                         |
| --------- | --------------------------------------------- |
| 0         | done                                          |
| 1         | it failed, or what was asked for is not there |
| 2         | it was mistyped                               |
| 3         | roamd can not be reached                      |
`;

/** The whole page. */
export function cliReference(): string {
  const io = {
    out: async () => {},
    err: async () => {},
    colour: false,
    now: () => 0,
    signal: new AbortController().signal,
  };
  const program = programOf(io, async () => {});
  const options = `## Everywhere\n\n${optionTable(program.options)}\n`;
  const sections = [...program.commands].flatMap((command) => sectionsOf(command as RoamCommand));
  return [HEAD, options, ...sections].join("\n");
}

function sectionsOf(command: RoamCommand): string[] {
  const under = command.commands.flatMap((each) => sectionsOf(each as RoamCommand));
  // A command that only has others under it does nothing by itself.
  return under.length > 0 ? under : [section(command)];
}

function section(command: RoamCommand): string {
  const words = [...pathOf(command)].join(" ");
  const options = command.options.length === 0 ? "" : `\n${optionTable(command.options)}\n`;
  const examples = command.examples.map((line) => `roam ${line}\n`).join("");
  const usage = command.usage().replace("[options] ", "").replace("[options]", "").trim();
  const typed = `roam ${words}${usage === "" ? "" : ` ${usage}`}`;
  const summary = command.description();
  return `## ${typed}\n\n${summary.charAt(0).toUpperCase()}${summary.slice(1)}.\n${options}\n\`\`\`sh\n${examples}\`\`\`\n`;
}

function* pathOf(command: RoamCommand): Iterable<string> {
  const { parent } = command;
  if (parent === null) return;
  yield* pathOf(parent as RoamCommand);
  yield command.name();
}

function optionTable(options: readonly Option[]): string {
  const rows = options.map((option) => {
    const value = option.defaultValue;
    const usual = typeof value === "string" ? ` (default: \`${value}\`)` : "";
    return [`\`${option.flags}\``, `${option.description}${usual}`] as const;
  });
  const widths = [0, 1].map((i) => Math.max(6, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(["option", ""]), rule, ...rows.map(line)].join("\n");
}
