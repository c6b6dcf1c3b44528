/**
 * `roam completion bash|zsh`: what a shell offers when TAB is pressed, read off the commands
 * themselves. The script asks nobody: neither Node nor the daemon is started for a key.
 */
import type { Command, Option } from "commander";

export const SHELLS = ["bash", "zsh"] as const;
export type Shell = (typeof SHELLS)[number];

/** What can follow the words typed so far. */
interface Place {
  /** The commands typed, each with a space before it. */
  readonly at: string;
  readonly offers: readonly Offer[];
}

interface Offer {
  readonly word: string;
  readonly summary: string;
}

export function completionOf(program: Command, shell: Shell): string {
  const all = placesOf(program, "", program.options);
  const options = optionsOf(program);
  const taking = (kind: RegExp): string => words(options.filter(({ flags }) => kind.test(flags)));
  const parts = {
    places: all,
    files: taking(/<(file|path)>/),
    ports: taking(/<name>/),
    others: taking(/<(?!file|path|name)/),
  };
  return shell === "bash" ? bash(parts) : zsh(parts);
}

interface Parts {
  readonly places: readonly Place[];
  /** Options whose value is a file, the name of an interface, or nothing that could be offered. */
  readonly files: string;
  readonly ports: string;
  readonly others: string;
}

function placesOf(command: Command, at: string, everywhere: readonly Option[]): Place[] {
  const own = at === "" ? [] : command.options;
  const place: Place = {
    at,
    offers: [
      ...command.commands.map((each) => ({ word: each.name(), summary: each.description() })),
      ...[...own, ...everywhere].map(({ long, description }) => ({
        word: long ?? "",
        summary: description,
      })),
      { word: "--help", summary: "what can be typed here" },
    ],
  };
  const below = command.commands.flatMap((each) =>
    placesOf(each, `${at} ${each.name()}`, everywhere),
  );
  return [place, ...below];
}

/** All there are, each once. */
function optionsOf(command: Command): readonly Option[] {
  const all = [...command.options, ...command.commands.flatMap(optionsOf)];
  return [...new Map(all.map((option) => [option.flags, option])).values()];
}

function words(options: readonly Option[]): string {
  return options.map(({ long }) => long).join(" | ");
}

function bash({ places, files, ports, others }: Parts): string {
  const cases = places.map(
    ({ at, offers }) => `    "${at}") offers="${offers.map(({ word }) => word).join(" ")}" ;;`,
  );
  return `# Completion of roam for bash. Read it where roam is used: source <(roam completion bash)
_roam() {
  local word=\${COMP_WORDS[COMP_CWORD]} at="" offers="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${[files, ports, others].join(" | ")}) ((i++)) ;;
      -*) ;;
      *)
        case "$at \${COMP_WORDS[i]}" in
          ${knownPlaces(places)}) at="$at \${COMP_WORDS[i]}" ;;
        esac
        ;;
    esac
  done
  case \${COMP_WORDS[COMP_CWORD - 1]} in
    ${files}) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    ${ports}) mapfile -t COMPREPLY < <(compgen -W "$(ls /sys/class/net)" -- "$word"); return ;;
    ${others}) COMPREPLY=(); return ;;
  esac
  case $at in
${cases.join("\n")}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$offers" -- "$word")
}
complete -F _roam roam
`;
}

function zsh({ places, files, ports, others }: Parts): string {
  const cases = places.map(({ at, offers }) => {
    const each = offers.map(({ word, summary }) => `'${word}:${summary.replaceAll("'", "'\\''")}'`);
    return `    "${at}") offers=(${each.join(" ")}) ;;`;
  });
  return `#compdef roam
# Completion of roam for zsh. Read it where roam is used: source <(roam completion zsh)
_roam() {
  local at="" i
  local -a offers
  for ((i = 2; i < CURRENT; i++)); do
    case \${words[i]} in
      ${[files, ports, others].join(" | ")}) ((i++)) ;;
      -*) ;;
      *)
        case "$at \${words[i]}" in
          ${knownPlaces(places)}) at="$at \${words[i]}" ;;
        esac
        ;;
    esac
  done
  case \${words[CURRENT - 1]} in
    ${files}) _files; return ;;
    ${ports}) compadd -- /sys/class/net/*(:t); return ;;
    ${others}) return ;;
  esac
  case $at in
${cases.join("\n")}
  esac
  _describe roam offers
}
if [ "\${funcstack[1]}" = _roam ]; then _roam "$@"; else compdef _roam roam; fi
`;
}

function knownPlaces(places: readonly Place[]): string {
  return places
    .filter(({ at }) => at !== "")
    .map(({ at }) => `"${at}"`)
    .join(" | ");
}
