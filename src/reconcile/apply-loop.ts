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
  readonly turn: () => number;
  readonly isTried: (turn: number) => boolean;
  readonly nextAt: () => number | undefined;
  readonly apply: (options: Omit<ApplyOptions, "now">) => Promise<void>;
  readonly kinds: readonly ChangeKind[];
  /** Up to where removals are allowed. */
  permitted: number;
}

interface Waiter {
  readonly turns: readonly number[];
  readonly resolve: () => void;
}

export class ApplyLoop {
  readonly #options: ApplyLoopOptions;
  readonly #members: Member[] = [];
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
    const { clock, onApplied } = this.#options;
    this.#members.push({
      turn: () => reconciler.turn,
      isTried: (turn) => reconciler.isTried(turn),
      nextAt: () => reconciler.nextAt(),
      apply: async (options) => {
        const applied = await reconciler.apply({ now: clock(), ...options });
        const { written, failed, reading, drifted } = applied;
        const isIdle = written.length === 0 && failed.length === 0 && reading === undefined;
        if (!isIdle || drifted !== undefined) onApplied(table, applied, clock());
      },
      kinds,
      permitted: 0,
    });
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
   * be tried, because the table can not be read or the loop does not run.
   */
  settled(): Promise<void> {
    const turns = this.#members.map((member) => member.turn());
    if (!this.#isRunning) return Promise.resolve();
    this.wake();
    return new Promise((resolve) => this.#waiters.push({ turns, resolve }));
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
    const isGated = this.#options.beforeRemoves !== undefined;
    for (const member of this.#members) {
      if (signal.aborted) break;
      if (!isGated) await member.apply({ kinds: member.kinds, signal });
      else {
        await member.apply({ kinds: ["put"], signal });
        await member.apply({ kinds: ["remove"], upTo: member.permitted, signal });
      }
    }
    if (isGated) this.#askToRemove();
    this.#isPassing = false;
    this.#options.onPass?.();
    // Nothing is being written now: what is not dirty any more has been tried.
    for (const waiter of this.#waiters.splice(0)) {
      const isSettled = this.#members.every((member, i) => member.isTried(waiter.turns[i] ?? 0));
      if (isSettled || signal.aborted) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }

  /** What is left dirty after a pass waits for permission: for all of it together, once at a time. */
  #askToRemove(): void {
    const turns = this.#members.map((member) => member.turn());
    const isClean = this.#members.every((member, i) => member.isTried(turns[i] ?? 0));
    if (this.#isAsking || isClean) return;
    this.#isAsking = true;
    void this.#options.beforeRemoves?.().then(() => {
      this.#isAsking = false;
      this.#members.forEach((member, i) => {
        member.permitted = turns[i] ?? 0;
      });
      this.wake();
    });
  }
}
