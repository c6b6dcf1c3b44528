import { setImmediate } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { atOnceUnlessBusy, atSecond, atTurnsEnd, notOftener, whenQuiet } from "../src/pace.ts";

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

it("Who is not busy is at it as soon as the callback is over, and else when the turn is", async () => {
  let time = 0;
  const done: number[] = [];
  const soon = atOnceUnlessBusy(2, () => time);
  soon(() => done.push(1));
  expect(done).toEqual([]);
  await Promise.resolve();
  expect(done).toEqual([1]);
  time = 1;
  soon(() => done.push(2));
  await Promise.resolve();
  expect(done).toEqual([1]);
  await setImmediate();
  expect(done).toEqual([1, 2]);
});

it("What is for when it is quiet is done then, or when it has waited for long enough", () => {
  vi.useFakeTimers();
  try {
    let done = 0;
    const pace = {
      quietMs: 20,
      atMostMs: 100,
      clock: () => vi.getMockedSystemTime()?.getTime() ?? 0,
    };
    const ask = whenQuiet(() => done++, pace);
    ask();
    vi.advanceTimersByTime(15);
    ask();
    vi.advanceTimersByTime(19);
    expect(done).toBe(0);
    vi.advanceTimersByTime(1);
    expect(done).toBe(1);
    for (let i = 0; i < 11; i++) {
      ask();
      vi.advanceTimersByTime(10);
    }
    expect(done).toBe(2);
    vi.advanceTimersByTime(1000);
    expect(done).toBe(3);
  } finally {
    vi.useRealTimers();
  }
});

it("At the second that comes soon after the first, once, and again when it has been quiet", () => {
  let time = 0;
  const done: number[] = [];
  const came = atSecond<string>(() => done.push(time), { quietMs: 100, clock: () => time });
  const comes = (at: number, one: string): void => {
    time = at;
    came(one);
  };
  comes(0, "a");
  comes(50, "a");
  expect(done).toEqual([]);
  comes(149, "b");
  comes(150, "c");
  comes(249, "a");
  expect(done).toEqual([149]);
  comes(349, "b");
  expect(done).toEqual([149]);
  comes(350, "c");
  expect(done).toEqual([149, 350]);
});
