import { describe, expect, it } from "vitest";
import { Dump } from "../../src/gobgp/dump.ts";

/** With the first of these messages by which all seems to be told, counted from one; 0: with none. */
function overWith(batchSize: number, messages: readonly number[]): number {
  const dump = new Dump(batchSize);
  for (const [i, paths] of messages.entries()) {
    dump.came(paths);
    if (dump.isOver) return i + 1;
  }
  return 0;
}

describe("What stands at the beginning of a watch", () => {
  it("ends with a message that is smaller than those before", () => {
    expect(overWith(3, [4, 4, 1])).toBe(3);
    expect(overWith(3, [4, 4, 3, 1])).toBe(3);
  });

  it("ends with an empty message where it fills the others", () => {
    expect(overWith(3, [4, 4, 0])).toBe(3);
  });

  it("may be nothing, or less than a message", () => {
    expect(overWith(3, [0])).toBe(1);
    expect(overWith(3, [2])).toBe(1);
  });

  it("is one message where gobgpd takes no notice of the size that was asked for", () => {
    expect(overWith(3, [1000])).toBe(1);
  });

  it("does not end with a message that is as large as was asked for: there may be more", () => {
    expect(overWith(3, [3])).toBe(0);
    expect(overWith(3, [3, 3, 3, 1])).toBe(4);
  });

  it("is not made longer by the changes that follow", async () => {
    const dump = new Dump(3);
    for (const paths of [4, 2, 1, 1]) dump.came(paths);
    await dump.over;
    expect([dump.messages, dump.largest]).toEqual([2, 4]);
  });
});
