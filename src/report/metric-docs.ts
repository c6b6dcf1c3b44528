/**
 * Every metric roamd has, with what is told of it; `docs/metrics.md` is made of this. Prefix `roamd_`,
 * seconds and bytes as units; no label has a MAC or IP address as its value, so that their number
 * stays bounded.
 */

/** What is told of a metric; `docs/metrics.md` is made of it. */
export interface MetricDoc {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  /** The labels, each with the values it may have. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What notices count; each of these counters has one label. */
export type CounterName =
  | "roamd_notices_total"
  | "roamd_decisions_total"
  | "roamd_moves_total"
  | "roamd_frames_ignored_total"
  | "roamd_routes_ignored_total"
  | "roamd_limits_hit_total"
  | "roamd_probes_unanswered_total"
  | "roamd_drift_repaired_total"
  | "roamd_redirected_frames_total"
  | "roamd_control_refused_total";

const TABLE = "`fdb`, `flood`, `neighbour`, `redirect`, `mac-ip-route`, `imet-route`";

/** One label each: what notices count (`decision-notices.ts`, `notices.ts`). */
export const COUNTERS: Readonly<
  Record<CounterName, { help: string; label: string; values: string }>
> = {
  roamd_notices_total: {
    help: "Notices, by kind; each kind is there from the start",
    label: "kind",
    values: "the kinds of [notices.md](notices.md)",
  },
  roamd_decisions_total: {
    help: "Decisions about a MAC, by outcome",
    label: "outcome",
    values: "the kinds of [notices.md](notices.md) that are decisions",
  },
  roamd_moves_total: {
    help: "MACs that changed their place, by direction",
    label: "direction",
    values: "`arrived`, `left`, `in`, `out`, `within` (from port to port), `elsewhere`",
  },
  roamd_frames_ignored_total: {
    help: "Frames that said nothing, or nothing credible, or that nobody looked at, by reason",
    label: "reason",
    values: "a word, such as `rate`, `no-room`, `late`, `own-mac`, `arp-sender-mismatch`",
  },
  roamd_routes_ignored_total: {
    help: "Received routes that say nothing to this leaf, by reason",
    label: "reason",
    values: "a word, such as `no-matching-route-target`, `own-nexthop`, `label`",
  },
  roamd_limits_hit_total: {
    help: "Limits that were hit, by limit",
    label: "limit",
    values: "`macs-per-port`, `ips-per-mac`, `frames-per-second`",
  },
  roamd_probes_unanswered_total: {
    help: "Probes for an address in use that were not answered in its owner's place, by reason",
    label: "reason",
    values: "`moving`, `contested`, `rate`",
  },
  roamd_drift_repaired_total: {
    help: "Rows that others had changed or removed, and that were put right, by table",
    label: "table",
    values: TABLE,
  },
  roamd_redirected_frames_total: {
    help: "Frames that came out of the tunnel for a MAC that had gone, and were sent on to it",
    label: "vni",
    values: "a VNI",
  },
  roamd_control_refused_total: {
    help: "Requests over TCP of those who may not, by reason",
    label: "reason",
    values: "a word, such as `replayed`, `clock`",
  },
};

export type OtherName =
  | "roamd_signals_total"
  | "roamd_resyncs_total"
  | "roamd_apply_seconds"
  | "roamd_move_seconds"
  | "roamd_rows"
  | "roamd_duplicates"
  | "roamd_gobgp_connected"
  | "roamd_gobgp_peers"
  | "roamd_ready"
  | "roamd_build_info"
  | "roamd_start_time_seconds"
  | "roamd_resident_memory_bytes"
  | "roamd_cpu_seconds_total";

/** All the others. */
export const OTHERS: Readonly<Record<OtherName, MetricDoc>> = {
  roamd_signals_total: {
    type: "counter",
    help: "Signs of life of local hosts, by signal",
    labels: { signal: "a word, such as `gratuitous-arp`, `rarp`, `data`, `dhcp`, `word`" },
  },
  roamd_resyncs_total: {
    type: "counter",
    help: "Tables read again, by table and cause",
    labels: { table: TABLE, cause: "a few words, such as `netlink overrun`, `gobgpd connected`" },
  },
  roamd_apply_seconds: {
    type: "histogram",
    help: "Time from asking for rows to be written until the answer, by table",
    labels: { table: TABLE },
  },
  roamd_move_seconds: {
    type: "histogram",
    help: "Time from the news of a move until this leaf has followed it, by direction",
    labels: { direction: "`in`, `out`, `within`, `elsewhere`" },
  },
  roamd_rows: {
    type: "gauge",
    help: "Rows, by table and state",
    labels: {
      table: TABLE,
      state:
        "`wanted` and `standing`; and of those wanted that do not stand: `dirty` (about to be written), `retrying`, `foreign` (somebody else's row is in the way), `unfit` (will never be taken)",
    },
  },
  roamd_duplicates: {
    type: "gauge",
    help: "MACs and IPs that are at two places at once",
    labels: {},
  },
  roamd_gobgp_connected: {
    type: "gauge",
    help: "Whether gobgpd answers: 1 or 0",
    labels: {},
  },
  roamd_gobgp_peers: {
    type: "gauge",
    help: "The neighbours of gobgpd, by the state of their session",
    labels: { state: "`established`, or the state of RFC 4271 that it is in" },
  },
  roamd_ready: {
    type: "gauge",
    help: "Whether the start is over, so that rows are written: 1 or 0",
    labels: {},
  },
  roamd_build_info: {
    type: "gauge",
    help: "Always 1",
    labels: { version: "that of roamd" },
  },
  roamd_start_time_seconds: {
    type: "gauge",
    help: "When roamd was started, in seconds since the epoch",
    labels: {},
  },
  roamd_resident_memory_bytes: {
    type: "gauge",
    help: "Memory of the process that is in RAM",
    labels: {},
  },
  roamd_cpu_seconds_total: {
    type: "counter",
    help: "Processor time that was spent, of the process and of the kernel on its behalf",
    labels: {},
  },
};

/** All there are, by name. */
export function metricDocs(): ReadonlyMap<string, MetricDoc> {
  const counted = Object.entries(COUNTERS).map(([name, { help, label, values }]) => {
    return [name, { type: "counter", help, labels: { [label]: values } }] as const;
  });
  return new Map<string, MetricDoc>([...counted, ...Object.entries(OTHERS)]);
}
