/** Asks the daemon, and prints what it answers: a table for people, JSON for scripts. */
import type { Command } from "../control/command.ts";
import type { Filter } from "../control/protocol.ts";
import type { EventRow, ShowRows, What } from "../control/rows.ts";
import type { Target } from "../control/target.ts";
import { EXIT, type Io } from "./io.ts";
import { commandLine, eventLine, rendererOf, type Shown } from "./render.ts";

/** Whom to ask, and how to print what is answered. */
export interface Asked {
  readonly io: Io;
  readonly target: Target;
  readonly json: boolean;
}

export interface Ask extends Asked {
  readonly filter: Filter;
}

export function askShow(what: Shown, ask: Ask): Promise<number> {
  return withClient(ask, async (client) => {
    const { io, filter, json } = ask;
    const answer = client.show({ what, filter }, io.signal);
    const count = await (json ? printArray : printTable)(answer, what, io);
    if (io.signal.aborted) return EXIT.failure;
    const missing = count > 0 ? undefined : missingText(what, filter);
    if (missing === undefined) return EXIT.ok;
    await io.err(`${missing}\n`);
    return EXIT.failure;
  });
}

/** Who asks about one host expects to hear of it; other tables may be empty. */
function missingText(what: What, filter: Filter): string | undefined {
  const { mac, ip, vni } = filter;
  const host = mac === undefined ? `IP ${ip}` : `MAC ${mac}`;
  switch (what) {
    case "macs": {
      if (mac === undefined) return undefined;
      const isFiltered = Object.keys(filter).length > 1;
      return `Cannot show ${host}: it is not known${isFiltered ? ", or not with these filters" : ""}`;
    }
    case "explain":
      return `Cannot explain ${host}${vni === undefined ? "" : ` in VNI ${vni}`}: it is not known`;
    case "history":
      return `Cannot tell the history of ${host}${vni === undefined ? "" : ` in VNI ${vni}`}: nothing is remembered of it`;
    default:
      return undefined;
  }
}

export function askWatch(ask: Ask): Promise<number> {
  return withClient(ask, async (client) => {
    for await (const texts of client.watch(ask.filter, ask.io.signal)) {
      for (const text of texts) {
        await ask.io.out(ask.json ? `${text}\n` : eventLine(JSON.parse(text) as EventRow, ask.io));
      }
    }
    return EXIT.ok;
  });
}

/** Has the daemon do something; what came of it is one line. */
export function askCommand(command: Command, ask: Asked): Promise<number> {
  return withClient(ask, async (client) => {
    const { io, json } = ask;
    const text = await client.command(command, io.signal);
    if (io.signal.aborted) return EXIT.failure;
    await io.out(json ? `${text}\n` : `${commandLine(JSON.parse(text))}\n`);
    return EXIT.ok;
  });
}

type Client = import("../control/client.ts").ControlClient;

/** gRPC is loaded only here: help and mistyped commands need not wait for it. */
export async function withClient(
  ask: Asked,
  use: (client: Client) => Promise<number>,
): Promise<number> {
  const { ControlClient, ControlError } = await import("../control/client.ts");
  const client = new ControlClient(ask.target);
  try {
    return await use(client);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    await ask.io.err(`${error.message}\n`);
    switch (error.kind) {
      case "not-reachable":
        return EXIT.notReachable;
      case "refused":
        return EXIT.usage;
      case "not-allowed":
      case "failed":
        return EXIT.failure;
    }
  } finally {
    client[Symbol.dispose]();
  }
}

type Answer = AsyncIterable<readonly string[]>;

/** The rows as they come, without reading them; the status is one object and no array. */
async function printArray(answer: Answer, what: What, io: Io): Promise<number> {
  if (what === "status") {
    for await (const texts of answer) for (const text of texts) await io.out(`${text}\n`);
    return 1;
  }
  let count = 0;
  for await (const texts of answer) {
    await io.out(texts.map((text) => `${count++ === 0 ? "[\n" : ",\n"}  ${text}`).join(""));
  }
  await io.out(count === 0 ? "[]\n" : "\n]\n");
  return count;
}

/** Rows of which the first lines are printed: a table of so many is aligned as a whole. */
const FIRST_ROWS = 1000;

/** As it comes, but for the first rows, by whose widths the columns are made. */
async function printTable(answer: Answer, what: Shown, io: Io): Promise<number> {
  const render = rendererOf(what, io);
  let rows: ShowRows[Shown][] = [];
  let count = 0;
  let isPrinting = false;
  for await (const texts of answer) {
    for (const text of texts) rows.push(JSON.parse(text));
    count += texts.length;
    isPrinting ||= count >= FIRST_ROWS;
    if (!isPrinting) continue;
    await io.out(render(rows));
    rows = [];
  }
  // Half a table would look like a whole one.
  if (!io.signal.aborted && (rows.length > 0 || !isPrinting)) await io.out(render(rows));
  return count;
}
