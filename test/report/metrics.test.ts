import { describe, expect, it } from "vitest";
import { Metrics, type MetricsSnapshot } from "../../src/report/metrics.ts";

const quiet: MetricsSnapshot = {
  rows: [],
  duplicates: 0,
  gobgpConnected: false,
  peers: [],
  ready: false,
};

function metricsOf(snapshot: () => MetricsSnapshot = () => quiet): Metrics {
  return new Metrics(snapshot, { version: "1.2.3", startedAt: 86_400_000 });
}

async function lines(metrics: Metrics): Promise<readonly string[]> {
  return (await metrics.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("The metrics", () => {
  it("are all named roamd_, with units, and no label is an address", async () => {
    const metrics = metricsOf();
    const declared = (await metrics.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm);
    const names = [...declared].map(([, name = "", type = ""]) => `${name} ${type}`);
    expect(names.sort()).toEqual([
      "roamd_apply_seconds histogram",
      "roamd_build_info gauge",
      "roamd_control_refused_total counter",
      "roamd_cpu_seconds_total counter",
      "roamd_decisions_total counter",
      "roamd_drift_repaired_total counter",
      "roamd_duplicates gauge",
      "roamd_frames_ignored_total counter",
      "roamd_gobgp_connected gauge",
      "roamd_gobgp_peers gauge",
      "roamd_limits_hit_total counter",
      "roamd_move_seconds histogram",
      "roamd_moves_total counter",
      "roamd_notices_total counter",
      "roamd_probes_unanswered_total counter",
      "roamd_ready gauge",
      "roamd_redirected_frames_total counter",
      "roamd_resident_memory_bytes gauge",
      "roamd_resyncs_total counter",
      "roamd_routes_ignored_total counter",
      "roamd_rows gauge",
      "roamd_signals_total counter",
      "roamd_start_time_seconds gauge",
    ]);
  });

  it("count by label", async () => {
    const metrics = metricsOf();
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
      peers: [{ state: "established" }, { state: "active" }, { state: "active" }],
      ready: true,
    };
    const metrics = metricsOf(() => now);
    expect(await lines(metrics)).toEqual(
      expect.arrayContaining([
        'roamd_rows{table="fdb",state="standing"} 7',
        'roamd_rows{table="fdb",state="retrying"} 1',
        "roamd_duplicates 2",
        'roamd_gobgp_peers{state="established"} 1',
        'roamd_gobgp_peers{state="active"} 2',
        "roamd_gobgp_connected 1",
        "roamd_ready 1",
      ]),
    );

    now = { ...quiet, rows: [{ table: "flood", state: "standing", count: 1 }] };
    const later = await lines(metrics);
    expect(later).toContain('roamd_rows{table="flood",state="standing"} 1');
    expect(later).toContain("roamd_gobgp_connected 0");
    expect(later.filter((line) => line.includes("peers"))).toEqual([
      'roamd_gobgp_peers{state="established"} 0',
    ]);
    expect(later.filter((line) => line.includes("fdb"))).toEqual([]);
  });

  it("measure in seconds", async () => {
    const metrics = metricsOf();
    metrics.applied("fdb", 2);
    metrics.moveFollowed({ direction: "in", tookMs: 3 });
    const all = await lines(metrics);
    expect(all).toContain('roamd_apply_seconds_sum{table="fdb"} 0.002');
    expect(all).toContain('roamd_move_seconds_bucket{le="0.002",direction="in"} 0');
    expect(all).toContain('roamd_move_seconds_bucket{le="0.004",direction="in"} 1');
  });

  it("tell of the process: its version, its start, what it takes of the machine", async () => {
    const metrics = metricsOf();
    const before = cpuSecondsIn(await lines(metrics));
    expect(await lines(metrics)).toEqual(
      expect.arrayContaining([
        'roamd_build_info{version="1.2.3"} 1',
        "roamd_start_time_seconds 86400",
        expect.stringMatching(/^roamd_resident_memory_bytes [1-9]\d{6,}$/),
      ]),
    );
    expect(cpuSecondsIn(await lines(metrics))).toBeGreaterThanOrEqual(before);
    expect(before).toBeGreaterThan(0);
  });

  it("do not share a registry", async () => {
    const [one, other] = [metricsOf(), metricsOf()];
    one.count("roamd_moves_total", "in");
    expect((await lines(other)).filter((line) => line.includes("moves"))).toEqual([]);
  });
});

function cpuSecondsIn(metrics: readonly string[]): number {
  const [, value] =
    metrics.find((line) => line.startsWith("roamd_cpu_seconds_total"))?.split(" ") ?? [];
  return Number(value);
}
