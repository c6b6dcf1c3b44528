import { describe, expect, it } from "vitest";
import { Metrics, type MetricsSnapshot } from "../../src/report/metrics.ts";

const quiet: MetricsSnapshot = { rows: [], duplicates: 0, gobgpConnected: false, ready: false };

async function lines(metrics: Metrics): Promise<readonly string[]> {
  return (await metrics.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("The metrics", () => {
  it("are all named roamd_, with units, and no label is an address", async () => {
    const metrics = new Metrics(() => quiet);
    const declared = (await metrics.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm);
    const names = [...declared].map(([, name = "", type = ""]) => `${name} ${type}`);
    expect(names.sort()).toEqual([
      "roamd_apply_seconds histogram",
      "roamd_control_refused_total counter",
      "roamd_decisions_total counter",
      "roamd_duplicates gauge",
      "roamd_frames_ignored_total counter",
      "roamd_gobgp_connected gauge",
      "roamd_limits_hit_total counter",
      "roamd_move_seconds histogram",
      "roamd_moves_total counter",
      "roamd_notices_total counter",
      "roamd_ready gauge",
      "roamd_resyncs_total counter",
      "roamd_routes_ignored_total counter",
      "roamd_rows gauge",
      "roamd_signals_total counter",
    ]);
  });

  it("count by label", async () => {
    const metrics = new Metrics(() => quiet);
    metrics.count("roamd_moves_total", "in");
    metrics.count("roamd_moves_total", "in");
    metrics.count("roamd_frames_ignored_total", "truncated", 3);
    metrics.sawSignal("gratuitous-arp");
    metrics.resynced("fdb", "overrun");
    expect(await lines(metrics)).toEqual(
      expect.arrayContaining([
        'roamd_moves_total{direction="in"} 2',
        'roamd_frames_ignored_total{reason="truncated"} 3',
        'roamd_signals_total{signal="gratuitous-arp"} 1',
        'roamd_resyncs_total{table="fdb",cause="overrun"} 1',
      ]),
    );
  });

  it("read rows and states when they are scraped, and forget what is no more", async () => {
    let now: MetricsSnapshot = {
      rows: [
        { table: "fdb", state: "standing", count: 7 },
        { table: "fdb", state: "retrying", count: 1 },
      ],
      duplicates: 2,
      gobgpConnected: true,
      ready: true,
    };
    const metrics = new Metrics(() => now);
    expect(await lines(metrics)).toEqual(
      expect.arrayContaining([
        'roamd_rows{table="fdb",state="standing"} 7',
        'roamd_rows{table="fdb",state="retrying"} 1',
        "roamd_duplicates 2",
        "roamd_gobgp_connected 1",
        "roamd_ready 1",
      ]),
    );

    now = { ...quiet, rows: [{ table: "flood", state: "standing", count: 1 }] };
    const later = await lines(metrics);
    expect(later).toContain('roamd_rows{table="flood",state="standing"} 1');
    expect(later).toContain("roamd_gobgp_connected 0");
    expect(later.filter((line) => line.includes("fdb"))).toEqual([]);
  });

  it("measure in seconds", async () => {
    const metrics = new Metrics(() => quiet);
    const move = {
      at: "2026-01-02T03:04:05.000Z",
      vni: 10,
      mac: "02:00:00:00:00:01",
      ips: [],
      from: null,
      to: "eth1",
      seq: 1,
      signal: "gratuitous-arp",
      by: null,
      steps: [],
    };
    metrics.applied("fdb", 2);
    metrics.moveFollowed({ move, direction: "in", tookMs: 3 });
    const all = await lines(metrics);
    expect(all).toContain('roamd_apply_seconds_sum{table="fdb"} 0.002');
    expect(all).toContain('roamd_move_seconds_bucket{le="0.002",direction="in"} 0');
    expect(all).toContain('roamd_move_seconds_bucket{le="0.004",direction="in"} 1');
  });

  it("do not share a registry", async () => {
    const [one, other] = [new Metrics(() => quiet), new Metrics(() => quiet)];
    one.count("roamd_moves_total", "in");
    expect((await lines(other)).filter((line) => line.includes("moves"))).toEqual([]);
  });
});
