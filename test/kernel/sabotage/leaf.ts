/**
 * The kernel half of roamd: the real drivers, reconcilers and apply loop, with rows that a test wants
 * in the place of a decision's.
 */
import type { RowAt, TableName } from "../../../src/evpn/rows.ts";
import type { SegmentWish } from "../../../src/linux/candidates.ts";
import type { FloodMemory } from "../../../src/linux/flood-driver.ts";
import { type Kernel, type KernelOptions, makeKernel } from "../../../src/linux/kernel.ts";
import type { LinuxNotice } from "../../../src/linux/notice.ts";
import type { Listener } from "../../../src/mobility/observation.ts";
import type { Driver } from "../../../src/reconcile/driver.ts";
import { type Drivers, Tables } from "../../../src/tables.ts";

const KERNEL_TABLES = ["fdb", "neighbour", "flood"] as const;

/** A table that takes all and keeps nothing. */
const nowhere: Driver<string, unknown> = {
  list: () => Promise.resolve(new Map()),
  write: () => Promise.resolve([]),
  agree: () => true,
};

export interface LeafOptions {
  readonly rows: Iterable<RowAt>;
  readonly story: string[];
  readonly floodMemory: FloodMemory;
}

export class Leaf implements AsyncDisposable {
  readonly #ended = new AbortController();
  /** What it is told, to be read when it ends badly. */
  readonly #story: string[];
  #kernel: Kernel | undefined;
  #tables: Tables | undefined;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(story: string[]) {
    this.#story = story;
  }

  static async start(
    wishes: readonly SegmentWish[],
    { rows, story, floodMemory }: LeafOptions,
  ): Promise<Leaf> {
    const leaf = new Leaf(story);
    await leaf.#start({ segments: wishes, floodMemory }, rows);
    return leaf;
  }

  want(row: RowAt): void {
    this.#tables?.want(row);
    this.#tables?.wake();
  }

  /** Resolves when all that is wrong, as far as is known, has been tried to put right. */
  async settled(): Promise<void> {
    await this.#tables?.kernelSettled();
  }

  /** What an operator would do who trusts nobody: everything is read again. */
  async look(): Promise<void> {
    await this.#kernel?.look();
    await this.settled();
  }

  /** How many rows have been written, and how many were found changed by others. */
  get counts(): { readonly written: number; readonly drifted: number } {
    let [written, drifted] = [0, 0];
    for (const table of KERNEL_TABLES) {
      const counts = this.#tables?.of[table].counts;
      written += (counts?.put ?? 0) + (counts?.removed ?? 0);
      drifted += counts?.drifted ?? 0;
    }
    return { written, drifted };
  }

  /** What is wanted and does not stand, and why. */
  get complaints(): readonly string[] {
    return KERNEL_TABLES.flatMap((table) =>
      [...(this.#tables?.of[table].waiting.values() ?? [])].map(({ failure }) => failure.reason),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#ended.abort();
    await this.#running;
    await this.#kernel?.[Symbol.asyncDispose]();
  }

  async #start(
    wanted: Pick<KernelOptions, "segments" | "floodMemory">,
    rows: Iterable<RowAt>,
  ): Promise<void> {
    const listener: Listener<LinuxNotice> = {
      news: (observation) => this.#hear("news", observation),
      echo: (seen) => this.#echo(seen),
      resync: (table: TableName, cause) => {
        this.#hear("resync", [table, cause]);
        this.#tables?.resync(table, cause);
      },
      tell: (notice) => this.#hear("notice", notice),
    };
    const now = (): number => performance.now();
    const redirect = "off" as const;
    const rest = { readOnly: false, framesPerSecond: 2000, leastAgeingMs: 0, redirect, now };
    const options = { ...wanted, ...rest };
    const kernel = makeKernel(options, listener, this.#ended.signal);
    await kernel.start();
    this.#kernel = kernel;
    const drivers = { ...kernel.drivers, "mac-ip-route": nowhere, "imet-route": nowhere };
    const tables = new Tables(drivers as unknown as Drivers, {
      clock: () => performance.now(),
      onApplied: (table, { written, failed }) => {
        for (const change of written) this.#hear(`${table}: ${change.kind}`, change.key);
        for (const { reason } of failed) this.#hear(table, reason);
      },
      onPass: () => this.#sleep(),
      onWrite: () => {},
      isSucceeded: () => true,
      isOutranked: () => true,
    });
    this.#tables = tables;
    for (const row of rows) tables.want(row);
    void tables.open();
    this.#running = tables.run(this.#ended.signal);
  }

  #hear(what: string, told: unknown): void {
    this.#story.push(`    ${what} ${JSON.stringify(told)}`);
  }

  #echo(seen: RowAt): void {
    this.#hear("echo", seen);
    // Before the tables are there, nothing of theirs has been read yet.
    this.#tables?.saw(seen);
    this.#tables?.wake();
  }

  #sleep(): void {
    clearTimeout(this.#timer);
    const at = this.#tables?.nextAt();
    if (at === undefined || this.#ended.signal.aborted) return;
    this.#timer = setTimeout(() => this.#tables?.wake(), Math.max(0, at - performance.now()));
  }
}
