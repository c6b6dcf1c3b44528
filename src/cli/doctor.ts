/** `roam doctor`: asks the daemon and this host, and prints what is wrong and what to do about it. */
import { ControlClient, ControlError } from "../control/client.ts";
import type { FactsRow } from "../control/facts-row.ts";
import type { CheckRow, ShowRows } from "../control/rows.ts";
import { examine } from "../doctor/examine.ts";
import { type Facts, type Found, routeKey } from "../doctor/facts.ts";
import { gatherHost } from "../doctor/host.ts";
import type { Asked } from "./ask.ts";
import { EXIT } from "./io.ts";
import { paint, printable } from "./table.ts";

const ELSEWHERE = "it is for the host of the daemon to say: run roam doctor there";

/** Exit 1 where anything is wrong. A daemon that does not answer is one of the things looked at. */
export async function askDoctor(asked: Asked): Promise<number> {
  const { io, target, json } = asked;
  using client = new ControlClient(target);
  const daemon = await factsOf(client, io.signal);
  const isHere = "path" in target.connect;
  const host: Facts["host"] = isHere
    ? { found: true, value: await gatherHost(daemon, io.signal) }
    : { found: false, why: ELSEWHERE };
  const isCompared = host.found && host.value.frr.found && host.value.frr.value.routes.length > 0;
  const gobgp = daemon.found && isCompared ? await routesOf(client, io.signal) : undefined;
  if (io.signal.aborted) return EXIT.failure;
  const checks = examine({ daemon, host }, gobgp);
  await io.out(json ? arrayText(checks) : checksText(checks, io));
  return checks.some(({ ok }) => ok === false) ? EXIT.failure : EXIT.ok;
}

async function factsOf(client: ControlClient, signal: AbortSignal): Promise<Found<FactsRow>> {
  try {
    for await (const [text] of client.show({ what: "facts", filter: {} }, signal)) {
      if (text !== undefined) return { found: true, value: JSON.parse(text) };
    }
    return { found: false, why: "roamd has not answered" };
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return { found: false, why: error.message };
  }
}

async function routesOf(client: ControlClient, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for await (const texts of client.show({ what: "routes", filter: {} }, signal)) {
    for (const text of texts) {
      const { type, routeDistinguisher: rd, mac, ip } = JSON.parse(text) as ShowRows["routes"];
      keys.add(routeKey({ type, rd, mac, ip }));
    }
  }
  return keys;
}

function arrayText(checks: readonly CheckRow[]): string {
  return `[\n${checks.map((check) => `  ${JSON.stringify(check)}`).join(",\n")}\n]\n`;
}

const SIGNS = { good: "ok   ", bad: "WRONG", faint: "?    " } as const;

function checksText(checks: readonly CheckRow[], { colour }: { colour: boolean }): string {
  const width = Math.max(...checks.map(({ check }) => check.length));
  return checks
    .map(({ check, ok, detail, remedy }) => {
      const style = ok === null ? "faint" : ok ? "good" : "bad";
      const sign = paint(SIGNS[style], colour ? style : undefined);
      const indent = " ".repeat(SIGNS[style].length + 2 + width + 2);
      const todo = remedy === null ? "" : `${indent}-> ${printable(remedy)}\n`;
      return `${sign}  ${check.padEnd(width)}  ${printable(detail)}\n${todo}`;
    })
    .join("");
}
