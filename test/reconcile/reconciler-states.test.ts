/**
 * States, not paths: whatever happened, in whatever order, and however late we were told of it, in
 * the end exactly the wanted rows stand, and then nothing more is written.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Reconciler } from "../../src/reconcile/reconciler.ts";
import { type FakeKey, type FakeRow, FakeTable } from "../fakes/fake-table.ts";

const { signal } = new AbortController();
const KEYS = ["a", "b", "c"] as const;
const key = fc.constantFrom(...KEYS);
const maybeRow = fc.option(
  fc.integer({ min: 1, max: 3 }).map((value) => ({ value })),
  { nil: undefined },
);

const onRead = (): void => {};

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

type Step =
  | { readonly kind: "want" | "edit"; readonly key: FakeKey; readonly row: FakeRow | undefined }
  | {
      readonly kind: "fail" | "heal" | "fail-half" | "foreign-comes" | "foreign-goes";
      readonly key: FakeKey;
    }
  | { readonly kind: "driver-fails" | "list-fails" | "begin" | "finish" | "resync" | "open" }
  | { readonly kind: "hold-lists" | "release-lists" }
  | { readonly kind: "echoes"; readonly count: number }
  | { readonly kind: "time"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("want" as const), key, row: maybeRow }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("edit" as const), key, row: maybeRow }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("fail", "heal", "fail-half", "foreign-comes", "foreign-goes"),
      key,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("begin", "finish") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("hold-lists", "release-lists") }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("driver-fails", "list-fails", "resync", "open") }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("echoes" as const),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("time" as const),
      ms: fc.integer({ min: 1, max: 500 }),
    }),
  },
);

class World {
  readonly table = new FakeTable();
  readonly reconciler: Reconciler<FakeKey, FakeRow> = new Reconciler(this.table);
  readonly desired = new Map<FakeKey, FakeRow>();
  readonly #echoes: [FakeKey, FakeRow | undefined][] = [];
  #running: Promise<unknown> | undefined;
  #now = 1000;

  constructor() {
    this.table.onEcho = (at, row) => this.#echoes.push([at, row]);
  }

  async take(step: Step): Promise<void> {
    const { table, reconciler } = this;
    switch (step.kind) {
      case "want":
        reconciler.want(step.key, step.row);
        if (step.row === undefined) this.desired.delete(step.key);
        else this.desired.set(step.key, step.row);
        break;
      case "edit":
        if (!table.foreign.has(step.key)) table.edit(step.key, step.row);
        break;
      case "fail":
        table.failKeys.add(step.key);
        break;
      case "fail-half":
        table.failAfterWriting.add(step.key);
        break;
      case "heal":
        table.failKeys.delete(step.key);
        table.failAfterWriting.delete(step.key);
        break;
      case "foreign-comes":
        // It takes the place of ours, of which we are told.
        table.edit(step.key, undefined);
        table.foreign.add(step.key);
        break;
      case "foreign-goes":
        if (table.foreign.delete(step.key)) table.onEcho(step.key, undefined);
        break;
      case "driver-fails":
        table.failNextWrites++;
        break;
      case "list-fails":
        table.failNextLists++;
        break;
      case "begin":
        this.begin();
        // Lets it come as far as its first wait, or not.
        if (this.#now % 2 === 0) await turn();
        break;
      case "finish":
        await this.finish();
        break;
      case "hold-lists":
        table.holdLists();
        break;
      case "release-lists":
        table.releaseLists();
        // It may be taken in while something is being written.
        await turn();
        break;
      case "resync":
        reconciler.resync("overrun");
        break;
      case "open":
        reconciler.open();
        break;
      case "echoes":
        this.deliver(step.count);
        break;
      case "time":
        this.#now += step.ms;
    }
  }

  begin(): void {
    if (this.#running !== undefined) return;
    this.table.hold();
    this.#running = this.#apply();
  }

  async finish(): Promise<void> {
    this.table.release();
    // What nobody has read yet is waited for.
    if (this.reconciler.counts.read === 0) this.table.releaseLists();
    await this.#running;
    this.#running = undefined;
  }

  deliver(count: number): void {
    for (const [at, row] of this.#echoes.splice(0, count)) this.reconciler.saw(at, row);
  }

  /** Heals everything but foreign rows, and lets all come to rest. */
  async rest(): Promise<void> {
    const { table, reconciler } = this;
    table.releaseLists();
    await this.finish();
    table.failKeys.clear();
    table.failAfterWriting.clear();
    table.failNextLists = 0;
    table.failNextWrites = 0;
    reconciler.open();
    for (let round = 0; round < 10; round++) {
      this.#now += 60_000;
      await this.#apply();
      await turn();
      this.deliver(Number.POSITIVE_INFINITY);
    }
  }

  #apply(): Promise<unknown> {
    return this.reconciler.apply({
      kinds: ["put", "remove"],
      now: this.#now,
      signal,
      onRead,
    });
  }
}

describe("Whatever happened", () => {
  const runs = { numRuns: 500 };

  it("in the end exactly the wanted rows stand, but where somebody else's do", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const world = new World();
        for (const next of steps) await world.take(next);
        await world.rest();
        const wanted = [...world.desired].filter(([at]) => !world.table.foreign.has(at));
        expect(Object.fromEntries(world.table.rows)).toEqual(Object.fromEntries(wanted));
        expect(world.reconciler.pending).toEqual({
          dirty: 0,
          retrying: 0,
          foreign: [...world.desired.keys()].filter((at) => world.table.foreign.has(at)).length,
          unfit: 0,
        });
      }),
      runs,
    );
  });

  it("in the end nothing more is written, and reading again finds nothing wrong", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const world = new World();
        for (const next of steps) await world.take(next);
        for (const at of world.table.foreign) await world.take({ kind: "foreign-goes", key: at });
        await world.rest();
        const { tried } = world.table;
        const before = tried.length;
        world.reconciler.resync("refresh");
        await world.rest();
        expect(tried.slice(before)).toEqual([]);
      }),
      runs,
    );
  });

  it("a restart changes nothing that is right", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const world = new World();
        for (const next of steps) await world.take(next);
        await world.rest();
        const { table, desired } = world;
        const before = table.tried.length;
        const restarted = new Reconciler(table);
        for (const [at, row] of desired) restarted.want(at, row);
        restarted.open();
        await restarted.apply({ kinds: ["put", "remove"], now: 0, signal, onRead });
        const foreign = table.tried.slice(before).filter(({ key: at }) => !table.foreign.has(at));
        expect(foreign).toEqual([]);
      }),
      runs,
    );
  });

  it("a table whose writes are never echoed comes out the same", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const world = new World();
        for (const next of steps) {
          if (next.kind !== "edit" && next.kind !== "echoes") await world.take(next);
        }
        world.table.onEcho = () => {};
        for (const at of world.table.foreign) await world.take({ kind: "foreign-goes", key: at });
        world.reconciler.resync("refresh");
        await world.rest();
        expect(Object.fromEntries(world.table.rows)).toEqual(Object.fromEntries(world.desired));
      }),
      runs,
    );
  });
});
