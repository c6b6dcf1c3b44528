/** `docs/metrics.md`: what `/metrics` tells. */
import { it } from "vitest";
import { metricDocs } from "../../src/report/metric-docs.ts";
import { expectWritten, table } from "./written.ts";

const HEAD = `# Metrics

\`roamd\` serves them for Prometheus at \`/metrics\`, where \`http\` says ([roamd.yaml](../configs/roamd.yaml));
\`/healthz\` answers 200 once all sources have told their start, and 503 with the reason before. Labels never
have an address of a host as their value, so there are as many series for a million hosts as for ten.

[Alert rules](../configs/prometheus/roamd.rules.yml) and a [dashboard for Grafana](../configs/grafana/roamd.json)
are made of these.

`;

it("docs/metrics.md tells every metric with its type and labels", () => {
  const rows = [...metricDocs()].map(([name, { type, help, labels }]) => [
    `\`${name}\``,
    type,
    help,
    Object.entries(labels)
      .map(([label, values]) => `\`${label}\`: ${values}`)
      .join("; "),
  ]);
  expectWritten("docs/metrics.md", HEAD + table(["metric", "type", "meaning", "labels"], rows));
});
