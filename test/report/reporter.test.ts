import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { fdbKey } from "../../src/evpn/rows.ts";
import { createLog } from "../../src/report/log.ts";
import { Metrics } from "../../src/report/metrics.ts";
import { type Later, Reporter } from "../../src/report/reporter.ts";
import { fdb, LEAF2, MAC, moved, port, VNI, vtep } from "./fixtures.ts";

interface Bench {
  readonly reporter: Reporter;
  readonly metrics: Metrics;
  readonly lines: Record<string, unknown>[];
}

function bench({ later }: { later?: Later } = {}): Bench {
  const lines: Record<string, unknown>[] = [];
  const metrics = new Metrics(
    () => ({ rows: [], duplicates: 0, gobgpConnected: true, peers: [], ready: true }),
    { version: "1.2.3", startedAt: 0 },
  );
  const to = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLog({ level: "info", now: () => 0, to });
  return { reporter: new Reporter({ metrics, log, later }), metrics, lines };
}

const put = { kind: "put", key: fdbKey({ vni: VNI, mac: MAC }), row: fdb(LEAF2) } as const;

describe("The reporter", () => {
  it("does all of it afterwards, in the order in which it was told", async () => {
    const { reporter, metrics, lines } = bench();
    const events: unknown[] = [];
    reporter.watch((event, at) => events.push([event.kind, at]));
    reporter.decided(moved(port("eth1"), vtep(LEAF2)), 1000);
    reporter.applied("fdb", { written: [put], failed: [], reading: undefined }, 1002);

    expect(reporter.timeline.moves()).toEqual([]);
    expect(lines).toEqual([]);
    await setImmediate();
    expect(reporter.timeline.moves()[0]?.steps).toContainEqual({ name: "fdb", atMs: 2 });
    expect(lines).toMatchObject([{ kind: "moved", level: "info" }]);
    expect(events).toEqual([
      ["moved", 1000],
      ["followed", 1002],
    ]);
    const text = await metrics.text();
    expect(text).toContain('roamd_moves_total{direction="out"} 1');
    expect(text).toContain('roamd_move_seconds_sum{direction="out"} 0.002');
  });

  it("tells of rows that failed and of tables that were read", async () => {
    const { reporter, metrics, lines } = bench();
    const failure = { key: put.key, kind: "later", reason: "ENOBUFS" } as const;
    const reading = { kind: "read", cause: "overrun", rows: 3, wrong: 1 } as const;
    reporter.applied("fdb", { written: [], failed: [failure], reading }, 1000);
    await setImmediate();
    expect(lines).toMatchObject([
      { level: "warn", kind: "row-failed", table: "fdb", reason: "ENOBUFS" },
      { level: "info", kind: "table-read", table: "fdb", cause: "overrun", rows: 3, wrong: 1 },
    ]);
    expect(await metrics.text()).toContain('roamd_resyncs_total{table="fdb",cause="overrun"} 1');
  });

  it("waits for when it may, and loses nothing by it, however much it is", async () => {
    let work = (): void => {};
    let asked = 0;
    const later = (given: () => void) => {
      work = given;
      return () => void asked++;
    };
    const { reporter } = bench({ later });
    const events: number[] = [];
    reporter.watch((_, at) => events.push(at));
    for (let at = 0; at < 120; at++) reporter.tell({ kind: "ready" }, at);
    await setImmediate();
    expect([asked, events.length]).toEqual([120, 0]);
    work();
    // A turn of the event loop is not spent on all of it.
    expect(events.length).toBeLessThan(120);
    await expect.poll(() => events.length).toBe(120);
    reporter.tell({ kind: "ready" }, 120);
    reporter.catchUp();
    expect(events).toEqual(Array.from({ length: 121 }, (_, at) => at));
    work();
    for (let at = 121; at < 10_200; at++) reporter.tell({ kind: "ready" }, at);
    // Too much to be kept: it does not wait to be told.
    await expect.poll(() => events.length).toBe(10_200);
    expect(events.at(-1)).toBe(10_199);
    for (let at = 10_200; at < 60_000; at++) reporter.tell({ kind: "ready" }, at);
    await setImmediate();
    expect(events.length).toBeGreaterThanOrEqual(50_000);
    await expect.poll(() => events.length).toBe(60_000);
    expect(events.every((at, i) => at === i)).toBe(true);
  });

  it("tells a watcher no more once he has gone", async () => {
    const { reporter } = bench();
    const events: unknown[] = [];
    const goAway = reporter.watch((event) => events.push(event));
    goAway();
    reporter.tell({ kind: "ready" }, 0);
    await setImmediate();
    expect(events).toEqual([]);
  });
});
