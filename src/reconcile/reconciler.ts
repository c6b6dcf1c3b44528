/**
 * Makes a table outside of us equal to the one we want.
 *
 * `want`, `saw` and `resync` are cheap and only mark; `apply` does the work. Nothing is written
 * before the gate is opened and the table has been read once, so that a restart finds its own rows:
 * those that are right are left alone, those that nobody wants are removed. A row that fails is
 * tried again in its own time and never holds up the others.
 *
 * A key is in at most one of three states: dirty (to be looked at), in flight (being written), or
 * waiting (tried in vain). In none of them, it is as we want it. It may be dirty and in flight when
 * it was touched while being written.
 */
import type {
  Applied,
  ApplyOptions,
  ChangeKind,
  Counts,
  Pending,
  Reading,
  RowsRead,
} from "./applied.ts";
import { Difference } from "./difference.ts";
import { DirtyRows } from "./dirty-rows.ts";
import type { Change, Driver, Failure } from "./driver.ts";
import { InFlight, type Landing } from "./in-flight.ts";
import { OwnEchoes } from "./own-echoes.ts";
import type { Rows } from "./slot.ts";
import { type TableRead, TableReading } from "./table-reading.ts";
import { ToldReasons } from "./told-reasons.ts";
import { type Waiting, WaitingRows } from "./waiting-rows.ts";

/**
 * Rows that are written together: enough for a driver to be fast, few enough that what it needs to
 * write them is small, however many are dirty.
 */
const AT_ONCE = 1000;

export class Reconciler<Key extends string, Row> {
  readonly #driver: Driver<Key, Row>;
  readonly #table: Difference<Key, Row>;
  readonly #dirty = new DirtyRows<Key>();
  readonly #inFlight: InFlight<Key, Row>;
  readonly #waiting = new WaitingRows<Key>();
  readonly #echoes: OwnEchoes<Key, Row>;
  readonly #counts = { put: 0, removed: 0, failed: 0, drifted: 0, read: 0 };
  readonly #told = new ToldReasons<Key>();
  #driftedBefore = 0;
  #isOpen = false;
  #hasRead = false;
  readonly #reading: TableReading<Key, Row>;
  /** What was read before it is known what is wanted. */
  #unjudged: Pick<RowsRead, "cause" | "rows"> | undefined;

  constructor(driver: Driver<Key, Row>) {
    this.#driver = driver;
    this.#inFlight = new InFlight(driver);
    this.#reading = new TableReading(driver);
    this.#table = new Difference((wanted, actual) => driver.agree(wanted, actual));
    this.#echoes = new OwnEchoes((written, seen) => this.#table.same(written, seen));
  }

  /** It may be read: it can be told by now whose a row is. Its rows are asked for at once. */
  readAhead(signal: AbortSignal): void {
    this.#reading.begin(signal);
  }

  /** From now on it may be written: all sources have told their start. */
  open(): void {
    this.#reading.allow();
    this.#isOpen = true;
  }

  /** What should stand at this key. The same as before changes nothing, not even a retry's time. */
  want(key: Key, row: Row | undefined): void {
    if (!this.#table.want(key, row)) return;
    // What is not right is found when the table has been read for the first time.
    if (this.#counts.read === 0) return;
    if (row === undefined) this.#told.forget(key);
    if (this.#waiting.isForeign(key) && row !== undefined) return;
    this.#waiting.forget(key);
    this.#mark(key);
  }

  /** An echo: what stands at this key outside, of ours; `undefined` is nothing, of nobody. */
  saw(key: Key, row: Row | undefined): void {
    this.#reading.touched(key);
    if (row === undefined && this.#waiting.isForeign(key)) {
      this.#waiting.forget(key);
      this.#mark(key);
    }
    const echo = this.#echoes.match(key, row);
    if (echo === "older") return;
    this.#table.stands(key, row);
    const isInFlight = this.#inFlight.saw(key, { isDisturbed: echo === "none" });
    if (this.#table.changeFor(key) === undefined) {
      this.#waiting.forget(key);
    } else if (!this.#dirty.has(key) && !this.#waiting.has(key)) {
      if (echo === "none") this.#counts.drifted++;
      if (echo === "none" || !isInFlight) this.#mark(key);
    }
  }

  /** What stands outside is no longer known: it is read again, and what waits is tried again. */
  resync(cause: string): void {
    this.#reading.ask(cause);
    this.#echoes.forgetAll();
  }

  /**
   * Writes what is dirty or due, and what a table that was read has shown to be wrong. Before the table
   * has been read for the first time nothing can be written, so that this is waited for; later it is
   * read beside, for as long as it takes: news does not wait for it. One call at a time.
   */
  async apply(options: ApplyOptions): Promise<Applied<Key, Row>> {
    const written: Change<Key, Row>[] = [];
    const failed: Failure<Key>[] = [];
    let reading = this.#taken();
    if (this.#isOpen && this.#hasRead) await this.#write(options, { written, failed });
    if (this.#reading.isDue(options.now)) {
      const read = this.#reading.read(options, (read) => this.#takeIn(read));
      if (this.#hasRead) void read.then(options.onRead);
      else {
        await read;
        reading = this.#taken();
        if (this.#isOpen && this.#hasRead) await this.#write(options, { written, failed });
      }
    }
    const drifted = this.#counts.drifted - this.#driftedBefore || undefined;
    this.#driftedBefore = this.#counts.drifted;
    return { written, failed, reading, drifted };
  }

  /** Whether `apply` would find anything to do, or has anything to tell. */
  hasWork(kinds: readonly ChangeKind[], upTo: number, now: number): boolean {
    if (this.#counts.drifted !== this.#driftedBefore) return true;
    if (this.#reading.isDue(now) || this.#reading.hasFailed) return true;
    if (this.#isOpen && this.#unjudged !== undefined) return true;
    if (!this.#isOpen || !this.#hasRead) return false;
    const { nextAt } = this.#waiting;
    if (nextAt !== undefined && now >= nextAt) return true;
    return this.#dirty.hasUpTo(upTo, kinds);
  }

  /** Counts the marks. What is marked after this was read has a higher turn. */
  get turn(): number {
    return this.#dirty.turn;
  }

  /** Whether nothing that was marked up to this turn could be written now. */
  isTried(turn: number): boolean {
    if (!this.#isOpen || !this.#hasRead) return true;
    return this.#unjudged === undefined && !this.#dirty.hasUpTo(turn);
  }

  /** The earliest time at which something is to be tried again. */
  nextAt(): number | undefined {
    const [readAt, retryAt] = [this.#reading.at, this.#isOpen ? this.#waiting.nextAt : undefined];
    if (readAt === undefined || retryAt === undefined) return readAt ?? retryAt;
    return Math.min(readAt, retryAt);
  }

  get desired(): Rows<Key, Row> {
    return this.#table.desired;
  }

  get actual(): Rows<Key, Row> {
    return this.#table.actual;
  }

  /** Whether what stands at this key is what is wanted, as far as is known. */
  isRight(key: Key): boolean {
    return this.#table.changeFor(key) === undefined;
  }

  get waiting(): ReadonlyMap<Key, Waiting<Key>> {
    return this.#waiting.rows;
  }

  get counts(): Counts {
    return this.#counts;
  }

  get pending(): Pending {
    let dirty = this.#counts.read === 0 ? this.#table.desired.size : this.#inFlight.size;
    for (const key of this.#dirty.keys()) if (!this.#inFlight.has(key)) dirty++;
    return { dirty, ...this.#waiting.counts() };
  }

  #mark(key: Key): void {
    this.#dirty.mark(key, this.#table.desired.has(key) ? "put" : "remove");
  }

  async #write(
    options: ApplyOptions,
    into: { written: Change<Key, Row>[]; failed: Failure<Key>[] },
  ): Promise<void> {
    for (const key of this.#waiting.due(options.now)) this.#mark(key);
    // What is marked meanwhile is for the next pass: others have their turn as well.
    const { turn } = this.#dirty;
    const upTo = Math.min(turn, options.upTo ?? turn);
    // While one lot is being written, the next is made ready.
    let before: Promise<void> | undefined;
    for (;;) {
      const changes = this.#take(upTo, options.kinds);
      const begun = changes.length === 0 ? undefined : this.#attempt(changes, options, into);
      if (before !== undefined) await before;
      if (begun === undefined) return;
      if (this.#driver.queues === true) before = begun;
      else await begun;
    }
  }

  #attempt(
    changes: readonly Change<Key, Row>[],
    { now, signal }: ApplyOptions,
    into: { written: Change<Key, Row>[]; failed: Failure<Key>[] },
  ): Promise<void> {
    return this.#inFlight.write(changes, signal, (change, landing) => {
      const { failure } = landing;
      if (this.#settle(change, landing, now)) into.written.push(change);
      else if (failure !== undefined && this.#told.isNews(failure)) into.failed.push(failure);
    });
  }

  /** Takes off the marks before anything is awaited: a `want` that comes meanwhile marks again. */
  #take(upTo: number, kinds: readonly ChangeKind[]): Change<Key, Row>[] {
    const changes: Change<Key, Row>[] = [];
    for (const key of this.#dirty.upTo(upTo, kinds)) {
      this.#dirty.delete(key);
      const change = this.#table.changeFor(key);
      if (change === undefined) continue;
      const row = change.kind === "put" ? change.row : undefined;
      this.#reading.touched(key);
      const isSilent = row !== undefined && this.#driver.putsSilently === true;
      this.#echoes.expect(key, row, { isSilent });
      if (changes.push(change) === AT_ONCE) break;
    }
    return changes;
  }

  /** Takes in what became of a write; answers whether the change is made. */
  #settle(change: Change<Key, Row>, { failure, isDisturbed }: Landing<Key>, now: number): boolean {
    const { key } = change;
    // A row that was to be removed and is somebody else's by now is not there any more as ours.
    if (failure === undefined || (failure.kind === "foreign" && change.kind === "remove")) {
      this.#table.written(key);
      this.#told.forget(key);
      this.#waiting.forget(key);
      if (!isDisturbed) this.#table.stands(key, change.kind === "put" ? change.row : undefined);
      this.#counts[change.kind === "put" ? "put" : "removed"]++;
      return true;
    }
    this.#counts.failed++;
    this.#echoes.forgetLast(key);
    if (failure.kind === "later") this.#table.mayBeLeft(key, change.row);
    if (failure.kind === "foreign") this.#table.stands(key, undefined);
    // If the row has changed meanwhile, this was the old one's failure: the new one is dirty.
    if (!this.#dirty.has(key)) this.#waiting.add(failure, now);
    return false;
  }

  #takeIn({ cause, rows, knownBetter }: TableRead<Key, Row>): void {
    this.#table.read(rows, knownBetter);
    this.#unjudged = { cause, rows: this.#table.actual.size };
    this.#hasRead = true;
  }

  /** What has come of reading; what was read before it is open is told when it can be judged. */
  #taken(): Reading | undefined {
    return this.#reading.takeFailure() ?? (this.#isOpen ? this.#judge() : undefined);
  }

  /** Of what was read and not looked at yet: what is not right is dirty, and what waited too. */
  #judge(): RowsRead | undefined {
    if (this.#unjudged === undefined) return undefined;
    const { cause, rows } = this.#unjudged;
    this.#unjudged = undefined;
    const wrong = this.#table.wrong();
    if (this.#counts.read === 0) this.#dirty.addAll(wrong);
    else this.#drifted(wrong);
    this.#counts.read++;
    this.#waiting.forgetAll();
    return { kind: "read", cause, rows, wrong: wrong.put.length + wrong.remove.length };
  }

  /** It stood right before. */
  #drifted(wrong: Readonly<Record<ChangeKind, readonly Key[]>>): void {
    for (const kind of ["put", "remove"] as const) {
      for (const key of wrong[kind]) {
        if (this.#dirty.add(key, kind) && !this.#waiting.has(key)) this.#counts.drifted++;
      }
    }
  }
}
