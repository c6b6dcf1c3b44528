/** Messages are read as the library reads them, of whatever bytes. */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageReader, Texts } from "../../src/gobgp/message-reader.ts";

const anyText = fc.oneof(
  fc.string({ maxLength: 70 }),
  fc.string({ unit: "grapheme", maxLength: 70 }),
  fc.constantFrom("10.255.0.1", "10.255.0.2", "02:00:00:00:00:01", ""),
);

describe("A text of a message", () => {
  it("is the one that the library reads, also where it was read before", () => {
    const texts = new Texts();
    const property = fc.property(fc.array(anyText, { maxLength: 20 }), (given) => {
      const writer = new BinaryWriter();
      for (const text of given) writer.string(text);
      const reader = new MessageReader(Buffer.from(writer.finish()), texts);
      expect(given.map(() => reader.string())).toEqual(given);
      expect(reader.pos).toBe(reader.len);
    });
    fc.assert(property);
  });

  it("is told apart from another that would be kept at its place", () => {
    const texts = new Texts();
    const all = Array.from({ length: 5000 }, (_, i) => `${i}`);
    for (const _ of [1, 2]) {
      for (const text of all) {
        const bytes = Buffer.from(text);
        expect(texts.of(bytes, 0, bytes.length)).toBe(text);
      }
    }
    // Of one hash: 31 * 65 + 97 is 31 * 66 + 66.
    const [one, other] = [Buffer.from("Aa"), Buffer.from("BB")];
    expect([one, other, one].map((each) => texts.of(each, 0, 2))).toEqual(["Aa", "BB", "Aa"]);
  });

  it("that the message ends before is none", () => {
    const reader = new MessageReader(Buffer.from([5, 0x61, 0x62]), new Texts());
    expect(() => reader.string()).toThrow(RangeError);
  });
});

describe("A field that is not known", () => {
  const anyField = fc.oneof(
    fc.record({ kind: fc.constant("varint" as const), value: fc.bigInt(0n, 2n ** 64n - 1n) }),
    fc.record({ kind: fc.constant("bytes" as const), value: fc.uint8Array({ maxLength: 200 }) }),
    fc.record({ kind: fc.constant("fixed64" as const), value: fc.bigInt(0n, 2n ** 64n - 1n) }),
    fc.record({ kind: fc.constant("fixed32" as const), value: fc.nat() }),
  );

  it("is passed over as the library passes it over", () => {
    const property = fc.property(fc.array(anyField), (fields) => {
      const writer = new BinaryWriter();
      for (const { kind, value } of fields) {
        if (kind === "varint") writer.tag(7, WireType.Varint).uint64(value);
        else if (kind === "bytes") writer.tag(7, WireType.LengthDelimited).bytes(value);
        else if (kind === "fixed64") writer.tag(7, WireType.Bit64).fixed64(value);
        else writer.tag(7, WireType.Bit32).fixed32(value);
      }
      const bytes = Buffer.from(writer.finish());
      const [ours, theirs] = [new MessageReader(bytes, new Texts()), new BinaryReader(bytes)];
      for (const _ of fields) {
        for (const reader of [ours, theirs]) reader.skip(reader.tag()[1]);
        expect(ours.pos).toBe(theirs.pos);
      }
      expect(ours.pos).toBe(bytes.length);
    });
    fc.assert(property);
  });

  it("that the message ends before is none", () => {
    const reader = new MessageReader(Buffer.from([9, 1, 2]), new Texts());
    expect(() => reader.skip(WireType.LengthDelimited)).toThrow(RangeError);
  });
});
