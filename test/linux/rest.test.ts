/** What is left in sockets, and what is kept, while nobody listens to hosts. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Rest } from "../../src/linux/rest.ts";

let done: string[];
let rest: Rest;
const tell = (what: string): void => rest.tell(() => done.push(what));

beforeEach(() => {
  vi.useFakeTimers();
  done = [];
  const socket = { pause: () => done.push("pause"), resume: () => done.push("resume") };
  rest = new Rest({ sockets: () => [socket], hear: () => done.push("frames") });
});
afterEach(() => {
  vi.useRealTimers();
});

it("Without a rest what a bridge has learned is told at once", () => {
  tell("learned");
  expect(done).toEqual(["learned"]);
});

it("A rest is over after its time; frames are told first, then what was learned", () => {
  rest.begin();
  rest.begin();
  tell("a");
  tell("b");
  vi.advanceTimersByTime(9);
  expect(done).toEqual(["pause"]);
  vi.advanceTimersByTime(1);
  expect(done).toEqual(["pause", "resume", "frames", "a", "b"]);
  tell("c");
  expect(done.slice(5)).toEqual(["c"]);
});

it("C1.13 what has come is told in a rest as well, if it is asked for; the rest goes on", () => {
  rest.begin();
  tell("a");
  rest.hear();
  tell("b");
  expect(done).toEqual(["pause", "frames", "a"]);
  vi.advanceTimersByTime(10);
  expect(done.slice(3)).toEqual(["resume", "frames", "b"]);
});

it("Who ends in a rest tells nothing any more", () => {
  rest.begin();
  tell("a");
  rest[Symbol.dispose]();
  vi.advanceTimersByTime(10);
  expect(done).toEqual(["pause"]);
});
