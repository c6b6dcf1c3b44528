/**
 * What `roam` asks `roamd`: the questions, and what may narrow them. What is answered: `rows.ts`. How
 * it travels: `service.ts` and `proto/roamd.proto`.
 */
import { type IpAddress, parseIp } from "../evpn/ip.ts";
import { type MacAddress, parseMac } from "../evpn/mac.ts";
import { SEQ_MAX } from "../evpn/mac-claim.ts";
import { type PortName, portName } from "../evpn/port.ts";
import { err, ok, type Result } from "../evpn/result.ts";
import { parseRouteDistinguisher, type RouteDistinguisher } from "../evpn/route-distinguisher.ts";
import { toVni, type Vni } from "../evpn/vni.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import { clip, type Fields, isRecord, notA, quote, readObject, withOnly } from "./request.ts";
import type { What } from "./rows.ts";

export const DEFAULT_SOCKET = "/run/roamd/roamd.sock";

/** What an answer is narrowed to; all that is given must fit. */
export interface Filter {
  readonly vni?: Vni;
  readonly mac?: MacAddress;
  readonly ip?: IpAddress;
  readonly vtep?: VtepAddress;
  readonly port?: PortName;
  readonly where?: "local" | "remote";
  /** Of a route, also the next ones. */
  readonly type?: 2 | 3;
  readonly rd?: RouteDistinguisher;
  readonly nexthop?: VtepAddress;
  /** A route without a number has 0. */
  readonly seq?: number;
  readonly sticky?: true;
  /** Since when GoBGP has had it: before, or after, so many seconds ago. */
  readonly older?: number;
  readonly newer?: number;
  /** GoBGP is asked for every path and attribute. */
  readonly detail?: true;
  /** Only so many, the newest. */
  readonly last?: number;
}

export type FilterField = keyof Filter;

/** What each question can be narrowed by. */
export const FILTERS: Readonly<Record<What | "events", readonly FilterField[]>> = {
  status: [],
  vnis: ["vni"],
  macs: ["vni", "mac", "ip", "vtep", "port", "where"],
  neighbors: ["vni", "mac", "ip", "vtep", "port", "where"],
  routes: [
    ...["vni", "mac", "ip", "vtep", "port", "where", "type", "rd", "nexthop", "seq"],
    ...["sticky", "older", "newer", "detail"],
  ] as readonly FilterField[],
  vteps: ["vni", "vtep"],
  ports: ["vni", "port"],
  moves: ["vni", "mac", "ip", "vtep", "port", "where", "last"],
  duplicates: ["vni", "mac", "ip", "vtep"],
  history: ["vni", "mac", "ip", "last"],
  explain: ["vni", "mac", "ip"],
  facts: [],
  events: ["vni", "mac", "ip", "vtep", "port"],
};

/** Reads a filter that somebody has typed or sent. */
export function readFilter(
  what: What | "events",
  input: Readonly<Record<string, unknown>>,
): Result<Filter> {
  const filter: { -readonly [F in FilterField]?: unknown } = {};
  for (const [name, value] of Object.entries(input)) {
    const field = FILTERS[what].find((field) => field === name);
    if (field === undefined) {
      return err(`Cannot narrow ${what} by ${quote(name)}: ${allowed(FILTERS[what])}`);
    }
    const read = READERS[field](value);
    if (!read.ok) return err(`Cannot narrow ${what} by ${field}: ${read.error}`);
    filter[field] = read.value;
  }
  return ok(filter as Filter);
}

const READERS: { readonly [F in FilterField]-?: (value: unknown) => Result<unknown> } = {
  vni: (value) => (typeof value === "number" ? toVni(value) : notA(value, "a number")),
  mac: (value) =>
    typeof value === "string" ? parseMac(clip(value)) : notA(value, "a MAC address"),
  ip: (value) => (typeof value === "string" ? parseIp(clip(value)) : notA(value, "an IP address")),
  vtep: (value) =>
    typeof value === "string" ? parseIp(clip(value)) : notA(value, "an IP address"),
  port: (value) =>
    // 15 characters is all that Linux gives the name of an interface (IFNAMSIZ).
    typeof value === "string" && value.length > 0 && value.length <= 15
      ? ok(portName(value))
      : notA(value, "a name of a port"),
  where: (value) =>
    value === "local" || value === "remote" ? ok(value) : notA(value, "a place: local or remote"),
  type: (value) =>
    value === 2 || value === 3 ? ok(value) : notA(value, "a type of route known here: 2 or 3"),
  rd: (value) =>
    typeof value === "string"
      ? parseRouteDistinguisher(clip(value))
      : notA(value, "a route distinguisher"),
  nexthop: (value) =>
    typeof value === "string" ? parseIp(clip(value)) : notA(value, "an IP address"),
  seq: (value) =>
    isCount(value) && value <= SEQ_MAX ? ok(value) : notA(value, "a sequence number"),
  sticky: (value) => (value === true ? ok(value) : notA(value, "true")),
  older: (value) => (isCount(value) ? ok(value) : notA(value, "a time, as in 90s, 10m, 2h or 1d")),
  newer: (value) => (isCount(value) ? ok(value) : notA(value, "a time, as in 90s, 10m, 2h or 1d")),
  detail: (value) => (value === true ? ok(value) : notA(value, "true")),
  last: (value) =>
    typeof value === "number" && Number.isSafeInteger(value) && value > 0
      ? ok(value)
      : notA(value, "a number above 0"),
};

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** A question as it travels. */
export interface ShowRequest<W extends What = What> {
  readonly what: W;
  readonly filter: Filter;
}

/** Reads a question that has come over the socket, from anybody. */
export function readShowRequest(text: string): Result<ShowRequest> {
  const input = readFields(text, ["what", "filter"]);
  if (!input.ok) return input;
  const what = WHATS.find((what) => what === input.value.what);
  if (what === undefined) {
    return err(`Cannot show ${quote(input.value.what)}: it is none of ${WHATS.join(", ")}`);
  }
  const filter = readFilterOf(input.value, what);
  return filter.ok ? ok({ what, filter: filter.value }) : filter;
}

export function readWatchRequest(text: string): Result<Filter> {
  const input = readFields(text, ["filter"]);
  return input.ok ? readFilterOf(input.value, "events") : input;
}

function readFields(text: string, fields: readonly string[]): Result<Fields> {
  const input = readObject(text);
  return input.ok ? withOnly(fields, input.value) : input;
}

function readFilterOf({ filter = {} }: Fields, what: What | "events"): Result<Filter> {
  if (!isRecord(filter)) return err("Cannot read the request: its filter is not a JSON object");
  return readFilter(what, filter);
}

export const WHATS: readonly What[] = [
  "status",
  "vnis",
  "macs",
  "neighbors",
  "routes",
  "vteps",
  "ports",
  "moves",
  "duplicates",
  "history",
  "explain",
  "facts",
];

function allowed(fields: readonly string[]): string {
  return fields.length === 0 ? "it takes no filter" : `it is none of ${fields.join(", ")}`;
}
