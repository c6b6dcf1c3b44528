/** What nf_tables is told and tells; with the kernel itself: `test/kernel/redirect.test.ts`. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageWriter, NetlinkFlag, readMessages } from "../../src/wire/netlink.ts";
import {
  elementDump,
  elementQuestion,
  NftFamily,
  NftType,
  Transaction,
} from "../../src/wire/nftables.ts";
import { decodeElements, decodeSubject } from "../../src/wire/nftables-read.ts";

const TABLE = { family: NftFamily.netdev, table: "t" };

function messagesOf(bytes: Uint8Array) {
  const { messages, malformed } = readMessages(bytes);
  expect(malformed).toBeUndefined();
  return messages;
}

/** As the kernel tells of a set with one element. */
function elementMessage(key: Uint8Array, packets: number) {
  const writer = new MessageWriter();
  writer.begin(NftType.newElement, 0).fixed(4, (view, at) => view.setUint8(at, TABLE.family));
  writer.text(1, "t").text(2, "s");
  writer.nested(3, () => {
    writer.nested(1, () => {
      writer.nested(1, () => writer.bytes(1, key));
      writer.u64Network(4, 10_000).u64Network(5, 7_500);
      writer.nested(7, () => {
        writer.text(1, "counter").nested(2, () => {
          writer.u64Network(1, 64 * packets).u64Network(2, packets);
        });
      });
    });
  });
  writer.end();
  const [message] = messagesOf(writer.finish());
  if (message === undefined) throw new Error("Nothing was written");
  return message;
}

describe("A transaction", () => {
  it("stands in a frame, in the order in which it was asked for", () => {
    const element = { key: Uint8Array.of(1, 2, 3, 4), timeoutMs: 1000 };
    const bytes = new Transaction()
      .putTable(TABLE)
      .putElements(TABLE, "s", [element])
      .deleteElements(TABLE, "s", [element])
      .deleteTable(TABLE)
      .finish();
    const messages = messagesOf(bytes);
    expect(messages.map(({ type }) => type)).toEqual([
      0x10,
      NftType.newTable,
      NftType.newElement,
      NftType.deleteElement,
      NftType.deleteTable,
      0x11,
    ]);
    for (const { flags } of messages) expect(flags & NetlinkFlag.request).not.toBe(0);
    // Of the frame, which subsystem; of the others, which family.
    expect(messages.map(({ payload }) => [...payload.subarray(0, 4)])).toEqual([
      [0, 0, 0, 10],
      ...Array.from({ length: 4 }, () => [NftFamily.netdev, 0, 0, 0]),
      [0, 0, 0, 10],
    ]);
  });
});

describe("What nf_tables tells", () => {
  it("of an element: its key, how long it stands yet, how many packets it has counted", () => {
    const key = Uint8Array.of(1, 2, 3, 4, 5);
    const decoded = decodeElements(elementMessage(key, 37));
    expect(decoded).toEqual({ ok: true, value: [{ key, leftMs: 7_500, packets: 37 }] });
  });

  it("of whatever is in a table: the table's name", () => {
    const [question] = messagesOf(elementDump(TABLE, "s"));
    expect(question && decodeSubject(question)).toMatchObject({ ok: true, value: { table: "t" } });
  });

  it("is asked for by key, and not as a whole table", () => {
    const keys = [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6, 7, 8)];
    const [question] = messagesOf(elementQuestion(TABLE, "s", keys));
    expect(question).toMatchObject({
      type: NftType.getElement,
      flags: NetlinkFlag.request | NetlinkFlag.ack,
    });
    const asked = question && decodeElements(question);
    expect(asked).toMatchObject({ ok: true, value: keys.map((key) => ({ key })) });
  });

  it("is read to its end or refused, whatever it says", () => {
    const whole = elementMessage(Uint8Array.of(1, 2, 3, 4), 1);
    fc.assert(
      fc.property(
        fc.nat({ max: whole.payload.length }),
        fc.array(fc.tuple(fc.nat({ max: whole.payload.length - 1 }), fc.nat({ max: 255 }))),
        (length, changes) => {
          const payload = whole.payload.slice(0, length);
          for (const [at, byte] of changes) payload[at] = byte;
          const message = { ...whole, payload };
          expect(typeof decodeElements(message).ok).toBe("boolean");
          expect(typeof decodeSubject(message).ok).toBe("boolean");
        },
      ),
    );
  });

  it("is refused where it is cut", () => {
    const whole = elementMessage(Uint8Array.of(1, 2, 3, 4), 1);
    expect(decodeElements({ ...whole, payload: whole.payload.slice(0, 3) })).toMatchObject({
      error: "netlink-truncated",
    });
    expect(decodeElements({ ...whole, payload: whole.payload.slice(0, -4) })).toMatchObject({
      error: "netlink-bad-attribute",
    });
  });
});
