/** The metrics of one daemon, and how they are counted; what there is stands in `metric-docs.ts`. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { TableName } from "../evpn/rows.ts";
import type { Signal } from "../evpn/signal.ts";
import { COUNTERS, type CounterName, OTHERS, type OtherName } from "./metric-docs.ts";
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
  /** gobgpd's own neighbours, by the state of their session. */
  readonly peers: Iterable<{ readonly state: string }>;
  /** Whether all sources have told their start, so that rows are written. */
  readonly ready: boolean;
}

/** What does not change while the process lives. */
export interface Build {
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** `wanted` and `standing` overlap; the others are wanted and do not stand. */
export type RowState = "wanted" | "standing" | "dirty" | "retrying" | "foreign" | "unfit";

/** From one netlink round trip to a GoBGP that has gone to sleep. */
const APPLY_SECONDS = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
/** roamd's own part of a move is some milliseconds; a retry makes it seconds. */
const MOVE_SECONDS = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.25, 1, 5, 30];

export class Metrics {
  readonly #registry = new Registry();
  /** Counted with every notice and every frame, and made known when somebody asks. */
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #signals = new Map<Signal, number>();
  readonly #resyncs: Counter;
  readonly #apply: Histogram;
  readonly #move: Histogram;

  constructor(snapshot: () => MetricsSnapshot, build: Build) {
    const registers = [this.#registry];
    for (const [name, { help, label }] of Object.entries(COUNTERS)) {
      const counts = new Map<string, number>();
      this.#counts.set(name, counts);
      declareCounts({ name, help, labelNames: [label], registers }, counts);
    }
    const of = (name: OtherName) => {
      const { help, labels } = OTHERS[name];
      return { name, help, labelNames: Object.keys(labels), registers };
    };
    declareCounts(of("roamd_signals_total"), this.#signals);
    this.#resyncs = new Counter(of("roamd_resyncs_total"));
    this.#apply = new Histogram({ ...of("roamd_apply_seconds"), buckets: APPLY_SECONDS });
    this.#move = new Histogram({ ...of("roamd_move_seconds"), buckets: MOVE_SECONDS });
    declareGauges(of, snapshot);
    declareProcess(of, build);
  }

  /** `value` is that of the counter's label: a word of ours, never text from outside. */
  count(name: CounterName, value: string, by = 1): void {
    const counts = this.#counts.get(name);
    counts?.set(value, (counts.get(value) ?? 0) + by);
  }

  sawSignal(signal: Signal): void {
    this.#signals.set(signal, (this.#signals.get(signal) ?? 0) + 1);
  }

  /** `cause` is a word of ours, never text from outside. */
  resynced(table: TableName, cause: string): void {
    this.#resyncs.inc({ table, cause });
  }

  applied(table: TableName, tookMs: number): void {
    this.#apply.observe({ table }, tookMs / 1000);
  }

  moveFollowed({ direction, tookMs }: Omit<MoveFollowed, "move">): void {
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

type Options = {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: Registry[];
};
type OptionsOf = (name: OtherName) => Options;

/** What is read off at the scrape; `set` is called anew each time, after all of before is forgotten. */
function gauge(options: Options, set: (gauge: Gauge) => void): void {
  new Gauge({
    ...options,
    collect() {
      this.reset();
      set(this);
    },
  });
}

function declareGauges(of: OptionsOf, snapshot: () => MetricsSnapshot): void {
  gauge(of("roamd_rows"), (rows) => {
    for (const { table, state, count } of snapshot().rows) rows.set({ table, state }, count);
  });
  gauge(of("roamd_gobgp_peers"), (peers) => {
    // Without a single one established, there is to be a 0 to be warned of.
    peers.set({ state: "established" }, 0);
    for (const { state } of snapshot().peers) peers.inc({ state });
  });
  gauge(of("roamd_duplicates"), (one) => one.set(snapshot().duplicates));
  gauge(of("roamd_gobgp_connected"), (one) => one.set(Number(snapshot().gobgpConnected)));
  gauge(of("roamd_ready"), (one) => one.set(Number(snapshot().ready)));
}

function declareCounts(options: Options, counts: ReadonlyMap<string, number>): void {
  const [label = ""] = options.labelNames;
  new Counter({
    ...options,
    collect() {
      this.reset();
      for (const [value, count] of counts) this.inc({ [label]: value }, count);
    },
  });
}

function declareProcess(of: OptionsOf, { version, startedAt }: Build): void {
  gauge(of("roamd_build_info"), (one) => one.set({ version }, 1));
  gauge(of("roamd_start_time_seconds"), (one) => one.set(startedAt / 1000));
  gauge(of("roamd_resident_memory_bytes"), (one) => one.set(process.memoryUsage.rss()));
  new Counter({
    ...of("roamd_cpu_seconds_total"),
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1_000_000);
    },
  });
}
