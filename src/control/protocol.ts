/**
 * What `roam` and `roamd` say to each other: the questions, what may narrow them, and the rows of
 * the answers, which are also what `roam --json` prints (the contract). A field may be added; none
 * may change or go. How it travels: `service.ts` and `proto/roamd.proto`.
 */
import { type IpAddress, parseIp } from "../evpn/ip.ts";
import { type MacAddress, parseMac } from "../evpn/mac.ts";
import { type PortName, portName } from "../evpn/port.ts";
import { err, ok, type Result } from "../evpn/result.ts";
import { toVni, type Vni } from "../evpn/vni.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import type { MoveRecord } from "../report/timeline.ts";
import { clip, type Fields, isRecord, notA, quote, readObject, withOnly } from "./request.ts";

export const DEFAULT_SOCKET = "/run/roamd/roamd.sock";

export interface StatusRow {
  readonly version: string;
  readonly ready: boolean;
  readonly uptimeSeconds: number;
  readonly vtep: string | null;
  readonly gobgp: {
    readonly address: string;
    readonly api: "v3" | "v4" | null;
    readonly connected: boolean;
    readonly asn: number | null;
    readonly routerId: string | null;
    readonly peers: readonly {
      readonly address: string;
      readonly asn: number;
      readonly state: string;
    }[];
  };
  /** How many MAC-VRFs there are. */
  readonly vnis: number;
  readonly macs: { readonly local: number; readonly remote: number; readonly duplicate: number };
  /** Rows that are wanted and do not stand yet. */
  readonly pending: { readonly kernel: number; readonly gobgp: number };
}

export interface VniRow {
  readonly vni: number;
  readonly bridge: string;
  readonly vxlan: string;
  readonly vtep: string;
  /** `null` until the BGP speaker has told who it is. */
  readonly routeDistinguisher: string | null;
  /** `*:10` where only the number counts, and the AS number does not. */
  readonly importTargets: readonly string[];
  readonly exportTargets: readonly string[];
  readonly ports: readonly string[];
  readonly localMacs: number;
  readonly remoteMacs: number;
  readonly remoteVteps: readonly string[];
}

export type WhereaboutsWord = "here" | "there" | "duplicate" | "nowhere";

export interface MacRow {
  readonly vni: number;
  readonly mac: string;
  readonly whereabouts: WhereaboutsWord;
  readonly port: string | null;
  readonly vtep: string | null;
  readonly seq: number | null;
  readonly sticky: boolean;
  readonly ips: readonly string[];
  /** The signal it was learned from, `rib` for a route. */
  readonly learnedFrom: string | null;
  readonly moves: number;
  readonly since: string;
}

export interface NeighborRow {
  readonly vni: number;
  readonly ip: string;
  readonly mac: string;
  readonly whereabouts: WhereaboutsWord;
  readonly port: string | null;
  readonly vtep: string | null;
  readonly seq: number | null;
  /** Whether the host is a router; `null` where nobody has said (RFC 9047). */
  readonly router: boolean | null;
  readonly since: string;
}

export interface RouteRow {
  readonly type: 2 | 3;
  readonly routeDistinguisher: string;
  readonly ethernetTag: number;
  readonly mac: string | null;
  /** Of a Type 3 route, the originating router's. */
  readonly ip: string | null;
  readonly vni: number;
  readonly nexthop: string;
  readonly routeTargets: readonly string[];
  /** `null` without a MAC Mobility community, which counts as 0. */
  readonly seq: number | null;
  readonly sticky: boolean;
  readonly esi: string | null;
  readonly origin: "local" | "remote";
  readonly selected: boolean;
  /** Why it is not selected; `null` where it is. */
  readonly reason: string | null;
}

export interface VtepRow {
  readonly vni: number;
  readonly vtep: string;
  /** Whether it wants copies of flooded frames. */
  readonly flooding: boolean;
  readonly macs: number;
}

export interface PortRow {
  readonly vni: number;
  readonly port: string;
  readonly state: "up" | "down";
  readonly macs: number;
  /** Signals seen on it: ARP, RARP and ND, not data. */
  readonly frames: number;
  readonly ignored: number;
  /** The same by reason. */
  readonly ignoredBy: Readonly<Record<string, number>>;
}

export interface DuplicateRow {
  readonly vni: number;
  /** Of an IP that is a duplicate, the MAC that holds it; `null` where none does. */
  readonly mac: string | null;
  /** `null` where the MAC is the duplicate; the IPs of a frozen one follow it. */
  readonly ip: string | null;
  readonly moves: number;
  readonly since: string;
  readonly action: "warn" | "freeze";
  /** `null`: not before it is cleared. */
  readonly recoversAt: string | null;
  readonly vteps: readonly string[];
}

/** One event of `watch`: a notice as it is, when it was, and in words. */
export interface EventRow {
  readonly at: string;
  readonly kind: string;
  readonly level: string;
  readonly text: string;
  readonly [fact: string]: unknown;
}

/** Every question of `show`, and the row that answers it. */
export interface ShowRows {
  readonly status: StatusRow;
  readonly vnis: VniRow;
  readonly macs: MacRow;
  readonly neighbors: NeighborRow;
  readonly routes: RouteRow;
  readonly vteps: VtepRow;
  readonly ports: PortRow;
  readonly moves: MoveRecord;
  readonly duplicates: DuplicateRow;
}

export type What = keyof ShowRows;

/** What an answer is narrowed to; all that is given must fit. */
export interface Filter {
  readonly vni?: Vni;
  readonly mac?: MacAddress;
  readonly ip?: IpAddress;
  readonly vtep?: VtepAddress;
  readonly port?: PortName;
  readonly where?: "local" | "remote";
  /** Of a route. */
  readonly type?: 2 | 3;
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
  routes: ["vni", "mac", "ip", "vtep", "where", "type"],
  vteps: ["vni", "vtep"],
  ports: ["vni", "port"],
  moves: ["vni", "mac", "ip", "vtep", "port", "where", "last"],
  duplicates: ["vni", "mac", "ip", "vtep"],
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
  last: (value) =>
    typeof value === "number" && Number.isSafeInteger(value) && value > 0
      ? ok(value)
      : notA(value, "a number above 0"),
};

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
];

function allowed(fields: readonly string[]): string {
  return fields.length === 0 ? "it takes no filter" : `it is none of ${fields.join(", ")}`;
}
