/**
 * Keeps reconcilers at work: woken, it applies them one after the other, and what is marked while it
 * does so is done in the next pass. There is no timer between `wake` and the first write, only the
 * end of the running turn of the event loop, so that all that one turn marks goes out together: gobgpd
 * tells each route in a message of its own, and a message to the kernel costs more than a row. A turn
 * in which thousands of routes come is not waited for to its end.
 *
 * A loop may be told to wait `beforeRemoves`. Then rows are put at once, and removed only after what
 * was marked elsewhere in the same breath has been tried: on a loss, the FDB points to the new place
 * before the route is withdrawn. What was wanted again while waiting is not removed at all.
 */
import type { TableName, Tables } from "../evpn/rows.ts";
import type { Applied, ApplyOptions, ChangeKind } from "./applied.ts";
import type { Reconciler } from "./reconciler.ts";

export type AppliedTo<T extends TableName> = Applied<Tables[T]["key"], Tables[T]["row"]>;

/** Told of every pass over a table in which anything was tried; `now` is when it was done. */
export type OnApplied = <T extends TableName>(table: T, applied: AppliedTo<T>, now: number) => void;

export interface ApplyLoopOptions {
  readonly clock: () => number;
  /** Has it done when the running callback is over, or at the end of the turn of the event loop. */
  readonly soon: (work: () => void) => void;
  readonly onApplied: OnApplied;
  /** Told after every pass, even one in which nothing was tried: `nextAt` may have changed. */
  readonly onPass?: (() => void) | undefined;
  /** Resolves when removals that were marked before the call may be made. */
  readonly beforeRemoves?: (() => Promise<void>) | undefined;
}

/** Marks of so long a time go out together at the most. */
const TOGETHER_MS = 2;

/** A reconciler whose table's type is known no more. */
interface Member {
  readonly table: TableName;
  readonly turn: () => number;
  readonly isTried: (turn: number) => boolean;
  readonly nextAt: () => number | undefined;
  readonly hasWork: (kinds: readonly ChangeKind[], upTo: number, now: number) => boolean;
  readonly apply: (options: ApplyOptions) => Promise<void>;
  /** Up to where removals are allowed. */
  permitted: number;
}

/** A part of a pass. */
interface Job {
  readonly member: Member;
  readonly kinds: readonly ChangeKind[];
  /** Only what was marked up to this turn. */
  readonly upTo: () => number;
}

interface Waiter {
  /** Up to where the marks of which members are to be tried. */
  readonly turns: ReadonlyMap<Member, number>;
  /** It does not wait for the end of a pass. */
  readonly isHasty: boolean;
  readonly resolve: () => void;
}

export class ApplyLoop {
  readonly #options: ApplyLoopOptions;
  readonly #members: Member[] = [];
  readonly #jobs: Job[] = [];
  #waiters: Waiter[] = [];
  #isWoken = false;
  #isAsking = false;
  #isRunning = false;
  #isPassing = false;
  #wakeUp: (() => void) | undefined;
  /** When it was first woken since it was at work. */
  #sleepyAt: number | undefined;

  constructor(options: ApplyLoopOptions) {
    this.#options = options;
  }

  /**
   * Takes a table into the loop, after those it has; it may be taken in once for some changes, and
   * later for all. To be called before `run`.
   */
  add<T extends TableName>(
    table: T,
    reconciler: Reconciler<Tables[T]["key"], Tables[T]["row"]>,
    kinds: readonly ChangeKind[] = ["put", "remove"],
  ): void {
    const { clock, onApplied, beforeRemoves } = this.#options;
    const member: Member = {
      table,
      turn: () => reconciler.turn,
      isTried: (turn) => reconciler.isTried(turn),
      nextAt: () => reconciler.nextAt(),
      hasWork: (kinds, upTo, now) => reconciler.hasWork(kinds, upTo, now),
      apply: async (options) => {
        const applied = await reconciler.apply(options);
        const { written, failed, reading, drifted } = applied;
        const isIdle = written.length === 0 && failed.length === 0 && reading === undefined;
        if (!isIdle || drifted !== undefined) onApplied(table, applied, clock());
      },
      permitted: 0,
    };
    this.#members.push(member);
    if (beforeRemoves === undefined) this.#jobs.push({ member, kinds, upTo: always });
    else {
      this.#jobs.push({ member, kinds: ["put"], upTo: always });
      this.#jobs.push({ member, kinds: ["remove"], upTo: () => member.permitted });
    }
  }

  /** Works until aborted. Rejects only where the program itself is wrong. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.wake();
    signal.addEventListener("abort", wake, { once: true });
    this.#isRunning = true;
    try {
      while (!signal.aborted) {
        await this.#woken();
        await this.#pass(signal);
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.#isRunning = false;
      for (const { resolve } of this.#waiters.splice(0)) resolve();
    }
  }

  /** Something was marked, opened, or is due. Cheap; as often as one likes. */
  wake(): void {
    this.#isWoken = true;
    if (this.#wakeUp === undefined) return;
    const at = this.#options.clock();
    if (this.#sleepyAt === undefined) {
      this.#sleepyAt = at;
      this.#options.soon(() => this.#getUp());
    } else if (at - this.#sleepyAt >= TOGETHER_MS) this.#getUp();
  }

  /**
   * Resolves when all that is dirty now has been tried once, in vain or not; also when nothing can
   * be tried, because the table can not be read or the loop does not run. Of some tables alone, it
   * does so in the midst of a pass.
   */
  settled(tables?: readonly TableName[]): Promise<void> {
    if (!this.#isRunning) return Promise.resolve();
    const isMeant = ({ table }: Member): boolean => tables?.includes(table) ?? true;
    const turns = turnsOf(this.#members.filter(isMeant));
    this.wake();
    const isHasty = tables !== undefined;
    return new Promise((resolve) => this.#waiters.push({ turns, isHasty, resolve }));
  }

  /**
   * When `wake` is to be called at the latest; `undefined` also before and during a pass, for what
   * is due is being done, and to wake for it over and over would not hasten it: see `onPass`.
   */
  nextAt(): number | undefined {
    if (this.#isWoken || this.#isPassing) return undefined;
    let earliest: number | undefined;
    for (const member of this.#members) {
      const at = member.nextAt();
      if (at !== undefined) earliest = Math.min(earliest ?? at, at);
    }
    return earliest;
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeUp = resolve;
      if (this.#isWoken) this.wake();
    });
  }

  #getUp(): void {
    this.#sleepyAt = undefined;
    this.#wakeUp?.();
    this.#wakeUp = undefined;
  }

  async #pass(signal: AbortSignal): Promise<void> {
    this.#isWoken = false;
    this.#isPassing = true;
    const onRead = (): void => this.wake();
    for (const { member, kinds, upTo } of this.#jobs) {
      if (signal.aborted) break;
      const [now, turn] = [this.#options.clock(), upTo()];
      // Most have nothing to do in most passes, and each that is awaited takes its time.
      if (!member.hasWork(kinds, turn, now)) continue;
      await member.apply({ kinds, upTo: turn, now, signal, onRead });
      this.#answerWaiters({ isMidway: true });
    }
    if (this.#options.beforeRemoves !== undefined) this.#askToRemove();
    this.#isPassing = false;
    this.#options.onPass?.();
    this.#answerWaiters({ isOver: signal.aborted });
  }

  /** Nothing is being written now: what is not dirty any more has been tried. */
  #answerWaiters({ isOver = false, isMidway = false }): void {
    if (this.#waiters.length === 0) return;
    for (const waiter of this.#waiters.splice(0)) {
      const mayBe = waiter.isHasty || !isMidway;
      if (isOver || (mayBe && areTried(waiter.turns))) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }

  /** What is left dirty after a pass waits for permission: for all of it together, once at a time. */
  #askToRemove(): void {
    const turns = turnsOf(this.#members);
    if (this.#isAsking || areTried(turns)) return;
    this.#isAsking = true;
    void this.#options.beforeRemoves?.().then(() => {
      this.#isAsking = false;
      for (const [member, turn] of turns) member.permitted = turn;
      // It has waited long enough.
      this.#isWoken = true;
      this.#getUp();
    });
  }
}

function always(): number {
  return Number.POSITIVE_INFINITY;
}

function turnsOf(members: readonly Member[]): ReadonlyMap<Member, number> {
  return new Map(members.map((member) => [member, member.turn()]));
}

function areTried(turns: ReadonlyMap<Member, number>): boolean {
  for (const [member, turn] of turns) if (!member.isTried(turn)) return false;
  return true;
}
