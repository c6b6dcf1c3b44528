/** What `roam top` shows at one moment: worked out of two looks at the daemon. Pure. */
import type { ShowRows } from "../control/rows.ts";

type Move = ShowRows["moves"];
type Port = ShowRows["ports"];

/** What the daemon has said at one moment. */
export interface Look {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly status: ShowRows["status"];
  readonly moves: readonly Move[];
  readonly ports: readonly Port[];
}

/** As scripts get it (`roam top --json`). */
export interface TopFrame {
  readonly at: string;
  readonly version: string;
  readonly ready: boolean;
  readonly uptimeSeconds: number;
  readonly macs: ShowRows["status"]["macs"];
  readonly pending: ShowRows["status"]["pending"];
  /** Moves per second, by how many seconds back they are counted. */
  readonly rates: readonly {
    readonly seconds: number;
    readonly movesPerSecond: number;
    /** There may have been more: no older ones are remembered. */
    readonly isLeast: boolean;
  }[];
  /** Who has moved most within the longest of these times. */
  readonly movers: readonly {
    readonly vni: number;
    readonly mac: string;
    readonly moves: number;
    readonly place: string | null;
    readonly last: string;
  }[];
  /** The busiest first. */
  readonly ports: readonly {
    readonly vni: number;
    readonly port: string;
    readonly macs: number;
    /** `null` at the first look. */
    readonly framesPerSecond: number | null;
    readonly ignoredPerSecond: number | null;
  }[];
  /** The newest first. */
  readonly moves: readonly Move[];
}

const WINDOWS = [10, 60, 300] as const;
/** As many moves as the daemon remembers: if it says so many, there were more. */
const REMEMBERED = 1000;

/** `most` is how many lines of each kind there is room for. */
export function topFrame(look: Look, before: Look | undefined, most: number): TopFrame {
  const { at, status, moves } = look;
  const { version, ready, uptimeSeconds, macs, pending } = status;
  return {
    at: new Date(at).toISOString(),
    version,
    ready,
    uptimeSeconds,
    macs,
    pending,
    rates: WINDOWS.map((seconds) => rateOf(look, seconds)),
    movers: moversOf(since(look, WINDOWS[2])).slice(0, most),
    ports: portsOf(look, before).slice(0, most),
    moves: moves.slice(-most).reverse(),
  };
}

function since({ at, moves }: Look, seconds: number): readonly Move[] {
  return moves.filter((move) => Date.parse(move.at) >= at - seconds * 1000);
}

function rateOf(look: Look, seconds: number): TopFrame["rates"][number] {
  const recent = since(look, seconds);
  const isLeast = recent.length === look.moves.length && recent.length >= REMEMBERED;
  return { seconds, movesPerSecond: recent.length / seconds, isLeast };
}

function moversOf(moves: readonly Move[]): TopFrame["movers"] {
  const movers = new Map<string, TopFrame["movers"][number]>();
  for (const { vni, mac, to, at } of moves) {
    const count = (movers.get(`${vni}|${mac}`)?.moves ?? 0) + 1;
    movers.set(`${vni}|${mac}`, { vni, mac, moves: count, place: to, last: at });
  }
  return [...movers.values()].sort((a, b) => b.moves - a.moves || (a.last < b.last ? 1 : -1));
}

function portsOf(look: Look, before: Look | undefined): TopFrame["ports"] {
  const known = new Map(before?.ports.map((port) => [`${port.vni}|${port.port}`, port]));
  const seconds = before === undefined ? 0 : (look.at - before.at) / 1000;
  return look.ports
    .map((row) => {
      const was = known.get(`${row.vni}|${row.port}`);
      const rate = (now: number, then: number | undefined): number | null =>
        then === undefined || seconds <= 0 ? null : Math.max(0, now - then) / seconds;
      return {
        vni: row.vni,
        port: row.port,
        macs: row.macs,
        framesPerSecond: rate(row.frames, was?.frames),
        ignoredPerSecond: rate(row.ignored, was?.ignored),
      };
    })
    .sort((a, b) => (b.framesPerSecond ?? 0) - (a.framesPerSecond ?? 0) || b.macs - a.macs);
}
