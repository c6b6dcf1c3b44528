/** What people see of each answer: which columns, and in which words. */
import type { CommandAnswer } from "../control/command.ts";
import type {
  DuplicateRow,
  EventRow,
  MacRow,
  NeighborRow,
  PortRow,
  RouteRow,
  ShowRows,
  StatusRow,
  VniRow,
  VtepRow,
  What,
  WhereaboutsWord,
} from "../control/rows.ts";
import { historyText, movesText } from "./drawing.ts";
import { explainText } from "./explain-text.ts";
import { routesDetail } from "./routes-text.ts";
import {
  type Cell,
  GrowingTable,
  paint,
  printable,
  type Style,
  type TableOptions,
} from "./table.ts";

type Columns<Row> = Readonly<Record<string, (row: Row) => Cell>>;

const macs: Columns<MacRow> = {
  VNI: ({ vni }) => String(vni),
  MAC: ({ mac }) => mac,
  WHERE: ({ whereabouts }) => place(whereabouts),
  "PORT/VTEP": ({ port, vtep }) => port ?? vtep ?? "-",
  SEQ: ({ seq, sticky }) => (seq === null ? "-" : `${seq}${sticky ? " sticky" : ""}`),
  IPS: ({ ips }) => list(ips),
  "LEARNED FROM": ({ learnedFrom }) => learnedFrom ?? "-",
  MOVES: ({ moves }) => String(moves),
  SINCE: ({ since }) => seconds(since),
};

const neighbors: Columns<NeighborRow> = {
  VNI: ({ vni }) => String(vni),
  IP: ({ ip }) => ip,
  MAC: ({ mac }) => mac,
  WHERE: ({ whereabouts }) => place(whereabouts),
  "PORT/VTEP": ({ port, vtep }) => port ?? vtep ?? "-",
  SEQ: ({ seq }) => orDash(seq),
  SINCE: ({ since }) => seconds(since),
};

const vnis: Columns<VniRow> = {
  VNI: ({ vni }) => String(vni),
  BRIDGE: ({ bridge, vlan }) => (vlan === null ? bridge : `${bridge} vlan ${vlan}`),
  VXLAN: ({ vxlan }) => vxlan,
  VTEP: ({ vtep }) => vtep,
  RD: ({ routeDistinguisher }) => routeDistinguisher ?? "-",
  IMPORT: ({ importTargets }) => list(importTargets),
  EXPORT: ({ exportTargets }) => list(exportTargets),
  PORTS: ({ ports }) => list(ports),
  LOCAL: ({ localMacs }) => String(localMacs),
  REMOTE: ({ remoteMacs }) => String(remoteMacs),
  "REMOTE VTEPS": ({ remoteVteps }) => list(remoteVteps),
};

const routes: Columns<RouteRow> = {
  "": ({ selected }) => (selected ? { text: "*", style: "good" } : " "),
  TYPE: ({ type }) => String(type),
  RD: ({ routeDistinguisher }) => routeDistinguisher,
  TAG: ({ ethernetTag }) => String(ethernetTag),
  VNI: ({ vni }) => String(vni),
  MAC: ({ mac }) => mac ?? "-",
  IP: ({ ip }) => ip ?? "-",
  NEXTHOP: ({ nexthop }) => nexthop,
  SEQ: ({ seq, sticky }) => `${orDash(seq)}${sticky ? " sticky" : ""}`,
  TARGETS: ({ routeTargets }) => list(routeTargets),
  SINCE: ({ since }) => (since === null ? "-" : seconds(since)),
  ORIGIN: ({ origin }) => ({ text: origin, style: origin === "local" ? "good" : "note" }),
  REASON: ({ reason }) => ({ text: reason ?? "", style: "faint" }),
};

const vteps: Columns<VtepRow> = {
  VNI: ({ vni }) => String(vni),
  VTEP: ({ vtep }) => vtep,
  FLOODING: ({ flooding }) => (flooding ? "yes" : "no"),
  MACS: ({ macs }) => String(macs),
};

const ports: Columns<PortRow> = {
  VNI: ({ vni }) => String(vni),
  PORT: ({ port }) => port,
  STATE: ({ state }) => ({ text: state, style: state === "up" ? "good" : "bad" }),
  MACS: ({ macs }) => String(macs),
  FRAMES: ({ frames }) => String(frames),
  IGNORED: ({ ignored, ignoredBy }) =>
    ignored === 0
      ? "0"
      : `${ignored} (${Object.entries(ignoredBy)
          .map(([reason, n]) => `${reason} ${n}`)
          .join(", ")})`,
};

const duplicates: Columns<DuplicateRow> = {
  VNI: ({ vni }) => String(vni),
  MAC: ({ mac }) => mac ?? "-",
  IP: ({ ip }) => ip ?? "-",
  MOVES: ({ moves }) => String(moves),
  VTEPS: ({ vteps }) => list(vteps),
  ACTION: ({ action }) => ({ text: action, style: action === "freeze" ? "bad" : "note" }),
  SINCE: ({ since }) => seconds(since),
  "RECOVERS AT": ({ recoversAt }) => (recoversAt === null ? "-" : seconds(recoversAt)),
};

/** What `doctor` judges is for nobody to look at. */
export type Shown = Exclude<What, "facts">;

/** Puts rows as they come into text. */
type Renderer<Row> = (rows: readonly Row[]) => string;

const RENDERERS: {
  readonly [W in Shown]: (options: TableOptions) => Renderer<ShowRows[W]>;
} = {
  status: (options) => (rows) => rows.map((row) => statusText(row, options)).join(""),
  vnis: table(vnis),
  macs: table(macs),
  neighbors: table(neighbors),
  routes: (options) => {
    const plain = table(routes)(options);
    return (rows) =>
      rows.some(({ paths }) => paths !== undefined) ? routesDetail(rows, options) : plain(rows);
  },
  vteps: table(vteps),
  ports: table(ports),
  moves: (options) => (rows) => movesText(rows, options),
  history: (options) => (rows) => historyText(rows, options),
  explain: (options) => (rows) => explainText(rows, options),
  duplicates: table(duplicates),
};

/** Of an answer that comes in several pieces, each is given to the same renderer. */
export function rendererOf<W extends Shown>(what: W, options: TableOptions): Renderer<ShowRows[W]> {
  return RENDERERS[what](options);
}

function table<Row>(columns: Columns<Row>) {
  const heads = Object.keys(columns);
  const cells = Object.values(columns);
  return (options: TableOptions): Renderer<Row> => {
    const growing = new GrowingTable(heads, options);
    return (rows) => growing.add(rows.map((row) => cells.map((cell) => cell(row))));
  };
}

function statusText(row: StatusRow, { colour }: TableOptions): string {
  const { gobgp, macs, pending } = row;
  const say = (text: string, style: Style): string => paint(text, colour ? style : undefined);
  const waiting = pending.kernel + pending.gobgp;
  const lines: readonly (readonly [string, string])[] = [
    [
      "roamd",
      `${row.version}, ${row.ready ? say("ready", "good") : say("not ready", "bad")}, up ${row.uptimeSeconds} s`,
    ],
    ["vtep", row.vtep ?? "-"],
    [
      "gobgp",
      `${gobgp.address}${gobgp.api === null ? "" : `, API ${gobgp.api}`}, ` +
        (gobgp.connected ? say("connected", "good") : say("not connected", "bad")) +
        (gobgp.asn === null ? "" : `, AS ${gobgp.asn}`) +
        (gobgp.routerId === null ? "" : `, router id ${gobgp.routerId}`),
    ],
    ...gobgp.peers.map(({ address, asn, state }): readonly [string, string] => [
      "peer",
      `${address}, AS ${asn}, ${say(printable(state), state === "established" ? "good" : "bad")}`,
    ]),
    ["vnis", String(row.vnis)],
    ["macs", `${macs.local} local, ${macs.remote} remote, ${macs.duplicate} duplicate`],
    [
      "pending",
      say(`${pending.kernel} kernel, ${pending.gobgp} gobgp`, waiting === 0 ? "good" : "bad"),
    ],
  ];
  return lines.map(([name, value]) => `${name.padEnd(8)} ${value}\n`).join("");
}

/** One event in one line: when, how serious, and what. */
export function eventLine({ at, level, text }: EventRow, { colour }: TableOptions): string {
  const style =
    level === "error" || level === "warn" ? "bad" : level === "debug" ? "faint" : "note";
  return `${at}  ${paint(level.padEnd(5), colour ? style : undefined)}  ${printable(text)}\n`;
}

/** What came of a command, for people. */
export function commandLine(answer: CommandAnswer): string {
  if ("cleared" in answer) {
    return `Cleared ${answer.cleared} ${answer.cleared === 1 ? "duplicate" : "duplicates"}`;
  }
  const { mac, vni, whereabouts, port, vtep, seq } = answer;
  const place = port === null ? vtep : `on port ${port}`;
  const number = seq === null ? "" : `, sequence number ${seq}`;
  return `${mac} in VNI ${vni} is ${whereabouts}${place === null ? "" : ` ${place}`}${number}`;
}

function place(whereabouts: WhereaboutsWord): Cell {
  const styles = { here: "good", there: "note", duplicate: "bad", nowhere: "faint" } as const;
  return { text: whereabouts, style: styles[whereabouts] };
}

function list(texts: readonly string[]): string {
  return texts.length === 0 ? "-" : texts.join(",");
}

function orDash(value: number | null): string {
  return value === null ? "-" : String(value);
}

/** To the second: milliseconds are for scripts. */
function seconds(time: string): string {
  return time.replace(/\.\d+Z$/, "Z");
}
