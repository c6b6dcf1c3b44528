import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCommandRequest } from "../../src/control/command.ts";

describe("A command that comes over the socket", () => {
  it("is taken in its canonical form", () => {
    const text = '{"kind":"clear-duplicate","address":"02-00-00-00-00-0A","vni":10}';
    expect(readCommandRequest(text)).toEqual({
      ok: true,
      value: { kind: "clear-duplicate", address: "02:00:00:00:00:0a", vni: 10 },
    });
  });

  const refused: readonly [text: string, error: string][] = [
    ["", "Cannot read the request: it is not JSON"],
    ["[]", "Cannot read the request: it is not a JSON object"],
    ["{}", "Cannot do undefined: it is none of clear-duplicate, attach, detach, migrate"],
    [
      '{"kind":"toString"}',
      'Cannot do "toString": it is none of clear-duplicate, attach, detach, migrate',
    ],
    [
      '{"kind":"clear-duplicate"}',
      "Cannot clear a duplicate: undefined is not a MAC or an IP address, or all",
    ],
    [
      '{"kind":"clear-duplicate","address":[]}',
      "Cannot clear a duplicate: an object is not a MAC or an IP address, or all",
    ],
    [
      '{"kind":"clear-duplicate","address":"all","vni":"10"}',
      'Cannot clear a duplicate: "10" is not a number',
    ],
    [
      '{"kind":"clear-duplicate","address":"all","vnl":10}',
      'Cannot read the request: "vnl" is none of address, vni',
    ],
  ];
  for (const [text, error] of refused) {
    it(`is refused as ${text === "" ? "nothing" : text}`, () => {
      expect(readCommandRequest(text)).toEqual({ ok: false, error });
    });
  }

  it("never throws, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => void readCommandRequest(text)),
    );
  });
});
