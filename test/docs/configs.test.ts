/** What is made for Prometheus and Grafana asks for metrics, labels and kinds that there are. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { inRepository } from "../../labs/runner/repository.ts";
import { metricDocs } from "../../src/report/metric-docs.ts";
import { NOTICE_KINDS } from "../../src/report/notices.ts";

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}

const read = (path: string): string => readFileSync(inRepository(path), "utf8");
const rules = (parse(read("configs/prometheus/roamd.rules.yml")) as Rules).groups.flatMap(
  (group) => group.rules,
);
const dashboard: unknown = JSON.parse(read("configs/grafana/roamd.json"));

/** Every text under one of these names, however deep. */
function textsOf(value: unknown, names: readonly string[]): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, below]) =>
    typeof below === "string" && names.includes(name) ? [below] : textsOf(below, names),
  );
}

const STATES = "wanted standing dirty retrying foreign unfit established".split(" ");
const DIRECTIONS = "arrived left in out within elsewhere".split(" ");

/** What Prometheus itself adds to every series. */
const ADDED = ["instance", "job", "le"];

/** Why an expression can never find anything, if it can not. */
function mistakes(expression: string): readonly string[] {
  const docs = metricDocs();
  const wrong: string[] = [];
  for (const [, name = "", filter = ""] of expression.matchAll(/\b(roamd_\w+)(?:\{([^}]*)\})?/g)) {
    const doc = docs.get(name) ?? docs.get(name.replace(/_(bucket|sum|count)$/, ""));
    if (doc === undefined) {
      wrong.push(`there is no ${name}`);
      continue;
    }
    for (const [, label = "", values = ""] of filter.matchAll(/(\w+)=~?"([^"]*)"/g)) {
      if (!(label in doc.labels) && !ADDED.includes(label)) wrong.push(`${name} has no ${label}`);
      const known = { kind: NOTICE_KINDS, state: STATES, direction: DIRECTIONS }[label];
      for (const value of values.split("|")) {
        const isThere = (known as readonly string[] | undefined)?.includes(value) ?? true;
        if (!isThere) wrong.push(`no ${label} of ${name} is ${value}`);
      }
    }
  }
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, by = ""]) =>
    by.split(", "),
  );
  for (const label of grouped) {
    const names = [...expression.matchAll(/\broamd_\w+/g)].map(([name]) =>
      name.replace(/_(bucket|sum|count)$/, ""),
    );
    const has = (name: string): boolean => label in (docs.get(name)?.labels ?? {});
    if (!ADDED.includes(label) && !names.some(has)) wrong.push(`nothing in it has ${label}`);
  }
  return wrong;
}

describe("The alert rules", () => {
  it.each(rules.map((rule) => [rule.alert, rule] as const))("%s can be true", (_name, rule) => {
    expect(mistakes(rule.expr)).toEqual([]);
    expect(["warning", "critical"]).toContain(rule.labels.severity);
    expect(Object.keys(rule.annotations)).toEqual(["summary", "description"]);
  });

  it("are of different names", () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });
});

describe("The dashboard", () => {
  const asked = textsOf(dashboard, ["expr", "query"]).filter((text) => text.includes("roamd_"));

  it.each(asked)("can be answered: %s", (expression) => {
    expect(mistakes(expression)).toEqual([]);
  });

  it("shows every metric", () => {
    const all = asked.join("\n");
    const missing = [...metricDocs().keys()].filter((name) => !all.includes(name));
    expect(missing).toEqual([]);
  });

  it("asks for the data source by the variable alone, and no panel lies upon another", () => {
    const sources = new Set(textsOf(dashboard, ["uid"]));
    expect([...sources].sort()).toEqual(["$" + "{datasource}", "roamd"]);
    const { panels } = dashboard as { readonly panels: readonly Panel[] };
    const taken = new Set<string>();
    for (const { id, gridPos } of panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x}/${y}`), `panel ${id}`).toBe(false);
          taken.add(`${x}/${y}`);
        }
      }
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    }
  });
});

interface Panel {
  readonly id: number;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
}

describe("The check itself finds", () => {
  it.each([
    "roamd_moved_total",
    'roamd_rows{status="wanted"}',
    'roamd_notices_total{kind=~"moved|vanished"}',
    "sum by (reason) (roamd_moves_total)",
  ])("%s", (expression) => {
    expect(mistakes(expression)).toHaveLength(1);
  });
});
