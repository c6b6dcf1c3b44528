import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { fdbKey } from "../../src/evpn/rows.ts";
import { createLog } from "../../src/report/log.ts";
import { Metrics } from "../../src/report/metrics.ts";
import { Reporter } from "../../src/report/reporter.ts";
import { fdb, LEAF2, MAC, moved, port, VNI, vtep } from "./fixtures.ts";

interface Bench {
  readonly reporter: Reporter;
  readonly metrics: Metrics;
  readonly lines: Record<string, unknown>[];
}

function bench(): Bench {
  const lines: Record<string, unknown>[] = [];
  const metrics = new Metrics(
    () => ({ rows: [], duplicates: 0, gobgpConnected: true, peers: [], ready: true }),
    { version: "1.2.3", startedAt: 0 },
  );
  const to = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLog({ level: "info", now: () => 0, to });
  return { reporter: new Reporter({ metrics, log }), metrics, lines };
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
