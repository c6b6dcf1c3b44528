/** Which of our writes a row that was seen is the echo of. */
import { describe, expect, it } from "vitest";
import { OwnEchoes } from "../../src/reconcile/own-echoes.ts";

function echoes(): OwnEchoes<string, string> {
  return new OwnEchoes((written, seen) => written === seen);
}

describe("A write that nobody is told of", () => {
  it("is not remembered: the same row seen later is somebody else's doing", () => {
    const own = echoes();
    own.expect("key", "row", { isSilent: true });
    expect(own.match("key", "row")).toBe("none");
  });

  it("makes history of the echo of an older one that is still due", () => {
    const own = echoes();
    own.expect("key", undefined);
    own.expect("key", "row", { isSilent: true });
    expect(own.match("key", undefined)).toBe("older");
  });
});

describe("A write that others are told of", () => {
  it("is matched once", () => {
    const own = echoes();
    own.expect("key", "row");
    expect(own.match("key", "row")).toBe("newest");
    expect(own.match("key", "row")).toBe("none");
  });
});
