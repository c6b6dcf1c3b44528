import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { atTurnsEnd, notOftener } from "../src/pace.ts";

it("What is for the end of the turn is done then, once, and again in the next", async () => {
  let done = 0;
  const ask = atTurnsEnd(() => done++);
  ask();
  await Promise.resolve();
  ask();
  expect(done).toBe(0);
  await setImmediate();
  expect(done).toBe(1);
  ask();
  await setImmediate();
  expect(done).toBe(2);
});

it("What is to be done no oftener than that is done at once, and then not before its time", () => {
  let time = 100;
  const done: number[] = [];
  const ask = notOftener(
    () => done.push(time),
    1,
    () => time,
  );
  for (time of [100, 100.5, 100.9, 101, 101.2, 150, 150.2]) ask();
  expect(done).toEqual([100, 101, 150]);
});
