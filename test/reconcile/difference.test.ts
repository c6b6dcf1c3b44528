/** What is wanted and what stands, kept in one place, beside a model that keeps them in two. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { Difference } from "../../src/reconcile/difference.ts";

interface Row {
  readonly value: number;
}

const key = fc.constantFrom("a", "b", "c", "d");
const row = fc.option(fc.record({ value: fc.nat(2) }), { nil: undefined });
const step = fc.oneof(
  fc.record({ do: fc.constant("want" as const), key, row }),
  fc.record({ do: fc.constant("stands" as const), key, row }),
  fc.record({
    do: fc.constant("read" as const),
    rows: fc.array(fc.tuple(key, fc.record({ value: fc.nat(2) }))),
    knownBetter: fc.uniqueArray(key),
  }),
);

function put(rows: Map<string, Row>, at: string, what: Row | undefined): void {
  if (what === undefined) rows.delete(at);
  else rows.set(at, what);
}

it("Both sides are those of two tables, whatever happens", () => {
  const property = fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const difference = new Difference<string, Row>((a, b) => a.value === b.value);
    const wanted = new Map<string, Row>();
    let standing = new Map<string, Row>();
    for (const each of steps) {
      if (each.do === "want") {
        const isNews = wanted.get(each.key)?.value !== each.row?.value;
        expect(difference.want(each.key, each.row)).toBe(isNews);
        put(wanted, each.key, each.row);
      } else if (each.do === "stands") {
        difference.stands(each.key, each.row);
        put(standing, each.key, each.row);
      } else {
        difference.read(new Map(each.rows), new Set(each.knownBetter));
        const read = new Map<string, Row>(each.rows);
        for (const at of each.knownBetter) put(read, at, standing.get(at));
        standing = read;
      }
      expect(new Map(difference.desired)).toEqual(wanted);
      expect(new Map(difference.actual)).toEqual(standing);
      expect([difference.desired.size, difference.actual.size]).toEqual([
        wanted.size,
        standing.size,
      ]);
      const wrong = ["a", "b", "c", "d"].filter(
        (at) => wanted.get(at)?.value !== standing.get(at)?.value,
      );
      expect(Object.values(difference.wrong()).flat().toSorted()).toEqual(wrong);
    }
  });
  fc.assert(property, { numRuns: 300 });
});

it("A row that is wanted and stands is kept once", () => {
  const difference = new Difference<string, Row>((a, b) => a.value === b.value);
  const [read, known] = [{ value: 1 }, { value: 1 }];
  difference.want("known", known);
  difference.read(
    new Map([
      ["known", { value: 1 }],
      ["late", read],
    ]),
    new Set(),
  );
  expect(difference.actual.get("known")).toBe(known);
  const late = { value: 1 };
  difference.want("late", late);
  expect(difference.actual.get("late")).toBe(late);
});
