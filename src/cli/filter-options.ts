/** How what a question can be narrowed by is typed, and what was typed becomes a filter. */
import { Option } from "commander";
import type { FilterField } from "../control/protocol.ts";

/** Options as commander gives them: text, or `true` for those without a value. */
export type Typed = Readonly<Record<string, string | true | undefined>>;

const OPTIONS: { readonly [F in FilterField]: () => readonly Option[] } = {
  vni: () => [new Option("--vni <number>", "only of this VNI")],
  mac: () => [new Option("--mac <address>", "only of this MAC")],
  ip: () => [new Option("--ip <address>", "only of this IP")],
  vtep: () => [new Option("--vtep <address>", "only of this leaf")],
  port: () => [new Option("--port <name>", "only of this bridge port")],
  where: () => [
    new Option("--local", "only what is on this leaf").conflicts("remote"),
    new Option("--remote", "only what is on other leaves"),
  ],
  type: () => [new Option("--type <number>", "only routes of this type: 2 (MAC/IP) or 3 (IMET)")],
  rd: () => [new Option("--rd <rd>", "only routes under this route distinguisher")],
  nexthop: () => [new Option("--nexthop <address>", "only routes with this next hop")],
  seq: () => [
    new Option("--seq <number>", "only routes with this sequence number; 0: without one too"),
  ],
  sticky: () => [new Option("--sticky", "only routes of MACs that may not move")],
  older: () => [
    new Option("--older <time>", "only routes that stand for longer: 90s, 10m, 2h, 1d"),
  ],
  newer: () => [new Option("--newer <time>", "only routes that stand for no longer")],
  detail: () => [new Option("--detail", "every path that GoBGP has, with all its attributes")],
  last: () => [new Option("--last <number>", "only the newest so many")],
};

export function optionsOf(field: FilterField): readonly Option[] {
  return OPTIONS[field]();
}

const NUMBERS: ReadonlySet<string> = new Set([
  "vni",
  "type",
  "last",
  "seq",
] satisfies FilterField[]);
const TIMES: ReadonlySet<string> = new Set(["older", "newer"] satisfies FilterField[]);

/** The filter as typed, to be judged by `readFilter`; what is not a number stays the text it is. */
export function filterOf(typed: Typed): Readonly<Record<string, unknown>> {
  const filter: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(typed)) {
    if (value === undefined) continue;
    if (name === "local" || name === "remote") filter.where = name;
    else if (TIMES.has(name)) filter[name] = secondsOf(value);
    else filter[name] = NUMBERS.has(name) ? numberOf(value) : value;
  }
  return filter;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90`, `90s`, `10m`, `2h` or `1d` as seconds; anything else stays the text it is. */
function secondsOf(value: string | true): unknown {
  const [, number, unit = "s"] = /^(\d+)([smhd]?)$/.exec(String(value)) ?? [];
  return number === undefined ? value : Number(number) * (UNITS[unit] ?? 1);
}

export function numberOf(value: string | true): unknown {
  return /^\d+$/.test(String(value)) ? Number(value) : value;
}
