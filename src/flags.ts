/** The command line of `roamd`, from which its help and its manual page are made. */
import { Command, Option } from "commander";
import { version } from "./version.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** What can be said on the command line, of which much can be said in the configuration as well. */
export interface Flags {
  readonly config?: string;
  readonly gobgp?: string;
  readonly control?: string;
  readonly state?: string;
  readonly http?: string;
  readonly logLevel: (typeof LEVELS)[number];
  readonly record?: string;
  readonly replay?: string;
  readonly check?: true;
  readonly observeOnly?: true;
  readonly keepOnExit?: true;
}

export interface ProvisionFlags {
  readonly remove?: true;
  readonly dryRun?: true;
}

/** `chosen` is called if `roamd provision` was asked for. */
export function roamdCommand(chosen: (flags: ProvisionFlags) => void = () => {}): Command {
  const program = new Command("roamd")
    .description("EVPN MAC/IP mobility and VXLAN programming beside GoBGP")
    .version(version())
    .option("--config <file>", "configuration (YAML); without one, everything is found out")
    .option("--gobgp <address>", "GoBGP's API, host:port or unix:/path (default: 127.0.0.1:50051)")
    .option("--control <path>", "control socket (default: /run/roamd/roamd.sock)")
    .option("--state <dir>", "what is to survive a restart (default: /var/lib/roamd)")
    .option("--http <address>", "host:port for /metrics and /healthz (default: off)")
    .addOption(
      new Option("--log-level <level>", "least level to log").choices(LEVELS).default("info"),
    )
    .option("--check", "check the configuration, tell all mistakes, and exit")
    .option("--observe-only", "decide and show everything, write nothing")
    .option("--record <file>", "write down everything that is observed, as JSON lines")
    .option("--replay <file>", "decide again what was recorded, print the decisions, and exit")
    .option("--keep-on-exit", "leave the routes with GoBGP on exit: a restart is planned")
    .allowExcessArguments(false)
    .exitOverride()
    .addHelpText(
      "after",
      "\nExample:\n  roamd --config /etc/roamd/roamd.yaml --http 127.0.0.1:9479",
    )
    .helpCommand(false)
    .action(() => {});
  program
    .command("provision")
    .description("make the bridges and VXLAN devices of MAC-VRFs with provision: true, and exit")
    .option("--remove", "take away what was made, and nothing else")
    .option("--dry-run", "only tell what would be done")
    .allowExcessArguments(false)
    .exitOverride()
    .action((flags: ProvisionFlags) => chosen(flags));
  return program;
}
