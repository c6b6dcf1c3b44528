/** Commands about one host, which is named by its MAC or one of its IPs. */
import { readFilter } from "../control/protocol.ts";
import { filterOf, optionsOf, type Typed } from "./filter-options.ts";
import { EXIT } from "./io.ts";
import type { RoamCommand } from "./roam-command.ts";

type Filter = Extract<ReturnType<typeof readFilter>, { ok: true }>["value"];

type About = "history" | "explain";

export type AskAbout = (what: About, filter: Filter) => Promise<void>;

export function addHost(program: RoamCommand, ask: AskAbout): void {
  const explain = program
    .add("explain", "why a MAC or an IP is where it is: every claim, and how each lost")
    .example("explain 02:00:00:00:00:01", "explain 192.0.2.10 --vni 10");
  about(explain, "explain", ["vni"], ask);
  const history = program
    .add("history", "what happened to a host, and when each step of its moves was done")
    .example("history 02:00:00:00:00:01", "history 192.0.2.10 --vni 10 --last 20");
  about(history, "history", ["vni", "last"], ask);
}

function about(
  command: RoamCommand,
  what: About,
  fields: readonly ("vni" | "last")[],
  ask: AskAbout,
): void {
  command.argument("<address>", "its MAC, or an IP it has");
  for (const field of fields) for (const option of optionsOf(field)) command.addOption(option);
  command.action((address: string, typed: Typed) => {
    const filter = readHost(what, address, typed);
    if (!filter.ok) return command.error(`error: ${filter.error}`, { exitCode: EXIT.usage });
    return ask(what, filter.value);
  });
}

function readHost(what: About, address: string, typed: Typed): ReturnType<typeof readFilter> {
  const rest = filterOf(typed);
  const others = readFilter(what, rest);
  if (!others.ok) return others;
  const byMac = readFilter(what, { ...rest, mac: address });
  if (byMac.ok) return byMac;
  const byIp = readFilter(what, { ...rest, ip: address });
  if (byIp.ok) return byIp;
  return { ok: false, error: `Cannot ask about "${address}": it is not a MAC or an IP address` };
}
