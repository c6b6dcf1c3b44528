import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import {
  LITTLE_ENDIAN,
  MessageWriter,
  NetlinkFlag,
  NetlinkType,
  readAttributes,
  readMessages,
  viewOf,
} from "../../src/wire/netlink.ts";
import { decodeAck } from "../../src/wire/netlink-ack.ts";
import { messageOf } from "./netlink-messages.ts";

/** A message of each kind of attribute. */
function sample(type = 28): Uint8Array {
  const writer = new MessageWriter();
  writer
    .begin(type, NetlinkFlag.request)
    .fixed(12, (view, offset) => view.setUint8(offset, 7))
    .u8(1, 0xab)
    .u16(2, 0x1234)
    .u32(3, 0xdead_beef)
    .mac(4, "02:00:00:00:00:0a" as MacAddress)
    .ip(5, "2001:db8::1" as IpAddress)
    .text(6, "br10")
    .nested(7, () => writer.u8(1, 1).u8(2, 2))
    .end();
  return writer.finish();
}

describe("readMessages()", () => {
  it("reads what MessageWriter wrote, one message behind the other", () => {
    const writer = new MessageWriter();
    for (let i = 0; i < 3; i++) {
      writer
        .begin(16 + i, i)
        .fixed(i, () => {})
        .end();
    }
    const { messages, malformed } = readMessages(writer.finish());
    expect(malformed).toBeUndefined();
    expect(messages.map(({ type, flags, payload }) => [type, flags, payload.length])).toEqual([
      [16, 0, 0],
      [17, 1, 1],
      [18, 2, 2],
    ]);
  });

  it("names what does not fit, at every truncation, and keeps what came before", () => {
    const first = sample();
    const whole = Uint8Array.from([...first, ...sample(29)]);
    for (let length = 0; length < whole.length; length++) {
      const { messages, malformed } = readMessages(whole.subarray(0, length));
      const isCut = length !== 0 && length !== first.length;
      expect(malformed).toBe(isCut ? "netlink-truncated" : undefined);
      expect(messages).toHaveLength(length >= first.length ? 1 : 0);
    }
  });

  it("stops at a length below a header's, rather than for ever", () => {
    for (const length of [0, 1, 15]) {
      const bytes = sample();
      viewOf(bytes).setUint32(0, length, LITTLE_ENDIAN);
      expect(readMessages(bytes)).toEqual({ messages: [], malformed: "netlink-bad-length" });
    }
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const { messages } = readMessages(bytes);
        for (const { payload } of messages)
          expect(payload.length).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});

describe("readAttributes()", () => {
  it("visits types without their flags, and where their values stand", () => {
    const payload = readMessages(sample()).messages[0]?.payload ?? new Uint8Array();
    const seen: [number, string][] = [];
    const range = { offset: 12, end: payload.length };
    const whole = readAttributes(viewOf(payload), range, (type, start, length) => {
      seen.push([type, Buffer.from(payload.subarray(start, start + length)).toString("hex")]);
    });
    expect(whole).toBe(true);
    expect(seen.map(([type]) => type)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(seen[3]).toEqual([4, "02000000000a"]);
    expect(seen[5]).toEqual([6, "6272313000"]);
  });

  it("says so where a length lies", () => {
    for (const length of [0, 3, 9, 0xffff]) {
      const bytes = new Uint8Array(8);
      viewOf(bytes).setUint16(0, length, LITTLE_ENDIAN);
      expect(readAttributes(viewOf(bytes), { offset: 0, end: 8 }, () => {})).toBe(false);
    }
  });
});

describe("MessageWriter", () => {
  it("grows in the middle of any attribute without losing a byte", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), (filler) => {
        const writer = new MessageWriter();
        writer
          .begin(1, 0)
          .fixed(filler, () => {})
          .end();
        const before = writer.finish().length;
        writer
          .begin(28, NetlinkFlag.request)
          .fixed(12, (view, offset) => view.setUint8(offset, 7))
          .u8(1, 0xab)
          .u16(2, 0x1234)
          .u32(3, 0xdead_beef)
          .mac(4, "02:00:00:00:00:0a" as MacAddress)
          .ip(5, "2001:db8::1" as IpAddress)
          .text(6, "br10")
          .nested(7, () => writer.u8(1, 1).u8(2, 2))
          .end();
        expect(writer.finish().subarray(before)).toEqual(sample());
      }),
    );
  });
});

describe("decodeAck()", () => {
  /** What the kernel answers: errno, the header it refers to, and perhaps its words. */
  function answer(errno: number, { text, capped }: { text?: string; capped: boolean }): Uint8Array {
    const writer = new MessageWriter();
    const tlvs = text === undefined ? 0 : NetlinkFlag.ackTlvs;
    writer
      .begin(NetlinkType.error, (capped ? NetlinkFlag.capped : 0) | tlvs)
      .fixed(4 + 16 + (capped ? 0 : 12), (view, offset) => {
        view.setInt32(offset, -errno, LITTLE_ENDIAN);
        view.setUint32(offset + 4, 28, LITTLE_ENDIAN);
      });
    if (text !== undefined) writer.text(1, text);
    writer.end();
    const bytes = writer.finish();
    viewOf(bytes).setUint32(8, 42, LITTLE_ENDIAN);
    return bytes;
  }

  function decode(bytes: Uint8Array): ReturnType<typeof decodeAck> {
    const message = readMessages(bytes).messages[0];
    if (message === undefined) throw new Error("Cannot happen");
    return decodeAck(message);
  }

  it("reads success, an errno, and the kernel's sentence", () => {
    const capped = true;
    expect(decode(answer(0, { capped }))).toEqual({
      ok: true,
      value: { sequence: 42, errno: 0, message: undefined },
    });
    for (const isCapped of [true, false]) {
      expect(decode(answer(17, { capped: isCapped, text: "it is there" }))).toEqual({
        ok: true,
        value: { sequence: 42, errno: 17, message: "it is there" },
      });
    }
  });

  it("leaves out of the sentence what is not printable", () => {
    const result = decode(answer(1, { capped: true, text: "a\u001b[31mb\n" }));
    expect(result.ok && result.value.message).toBe("a[31mb");
  });

  it("never throws at a truncation", () => {
    const bytes = answer(17, { capped: false, text: "it is there" });
    for (let length = 16; length < bytes.length; length++) {
      const payload = bytes.subarray(16, length);
      const flags = viewOf(bytes).getUint16(6, LITTLE_ENDIAN);
      const result = decodeAck(messageOf({ type: NetlinkType.error, flags, sequence: 1 }, payload));
      if (length < 16 + 4 + 16 + 12) expect(result.ok).toBe(false);
    }
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(0xffff), (payload, flags) => {
        decodeAck(messageOf({ type: NetlinkType.error, flags, sequence: 1 }, payload));
      }),
    );
  });
});
