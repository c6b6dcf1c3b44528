import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFilter, readShowRequest, readWatchRequest } from "../../src/control/protocol.ts";
import { decodeTexts, encodeTexts } from "../../src/control/service.ts";

describe("A question that comes over the socket", () => {
  it("is taken in its canonical form", () => {
    const text = '{"what":"macs","filter":{"mac":"02-00-00-00-00-0A","vni":10}}';
    expect(readShowRequest(text)).toEqual({
      ok: true,
      value: { what: "macs", filter: { mac: "02:00:00:00:00:0a", vni: 10 } },
    });
  });

  it("needs no filter", () => {
    expect(readShowRequest('{"what":"status"}')).toEqual({
      ok: true,
      value: { what: "status", filter: {} },
    });
  });

  const refused: readonly [text: string, error: string][] = [
    ["", "Cannot read the request: it is not JSON"],
    ["{", "Cannot read the request: it is not JSON"],
    ["[]", "Cannot read the request: it is not a JSON object"],
    ["null", "Cannot read the request: it is not a JSON object"],
    ['{"whta":"macs"}', 'Cannot read the request: "whta" is none of what, filter'],
    ['{"what":"macs","filter":7}', "Cannot read the request: its filter is not a JSON object"],
    [
      '{"what":"flurbs"}',
      'Cannot show "flurbs": it is none of status, vnis, macs, neighbors, routes, vteps, ports, moves, duplicates, history, explain, facts',
    ],
    [
      '{"what":"constructor"}',
      'Cannot show "constructor": it is none of status, vnis, macs, neighbors, routes, vteps, ports, moves, duplicates, history, explain, facts',
    ],
    ['{"what":"status","filter":{"vni":1}}', 'Cannot narrow status by "vni": it takes no filter'],
    [
      '{"what":"vteps","filter":{"mac":"02:00:00:00:00:01"}}',
      'Cannot narrow vteps by "mac": it is none of vni, vtep',
    ],
    [
      '{"what":"vteps","filter":{"__proto__":{}}}',
      'Cannot narrow vteps by "__proto__": it is none of vni, vtep',
    ],
    [
      '{"what":"macs","filter":{"vni":16777216}}',
      "Cannot narrow macs by vni: vni 16777216 is above 16777215",
    ],
    ['{"what":"macs","filter":{"vni":"ten"}}', 'Cannot narrow macs by vni: "ten" is not a number'],
    [
      '{"what":"macs","filter":{"mac":"02:00"}}',
      'Cannot narrow macs by mac: "02:00" is not a MAC address',
    ],
    [
      '{"what":"macs","filter":{"ip":{}}}',
      "Cannot narrow macs by ip: an object is not an IP address",
    ],
    [
      '{"what":"macs","filter":{"port":"averyveryverylongname"}}',
      'Cannot narrow macs by port: "averyveryverylongname" is not a name of a port',
    ],
    [
      '{"what":"routes","filter":{"type":5}}',
      "Cannot narrow routes by type: 5 is not a type of route known here: 2 or 3",
    ],
    [
      '{"what":"moves","filter":{"last":0}}',
      "Cannot narrow moves by last: 0 is not a number above 0",
    ],
  ];
  for (const [text, error] of refused) {
    it(`is refused as ${text === "" ? "nothing" : text}`, () => {
      expect(readShowRequest(text)).toEqual({ ok: false, error });
    });
  }

  it("has its long values cut in the refusal", () => {
    const refusal = readFilter("macs", { mac: "f".repeat(50_000) });
    expect(refusal).toMatchObject({ error: expect.stringMatching(/^.{80,140}$/) });
  });

  it("may be nested to any depth without harm", () => {
    const deep = `${"[".repeat(30_000)}${"]".repeat(30_000)}`;
    expect(readShowRequest(`{"what":${deep}}`).ok).toBe(false);
    expect(readWatchRequest(`{"filter":{"vni":${deep}}}`).ok).toBe(false);
  });

  it("never throws, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        readShowRequest(text);
        readWatchRequest(text);
      }),
    );
  });
});

describe("The codec", () => {
  it("gives back what was put in", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (texts) => {
        expect(decodeTexts(encodeTexts(texts))).toEqual(texts);
      }),
    );
  });

  it("writes what protobuf writes for a string at field 1", () => {
    //                                tag   len  "hi"
    expect([...encodeTexts(["hi"])]).toEqual([0x0a, 0x02, 0x68, 0x69]);
  });

  it("passes over fields it does not know", () => {
    //                            field 2, varint 5       field 1, "a"
    expect(decodeTexts(Uint8Array.of(0x10, 0x05, 0x0a, 0x01, 0x61))).toEqual(["a"]);
  });

  it("throws on bytes that end too early", () => {
    expect(() => decodeTexts(Uint8Array.of(0x0a, 0x05, 0x61))).toThrow();
  });
});
