/**
 * What happened to each host, as far as it is remembered: a fold over notices and the steps of moves,
 * bounded in all directions. Whoever keeps it on the disk is told of each change.
 *
 * A host that has only ever come up is forgotten before one to which more has happened: hosts come up
 * by the ten thousand, and nobody asks about them. Those behind other leaves are not even taken in.
 */
import type { Notice } from "../mobility/notice.ts";
import { directionOf, placeName } from "./direction.ts";
import type { HistoryRow } from "./history-row.ts";
import { type Followed, recordOf } from "./move.ts";
import { sentenceOf } from "./notices.ts";

/** Happenings that are remembered, about half a kilobyte each. */
export const HAPPENINGS_MAX = 10_000;
/** Of them those of one host: it may be one that moves every second. */
export const OF_ONE_HOST_MAX = 64;

/** Something that happened; a move may get further steps, so its row is made when it is asked for. */
type Happening = { readonly id: number } & ({ readonly move: Followed } | { row: HistoryRow });

interface Host {
  readonly happenings: Happening[];
  readonly byMove: WeakMap<Followed, Happening>;
}

/** A change for whoever keeps it: `id` now means this row. */
export type KeepHistory = (id: number, row: () => HistoryRow) => void;

export class History {
  /** The host to which something happened last is last. */
  readonly #hosts = new Map<string, Host>();
  /** The same for hosts that have only come up. */
  readonly #newcomers = new Map<string, Host>();
  readonly #keep: KeepHistory;
  #size = 0;
  #lastId = 0;

  constructor(keep: KeepHistory = () => {}) {
    this.#keep = keep;
  }

  /** What a former life of ours has left behind, oldest first; before anything else. */
  recall(id: number, row: HistoryRow): void {
    this.#lastId = Math.max(this.#lastId, id);
    this.#add(`${row.vni}|${row.mac}`, { id, row }, isArrivalRow(row));
  }

  knows({ vni, mac }: Pick<Followed, "vni" | "mac">): boolean {
    return this.#hostOf(`${vni}|${mac}`) !== undefined;
  }

  /** A move has begun, or has a further step. */
  moved(move: Followed): void {
    const key = `${move.vni}|${move.mac}`;
    const known = this.#hostOf(key)?.byMove.get(move);
    if (known !== undefined) {
      this.#keep(known.id, () => rowOf(known));
      return;
    }
    const isArrival = directionOf(move.from, move.to) === "arrived";
    if (isArrival && !this.#isNews(move, this.#hostOf(key))) return;
    this.#begin(key, { id: ++this.#lastId, move }, isArrival);
  }

  /** Something else was told of a host. */
  told(notice: Notice, at: number): void {
    if (!isOfHost(notice)) return;
    const key = `${notice.vni}|${notice.mac}`;
    const last = this.#hostOf(key)?.happenings.at(-1);
    const row = noticeRow(notice, at);
    if (last !== undefined && "row" in last && last.row.text === row.text) {
      last.row = { ...row, times: last.row.times + 1 };
      this.#keep(last.id, () => rowOf(last));
      return;
    }
    this.#begin(key, { id: ++this.#lastId, row }, false);
  }

  /** Everything that is remembered, by host; in a host's the oldest first. */
  *rows(): Iterable<HistoryRow> {
    for (const happening of this.#all()) yield rowOf(happening);
  }

  /** How much is remembered. */
  get size(): number {
    return this.#size;
  }

  /** The same with the numbers under which it is kept, oldest first. */
  toKeep(): readonly (readonly [id: number, row: () => HistoryRow])[] {
    return [...this.#all()]
      .sort((a, b) => a.id - b.id)
      .map((happening) => [happening.id, () => rowOf(happening)] as const);
  }

  /** That a host comes up is none where it was here before, as after each restart of ours. */
  #isNews({ to }: Followed, host: Host | undefined): boolean {
    if (host === undefined) return to.kind !== "vtep";
    const last = host.happenings.findLast(isMove);
    return last === undefined || placeAfter(last) !== placeName(to);
  }

  *#all(): Iterable<Happening> {
    for (const hosts of [this.#newcomers, this.#hosts]) {
      for (const { happenings } of hosts.values()) yield* happenings;
    }
  }

  #hostOf(key: string): Host | undefined {
    return this.#hosts.get(key) ?? this.#newcomers.get(key);
  }

  #begin(key: string, happening: Happening, isArrival: boolean): void {
    this.#add(key, happening, isArrival);
    this.#keep(happening.id, () => rowOf(happening));
  }

  #add(key: string, happening: Happening, isArrival: boolean): void {
    const known = this.#hostOf(key);
    const host = known ?? { happenings: [], byMove: new WeakMap() };
    const isNewcomer = isArrival && (known === undefined || this.#newcomers.has(key));
    this.#hosts.delete(key);
    this.#newcomers.delete(key);
    (isNewcomer ? this.#newcomers : this.#hosts).set(key, host);
    host.happenings.push(happening);
    if ("move" in happening) host.byMove.set(happening.move, happening);
    this.#size++;
    if (host.happenings.length > OF_ONE_HOST_MAX) this.#forgetFirst(host);
    while (this.#size > HAPPENINGS_MAX) this.#forgetOne();
  }

  #forgetOne(): void {
    for (const hosts of [this.#newcomers, this.#hosts]) {
      for (const [key, host] of hosts) {
        this.#forgetFirst(host);
        if (host.happenings.length === 0) hosts.delete(key);
        return;
      }
    }
  }

  #forgetFirst(host: Host): void {
    host.happenings.shift();
    this.#size--;
  }
}

type OfHost = Extract<Notice, { readonly mac: unknown; readonly vni: unknown }>;

/** Moves come by themselves, and that a leaf has let go is a step of theirs. */
function isOfHost(notice: Notice): notice is OfHost {
  if (notice.kind === "moved" || notice.kind === "let-go") return false;
  return "mac" in notice && notice.mac !== undefined;
}

function isMove(happening: Happening): boolean {
  return "move" in happening || happening.row.kind === "moved";
}

/** Where the host was after it; `null`: nowhere. */
function placeAfter(happening: Happening): string | null {
  return "move" in happening ? placeName(happening.move.to) : happening.row.to;
}

function isArrivalRow({ kind, from }: HistoryRow): boolean {
  return kind === "moved" && from === null;
}

function rowOf(happening: Happening): HistoryRow {
  if ("row" in happening) return happening.row;
  const { move } = happening;
  // Spread last: an object that begins with a spread has a shape of its own in V8 (Node 20).
  return { kind: "moved", text: sentenceOf(move), times: 1, ...recordOf(move) };
}

function noticeRow(notice: OfHost, at: number): HistoryRow {
  return {
    at: new Date(at).toISOString(),
    vni: notice.vni,
    mac: notice.mac as string,
    ips: "ip" in notice && notice.ip !== undefined ? [notice.ip] : [],
    kind: notice.kind,
    text: sentenceOf(notice),
    times: 1,
    from: null,
    to: null,
    seq: null,
    signal: null,
    by: null,
    over: null,
    steps: [],
  };
}
