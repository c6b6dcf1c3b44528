/**
 * Values by number, in one file of the state directory: a line each, the last one of a number counts.
 * For what people would miss and the daemon would not: it is written about a second late, later where
 * there is much of it, for then others have more to do as well; and a crash may take the last ones with
 * it. The file holds at most twice what is current, and some; then it is written anew.
 */

import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { ok, type Result } from "../evpn/result.ts";
import { LineFile } from "./line-file.ts";

/** What happens within this time is written together: steps of a move are milliseconds apart. */
const TOGETHER_MS = 1000;
/** As many are written together at the most, unless there is no time. */
const TOGETHER = 500;
/** A file is not written anew for every trifle. */
const SPARE_LINES = 1000;
/** As many are made into text in one go; between two of them others have their turn. */
const AT_ONCE = 100;

export type Numbered = readonly [id: number, value: unknown];

/** A value is made when it is to be written. */
type Due = readonly [id: number, value: () => unknown];

/** What the file is to hold when it is written anew. */
export interface Journalled {
  readonly size: number;
  toKeep(): readonly Due[];
}

export class Journal implements AsyncDisposable {
  readonly #file: LineFile;
  readonly #journalled: Journalled;
  readonly #hurried = new AbortController();
  readonly #unwritten = new Map<number, () => unknown>();
  #writing: Promise<void> | undefined;
  #complaint: string | undefined;

  constructor(path: string, journalled: Journalled) {
    this.#file = new LineFile(path);
    this.#journalled = journalled;
  }

  /** Why it can not be written, in a sentence; `undefined`: it can. */
  get complaint(): string | undefined {
    return this.#complaint;
  }

  /** What a former life has written, by number, and how many lines could not be read. */
  async recall(): Promise<
    Result<{ readonly values: readonly Numbered[]; readonly damaged: number }>
  > {
    const lines = await this.#file.read();
    if (!lines.ok) return lines;
    const values = new Map<number, unknown>();
    let damaged = 0;
    for (const line of lines.value) {
      const numbered = parse(line);
      if (numbered === undefined) damaged++;
      else values.set(...numbered);
    }
    return ok({ values: [...values].sort(([a], [b]) => a - b), damaged });
  }

  /** To be written soon; costs next to nothing now. */
  put(id: number, value: () => unknown): void {
    this.#unwritten.set(id, value);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** From now on nothing is waited for before it is written. */
  hurry(): void {
    this.#hurried.abort();
  }

  /** Resolves when all that was put before is written, or can not be. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** Writes what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.hurry();
    await this.settled();
    await this.#file.close().catch(() => undefined);
  }

  async #write(): Promise<void> {
    while (this.#unwritten.size > 0) {
      await sleep(TOGETHER_MS, undefined, { ref: false, signal: this.#hurried.signal }).catch(
        () => undefined,
      );
      try {
        await this.#append(this.#take());
        this.#complaint = undefined;
      } catch (error) {
        this.#complaint = this.#file.sentence("write", error);
        // What is lost here comes with the next whole file.
        await this.#file.close().catch(() => undefined);
        return;
      }
    }
  }

  /** What is to be written next, the oldest first. */
  #take(): readonly Due[] {
    const due = [...this.#unwritten];
    if (!this.#hurried.signal.aborted) due.length = Math.min(due.length, TOGETHER);
    for (const [id] of due) this.#unwritten.delete(id);
    return due;
  }

  async #append(unwritten: readonly Due[]): Promise<void> {
    const { size } = this.#journalled;
    const isFull = this.#file.lines + unwritten.length > 2 * size + SPARE_LINES;
    // More is waiting than is current: much of it is not any more.
    if (this.#file.isOpen && !isFull && this.#unwritten.size <= size) {
      await this.#file.append(await linesOf(unwritten), { isDurable: false });
    } else {
      this.#unwritten.clear();
      await this.#file.rewrite(await linesOf(this.#journalled.toKeep()));
    }
  }
}

async function linesOf(due: readonly Due[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const [id, value] of due) {
    lines.push(JSON.stringify([id, value()]));
    if (lines.length % AT_ONCE === 0) await setImmediate();
  }
  return lines;
}

function parse(line: string): Numbered | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!Array.isArray(value) || !Number.isSafeInteger(value[0])) return undefined;
    return [value[0], value[1]];
  } catch {
    return undefined;
  }
}
