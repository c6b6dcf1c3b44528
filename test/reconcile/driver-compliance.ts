/**
 * What every driver must do, whatever it drives. Run against the fake table here, and against the
 * kernel's and GoBGP's tables where these are to be had.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Change, Driver, Failure } from "../../src/reconcile/driver.ts";

export interface Sample<Key extends string, Row> {
  readonly key: Key;
  readonly row: Row;
  /** Another row for the same key, which `agree` tells from the first. */
  readonly changed: Row;
}

export interface DriverUnderTest<Key extends string, Row> {
  readonly driver: Driver<Key, Row>;
  /** Rows that can stand side by side. */
  readonly samples: readonly [Sample<Key, Row>, Sample<Key, Row>, ...Sample<Key, Row>[]];
  /** A row that can never be written, where there is such a thing. */
  readonly unfit?: { readonly key: Key; readonly row: Row } | undefined;
  /** Lays a row of somebody else at the key of a sample, where that is possible. */
  readonly foreign?:
    | {
        readonly lay: (sample: Sample<Key, Row>) => Promise<void>;
        readonly stands: (sample: Sample<Key, Row>) => Promise<boolean>;
      }
    | undefined;
  readonly close: () => Promise<void>;
}

export function describeDriver<Key extends string, Row>(
  name: string,
  make: () => Promise<DriverUnderTest<Key, Row>>,
): void {
  describe(`${name} as a driver`, () => {
    const { signal } = new AbortController();
    let tested: DriverUnderTest<Key, Row>;

    beforeEach(async () => {
      tested = await make();
    });
    afterEach(async () => {
      await tested.close();
    });

    function write(...changes: Change<Key, Row>[]): Promise<readonly Failure<Key>[]> {
      return tested.driver.write(changes, signal);
    }

    function put({ key, row }: { key: Key; row: Row }): Change<Key, Row> {
      return { kind: "put", key, row };
    }

    function remove({ key, row }: { key: Key; row: Row }): Change<Key, Row> {
      return { kind: "remove", key, row };
    }

    /** Exactly these rows stand, as far as the driver lists them. */
    async function expectRows(rows: readonly { key: Key; row: Row }[]): Promise<void> {
      const listed = await tested.driver.list(signal);
      expect([...listed.keys()].sort()).toEqual(rows.map(({ key }) => key).sort());
      for (const { key, row } of rows) {
        const actual = listed.get(key);
        expect(
          actual !== undefined && tested.driver.agree(row, actual),
          `${key}: ${JSON.stringify(actual)} should agree with ${JSON.stringify(row)}`,
        ).toBe(true);
      }
    }

    it("lists nothing where nothing of ours stands", async () => {
      await expectRows([]);
    });

    it("lists what was put", async () => {
      expect(await write(...tested.samples.map(put))).toEqual([]);
      await expectRows(tested.samples);
    });

    it("takes an empty batch for done", async () => {
      expect(await write()).toEqual([]);
      await expectRows([]);
    });

    it("makes one row of a row that is put twice", async () => {
      const [sample] = tested.samples;
      expect(await write(put(sample))).toEqual([]);
      expect(await write(put(sample))).toEqual([]);
      expect(await write(put(sample), put(sample))).toEqual([]);
      await expectRows([sample]);
    });

    it("replaces a row, leaving nothing of the old one", async () => {
      const [sample, other] = tested.samples;
      const changed = { key: sample.key, row: sample.changed };
      await write(put(sample), put(other));
      expect(tested.driver.agree(changed.row, sample.row)).toBe(false);
      expect(await write(put(changed))).toEqual([]);
      await expectRows([changed, other]);
      expect(await write(remove(changed))).toEqual([]);
      await expectRows([other]);
    });

    it("removes a row, and only that one", async () => {
      const [sample, other] = tested.samples;
      await write(put(sample), put(other));
      expect(await write(remove(sample))).toEqual([]);
      await expectRows([other]);
    });

    it("takes the removal of a row that is gone for done", async () => {
      const [sample] = tested.samples;
      expect(await write(remove(sample))).toEqual([]);
      await write(put(sample));
      expect(await write(remove(sample), remove(sample))).toEqual([]);
      await expectRows([]);
    });

    it("removes a row although another one stands there than we believed", async () => {
      const [sample] = tested.samples;
      await write(put({ key: sample.key, row: sample.changed }));
      expect(await write(remove(sample))).toEqual([]);
      await expectRows([]);
    });

    it("writes the changes of one batch in their order", async () => {
      const [sample, other] = tested.samples;
      expect(await write(put(sample), remove(sample), remove(other), put(other))).toEqual([]);
      await expectRows([other]);
    });

    it("does not let a row that can not be written hold up the others", async (context) => {
      const { unfit, samples } = tested;
      if (unfit === undefined) return context.skip();
      const failures = await write(put(samples[0]), put(unfit), put(samples[1]));
      expect(failures.map(({ key }) => key)).toEqual([unfit.key]);
      expect(failures[0]?.reason).not.toBe("");
      await expectRows([samples[0], samples[1]]);
    });

    it("neither lists, nor replaces, nor removes a row of somebody else", async (context) => {
      const { foreign, samples } = tested;
      if (foreign === undefined) return context.skip();
      const [sample, other] = samples;
      await foreign.lay(sample);
      await expectRows([]);
      const failures = await write(put(sample), put(other));
      expect(failures.map(({ key, kind }) => ({ key, kind }))).toEqual([
        { key: sample.key, kind: "foreign" },
      ]);
      await write(remove(sample));
      expect(await foreign.stands(sample)).toBe(true);
      await expectRows([other]);
    });
  });
}
