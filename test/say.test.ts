/** What is said besides rows: when, and what of it together. */
import { expect, it } from "vitest";
import type { Kernel } from "../src/linux/kernel.ts";
import { NOTHING } from "../src/mobility/outbox.ts";
import type { AnyNotice } from "../src/report/notices.ts";
import { Mouth } from "../src/say.ts";
import type { Tables } from "../src/tables.ts";
import { A, Leaf, M, M2, mac, port, VNI } from "./mobility/leaf.ts";

it("Bridges are taught after our rows, what has gathered meanwhile together, and nothing that is past", async () => {
  const leaf = Leaf.ready(A);
  const gone = mac("02:00:00:00:00:09");
  for (const each of [M, M2]) leaf.sees({ mac: each });
  const settle: (() => void)[] = [];
  const taught: unknown[] = [];
  const told: AnyNotice[] = [];
  const lessonOf = (of: typeof M) => ({ vni: VNI, mac: of, port: port("p1") });
  const mouth = new Mouth({
    engine: leaf.engine,
    tables: { kernelSettled: () => new Promise<void>((done) => settle.push(done)) } as Tables,
    kernel: {
      teach: async (lessons: readonly unknown[]) => {
        taught.push(lessons);
        if (taught.length > 2) throw new Error("it died");
        return [{ lesson: lessonOf(M2), reason: "no" }].slice(0, taught.length - 1);
      },
    } as unknown as Kernel,
    tell: (notice) => told.push(notice),
  });
  mouth.say({ ...NOTHING, lessons: [lessonOf(M)] });
  mouth.say({ ...NOTHING, lessons: [lessonOf(M2)] });
  mouth.say({ ...NOTHING, lessons: [lessonOf(M), lessonOf(gone)] });
  expect(settle).toHaveLength(1);
  settle[0]?.();
  await expect.poll(() => settle).toHaveLength(2);
  expect(taught).toEqual([[lessonOf(M)]]);
  settle[1]?.();
  await expect.poll(() => taught).toHaveLength(2);
  expect(taught[1]).toEqual([lessonOf(M2), lessonOf(M)]);
  await expect.poll(() => told).toHaveLength(1);
  expect(told).toEqual([{ kind: "not-taught", ...lessonOf(M2), reason: "no" }]);

  mouth.say({ ...NOTHING, lessons: [lessonOf(M)] });
  expect(settle).toHaveLength(3);
  settle[2]?.();
  await expect.poll(() => told).toHaveLength(2);
  expect(told[1]).toEqual({ kind: "not-taught", ...lessonOf(M), reason: "Error: it died" });
  // Whatever has become of it, the next one has its turn.
  await expect
    .poll(() => {
      mouth.say({ ...NOTHING, lessons: [lessonOf(M)] });
      return settle.length;
    })
    .toBeGreaterThan(3);
});
