/**
 * Every metric roamd has, declared in this one file. Prefix `roamd_`, seconds and bytes as units; no
 * label has a MAC or IP address as its value, so that their number stays bounded.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { TableName } from "../evpn/rows.ts";
import type { Signal } from "../evpn/signal.ts";
import type { MoveFollowed } from "./timeline.ts";

/** What is read off at the moment of the scrape. */
export interface MetricsSnapshot {
  readonly rows: Iterable<{
    readonly table: TableName;
    readonly state: RowState;
    readonly count: number;
  }>;
  readonly duplicates: number;
  readonly gobgpConnected: boolean;
  /** Whether all sources have told their start, so that rows are written. */
  readonly ready: boolean;
}

/** `wanted` and `standing` overlap; the others are wanted and do not stand. */
export type RowState = "wanted" | "standing" | "dirty" | "retrying" | "foreign" | "unfit";

/** From one netlink round trip to a GoBGP that has gone to sleep. */
const APPLY_SECONDS = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
/** roamd's own part of a move is some milliseconds; a retry makes it seconds. */
const MOVE_SECONDS = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.25, 1, 5, 30];

/** What notices count; each of these counters has one label. */
export type CounterName =
  | "roamd_notices_total"
  | "roamd_decisions_total"
  | "roamd_moves_total"
  | "roamd_frames_ignored_total"
  | "roamd_routes_ignored_total"
  | "roamd_limits_hit_total"
  | "roamd_control_refused_total";

const COUNTERS: Readonly<Record<CounterName, { help: string; label: string }>> = {
  roamd_notices_total: { help: "Notices, by kind", label: "kind" },
  roamd_decisions_total: { help: "Decisions about a MAC, by outcome", label: "outcome" },
  roamd_moves_total: {
    help: "MACs that changed their place: arrived, left, in, out, within, elsewhere",
    label: "direction",
  },
  roamd_frames_ignored_total: {
    help: "Frames that said nothing, or nothing credible, by reason",
    label: "reason",
  },
  roamd_routes_ignored_total: {
    help: "Received routes that say nothing to this leaf, by reason",
    label: "reason",
  },
  roamd_limits_hit_total: { help: "Limits that were hit, by limit", label: "limit" },
  roamd_control_refused_total: {
    help: "Requests over TCP of those who may not, by reason",
    label: "reason",
  },
};

export class Metrics {
  readonly #registry = new Registry();
  readonly #counters: ReadonlyMap<string, Counter>;
  readonly #signals: Counter;
  readonly #resyncs: Counter;
  readonly #apply: Histogram;
  readonly #move: Histogram;

  constructor(snapshot: () => MetricsSnapshot) {
    const registers = [this.#registry];
    this.#counters = new Map(
      Object.entries(COUNTERS).map(([name, { help, label }]) => [
        name,
        new Counter({ name, help, labelNames: [label], registers }),
      ]),
    );
    this.#signals = new Counter({
      name: "roamd_signals_total",
      help: "Signs of life of local hosts, by signal",
      labelNames: ["signal"],
      registers,
    });
    this.#resyncs = new Counter({
      name: "roamd_resyncs_total",
      help: "Tables read again, by table and cause",
      labelNames: ["table", "cause"],
      registers,
    });
    this.#apply = new Histogram({
      name: "roamd_apply_seconds",
      help: "Time from asking for rows to be written until the answer, by table",
      labelNames: ["table"],
      buckets: APPLY_SECONDS,
      registers,
    });
    this.#move = new Histogram({
      name: "roamd_move_seconds",
      help: "Time from the news of a move until this leaf has followed it, by direction",
      labelNames: ["direction"],
      buckets: MOVE_SECONDS,
      registers,
    });
    declareGauges(registers, snapshot);
  }

  /** `value` is that of the counter's label: a word of ours, never text from outside. */
  count(name: CounterName, value: string, by = 1): void {
    this.#counters.get(name)?.inc({ [COUNTERS[name].label]: value }, by);
  }

  sawSignal(signal: Signal): void {
    this.#signals.inc({ signal });
  }

  /** `cause` is a word of ours, never text from outside. */
  resynced(table: TableName, cause: string): void {
    this.#resyncs.inc({ table, cause });
  }

  applied(table: TableName, tookMs: number): void {
    this.#apply.observe({ table }, tookMs / 1000);
  }

  moveFollowed({ direction, tookMs }: MoveFollowed): void {
    this.#move.observe({ direction }, tookMs / 1000);
  }

  /** All of it, as Prometheus reads it. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}

function declareGauges(registers: Registry[], snapshot: () => MetricsSnapshot): void {
  const rows = {
    name: "roamd_rows",
    help: "Rows, by table and state",
    labelNames: ["table", "state"],
    registers,
  };
  new Gauge({
    ...rows,
    collect() {
      this.reset();
      for (const { table, state, count } of snapshot().rows) this.set({ table, state }, count);
    },
  });
  const gauges = [
    ["roamd_duplicates", "MACs and IPs that are at two places at once", "duplicates"],
    ["roamd_gobgp_connected", "Whether gobgpd answers: 1 or 0", "gobgpConnected"],
    ["roamd_ready", "Whether the start is over, so that rows are written: 1 or 0", "ready"],
  ] as const;
  for (const [name, help, what] of gauges) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(Number(snapshot()[what]));
      },
    });
  }
}
