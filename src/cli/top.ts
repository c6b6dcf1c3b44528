/** `roam top`: a screen of moves, rates and top movers, drawn anew every while. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ControlClient } from "../control/client.ts";
import type { Filter } from "../control/protocol.ts";
import type { ShowRows, What } from "../control/rows.ts";
import { type Ask, withClient } from "./ask.ts";
import { EXIT } from "./io.ts";
import { formatTable, paint, printable, type TableOptions } from "./table.ts";
import { type Look, type TopFrame, topFrame } from "./top-frame.ts";

export interface TopAsk extends Ask {
  /** One look is enough. */
  readonly once: boolean;
  readonly intervalMs: number;
}

/** Lines of each table where nobody says how high the screen is. */
const LINES = 10;
/** What stands around the three tables. */
const FRAME_LINES = 12;

export function askTop(ask: TopAsk): Promise<number> {
  const { io, json, once, intervalMs } = ask;
  const isScreen = io.screenLines !== undefined && !json && !once;
  const most =
    io.screenLines === undefined
      ? LINES
      : Math.max(1, Math.floor((io.screenLines - FRAME_LINES) / 3));
  return withClient(ask, async (client) => {
    let before: Look | undefined;
    if (isScreen) await io.out(SCREEN.open);
    try {
      while (!io.signal.aborted) {
        const look = await lookAt(client, ask);
        if (look === undefined) break;
        const frame = topFrame(look, before, most);
        await io.out(json ? `${JSON.stringify(frame)}\n` : drawn(frame, io, isScreen));
        if (once) break;
        before = look;
        await sleep(intervalMs, undefined, { signal: io.signal }).catch(() => undefined);
      }
    } finally {
      if (isScreen) await io.out(SCREEN.close);
    }
    return EXIT.ok;
  });
}

/** ECMA-48, and xterm's alternate screen: what stood there before comes back at the end. */
const SCREEN = {
  open: "\u001b[?1049h\u001b[?25l",
  close: "\u001b[?25h\u001b[?1049l",
  home: "\u001b[H",
  clearRight: "\u001b[K",
  clearBelow: "\u001b[J",
} as const;

function drawn(frame: TopFrame, options: TableOptions, isScreen: boolean): string {
  const text = frameText(frame, options);
  if (!isScreen) return `${text}\n`;
  // Written over what stands there, and not after clearing it: so it does not flicker.
  return `${SCREEN.home}${text.replaceAll("\n", `${SCREEN.clearRight}\n`)}${SCREEN.clearBelow}`;
}

async function lookAt(client: ControlClient, { io, filter }: Ask): Promise<Look | undefined> {
  const at = io.now();
  const [status] = await rowsOf(client, "status", {}, io.signal);
  const moves = await rowsOf(client, "moves", filter, io.signal);
  const ports = await rowsOf(client, "ports", filter, io.signal);
  return io.signal.aborted || status === undefined ? undefined : { at, status, moves, ports };
}

async function rowsOf<W extends What>(
  client: ControlClient,
  what: W,
  filter: Filter,
  signal: AbortSignal,
): Promise<ShowRows[W][]> {
  const rows: ShowRows[W][] = [];
  for await (const texts of client.show({ what, filter }, signal)) {
    for (const text of texts) rows.push(JSON.parse(text));
  }
  return rows;
}

function frameText(frame: TopFrame, options: TableOptions): string {
  const { at, version, ready, uptimeSeconds, macs, pending, rates } = frame;
  const head = (text: string): string => paint(text, options.colour ? "head" : undefined);
  const state = paint(
    ready ? "ready" : "not ready",
    options.colour ? (ready ? "good" : "bad") : undefined,
  );
  const speeds = rates.map(
    ({ seconds, movesPerSecond, isLeast }) =>
      `${isLeast ? "at least " : ""}${movesPerSecond.toFixed(2)}/s in ${seconds} s`,
  );
  return [
    `roamd ${printable(version)}, ${state}, up ${uptimeSeconds} s, ${at}`,
    `macs     ${macs.local} local, ${macs.remote} remote, ${macs.duplicate} duplicate`,
    `pending  ${pending.kernel} kernel, ${pending.gobgp} gobgp`,
    `moves    ${speeds.join(", ")}`,
    "",
    head("top movers"),
    moversTable(frame, options),
    head("ports"),
    portsTable(frame, options),
    head("last moves"),
    movesTable(frame, options),
  ].join("\n");
}

function moversTable({ movers }: TopFrame, options: TableOptions): string {
  const rows = movers.map(({ vni, mac, moves, place, last }) => [
    String(moves),
    String(vni),
    mac,
    place ?? "nowhere",
    timeOf(last),
  ]);
  return formatTable(["MOVES", "VNI", "MAC", "IS AT", "LAST"], rows, options);
}

function portsTable({ ports }: TopFrame, options: TableOptions): string {
  const rate = (value: number | null): string => (value === null ? "-" : value.toFixed(1));
  const rows = ports.map(({ vni, port, macs, framesPerSecond, ignoredPerSecond }) => [
    String(vni),
    port,
    String(macs),
    rate(framesPerSecond),
    rate(ignoredPerSecond),
  ]);
  return formatTable(["VNI", "PORT", "MACS", "FRAMES/S", "IGNORED/S"], rows, options);
}

function movesTable({ moves }: TopFrame, options: TableOptions): string {
  const rows = moves.map(({ at, vni, mac, from, to, seq, signal, steps }) => {
    // The old owner lets go in its own time; what is ours to do is done before.
    const ours = steps.filter(({ name }) => name !== "old-owner-let-go");
    const took = Math.max(0, ...ours.map(({ atMs }) => atMs));
    const way = `${from ?? "nowhere"} -> ${to ?? "nowhere"}`;
    return [timeOf(at), String(vni), mac, way, String(seq ?? "-"), signal, `${took.toFixed(1)} ms`];
  });
  return formatTable(["AT", "VNI", "MAC", "WAY", "SEQ", "SIGNAL", "TOOK"], rows, options);
}

/** The time of day is enough on a screen of now. */
function timeOf(at: string): string {
  return /T([\d:]+\.\d)/.exec(at)?.[1] ?? at;
}
