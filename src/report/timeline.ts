/**
 * What happened when, per move: a fold over notices and written rows, without a clock of its own.
 *
 * A move begins with the news that told of it, a frame or a route; its steps are counted from
 * there. A MAC that leaves and turns up elsewhere soon after has moved as well: then the old place
 * has let go before the move begins, and those steps have a time below zero.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { TableName, Tables } from "../evpn/rows.ts";
import type { Vni } from "../evpn/vni.ts";
import type { Notice, Place } from "../mobility/notice.ts";
import { type Direction, directionOf, placeName } from "./direction.ts";
import { type Followed, type Moved, type MoveRecord, recordOf, type StepName } from "./move.ts";

/** A row that has been written: what a reconciler did. */
export type WrittenRow = {
  readonly [T in TableName]: {
    readonly table: T;
    readonly kind: "put" | "remove";
    readonly row: Tables[T]["row"];
  };
}[TableName];

/** This leaf has done what a move asks of it: the new place is forwarded to, or is told. */
export interface MoveFollowed {
  readonly move: Followed;
  readonly direction: Direction;
  readonly tookMs: number;
}

export interface MoveFilter {
  /** No more than so many, the newest. */
  readonly last?: number | undefined;
  readonly vni?: Vni | undefined;
  readonly mac?: MacAddress | undefined;
  readonly ip?: IpAddress | undefined;
}

/** Moves that can be shown; about 1 KB each. */
export const MOVES_MAX = 1000;

/** MACs whose next step is waited for: more than can move at once where a rack is evacuated. */
export const FOLLOWED_MAX = 20_000;

/** A host that turns up elsewhere within this time has moved; later it has left and come. */
export const MOVE_WITHIN_MS = 60_000;

interface HostOf {
  readonly vni: Vni;
  readonly mac: MacAddress;
}

interface Redirected extends HostOf {
  readonly frames: number;
}

export class Timeline {
  /** Oldest first. */
  readonly #moves: Followed[] = [];
  /** The last of every MAC, the one followed for longest first. */
  readonly #followed = new Map<string, Followed>();
  readonly #changed: (move: Followed) => void;
  readonly #isKnown: (host: HostOf) => boolean;

  /**
   * `changed` is called with every move that begins, arrivals and departures too, or has a step; but
   * not with hosts that come up at other leaves, by the hundred thousand, if they are not known.
   */
  constructor(
    changed: (move: Followed) => void = () => {},
    isKnown: (host: HostOf) => boolean = () => true,
  ) {
    this.#changed = changed;
    this.#isKnown = isKnown;
  }

  /** `seenAt` is when the frame or route reached us, where that is known to be before `at`. */
  observeNotice(notice: Notice, at: number, { seenAt = at }: { seenAt?: number } = {}): void {
    if (notice.kind === "moved") this.#moved(notice, { startedAt: seenAt, at });
    if (notice.kind !== "let-go" && notice.kind !== "word-given") return;
    const followed = this.#followed.get(keyOf(notice));
    if (notice.kind === "word-given") {
      // It is told after what it has brought about.
      const isOfIt = followed?.signal === "word" && followed.steps.get("decision") === at;
      if (!isOfIt) return;
      followed.by = notice.by ?? null;
      this.#changed(followed);
      return;
    }
    if (followed?.from.kind !== "vtep" || followed.from.vtep !== notice.vtep) return;
    this.#takeStep(followed, "old-owner-let-go", at);
  }

  /** Answers with the move if this was the last that we had to do for it. */
  observeWritten(written: WrittenRow, at: number): MoveFollowed | undefined {
    if (!bringsStep(written)) return undefined;
    const followed = this.#followed.get(keyOf(written.row));
    if (followed === undefined) return undefined;
    const step = stepOf(written, followed);
    if (step === undefined) return undefined;
    const isNew = this.#takeStep(followed, step, at);
    const last = followed.to.kind === "port" ? "route-sent" : "fdb";
    const direction = directionOf(followed.from, followed.to);
    if (!isNew || step !== last || direction === "arrived") return undefined;
    return { move: followed, direction, tookMs: at - followed.startedAt };
  }

  /** So many frames more were sent on to where the MAC went. */
  observeRedirected({ vni, mac, frames }: Redirected): void {
    // It may have come back meanwhile.
    const gone = this.#moves.findLast(
      (move) => move.mac === mac && move.vni === vni && move.to.kind === "vtep",
    );
    if (gone === undefined) return;
    gone.redirected += frames;
    this.#changed(gone);
  }

  /** Oldest first, so that the newest stands at the prompt. */
  moves({ last, vni, mac, ip }: MoveFilter = {}): readonly MoveRecord[] {
    const fitting = this.#moves.filter(
      (move) =>
        (vni === undefined || move.vni === vni) &&
        (mac === undefined || move.mac === mac) &&
        (ip === undefined || move.ips.includes(ip)),
    );
    const from = last === undefined ? 0 : Math.max(0, fitting.length - last);
    return fitting.slice(from).map(recordOf);
  }

  #moved(notice: Moved, { startedAt, at }: { startedAt: number; at: number }): void {
    const key = keyOf(notice);
    const before = this.#followed.get(key);
    const direction = directionOf(notice.from, notice.to);
    const isElsewhere = direction === "arrived" && notice.to.kind === "vtep";
    if (isElsewhere && before === undefined && !this.#isKnown(notice)) return;
    this.#followed.delete(key);
    const steps = new Map<StepName, number>([
      [firstStep(notice.signal), startedAt],
      ["decision", at],
    ]);
    // Spread last: an object that begins with a spread has a shape of its own in V8 (Node 20).
    const begun: Followed = { startedAt, by: null, redirected: 0, steps, ...notice };
    const joined =
      direction === "arrived" && before !== undefined ? join(before, begun) : undefined;
    const followed = joined ?? begun;
    const isMove = joined !== undefined || (direction !== "arrived" && direction !== "left");
    // A host that was nowhere and comes up elsewhere asks nothing of us but its row.
    if (isMove || direction === "left" || notice.to.kind === "port") this.#follow(followed);
    if (isMove) this.#keep(followed);
    this.#changed(followed);
  }

  /** Answers whether the step is the first of its name. Of our withdrawals the last one counts. */
  #takeStep(followed: Followed, name: StepName, at: number): boolean {
    const isNew = !followed.steps.has(name);
    if (!isNew && name !== "route-withdrawn") return false;
    followed.steps.set(name, at);
    this.#changed(followed);
    return isNew;
  }

  #follow(followed: Followed): void {
    this.#followed.set(keyOf(followed), followed);
    if (this.#followed.size <= FOLLOWED_MAX) return;
    for (const oldest of this.#followed.keys()) {
      this.#followed.delete(oldest);
      return;
    }
  }

  #keep(move: Followed): void {
    this.#moves.push(move);
    if (this.#moves.length > MOVES_MAX) this.#moves.shift();
  }
}

function keyOf({ vni, mac }: HostOf): string {
  return `${vni}|${mac}`;
}

function firstStep(signal: Moved["signal"]): StepName {
  return signal === "route" || signal === "port-down" || signal === "aged-out" ? signal : "frame";
}

/** A departure and an arrival elsewhere make a move, if they are not too far apart. */
function join(left: Followed, arrived: Followed): Followed | undefined {
  const isDeparture = left.to.kind === "nowhere";
  const isElsewhere = placeName(left.from) !== placeName(arrived.to);
  if (!isDeparture || !isElsewhere) return undefined;
  if (arrived.startedAt - left.startedAt > MOVE_WITHIN_MS) return undefined;
  const steps = new Map(arrived.steps);
  for (const name of ["route-withdrawn", "old-owner-let-go"] as const) {
    const at = left.steps.get(name);
    if (at !== undefined) steps.set(name, at);
  }
  return { ...arrived, from: left.from, steps };
}

type StepBringer = Extract<WrittenRow, { table: "fdb" | "redirect" | "mac-ip-route" }>;

function bringsStep(written: WrittenRow): written is StepBringer {
  const { table } = written;
  return table === "fdb" || table === "redirect" || table === "mac-ip-route";
}

/** Which step of the move it is to have written this; what an earlier decision asked for is none. */
function stepOf(written: StepBringer, { to, seq }: Moved): StepName | undefined {
  if (written.table === "fdb") return isForwarding(written, to) ? "fdb" : undefined;
  if (written.table === "redirect") {
    return written.kind === "put" && to.kind === "vtep" ? "redirect" : undefined;
  }
  if (written.kind === "remove") return to.kind === "port" ? undefined : "route-withdrawn";
  const isOurs = to.kind === "port" && (written.row.mobility?.seq ?? 0) >= (seq ?? 0);
  return isOurs ? "route-sent" : undefined;
}

function isForwarding({ kind, row }: Extract<WrittenRow, { table: "fdb" }>, to: Place): boolean {
  return kind === "remove" ? to.kind === "port" : to.kind === "vtep" && to.vtep === row.vtep;
}
