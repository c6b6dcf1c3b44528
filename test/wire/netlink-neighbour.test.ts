import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { MessageWriter, type NetlinkMessage, readMessages } from "../../src/wire/netlink.ts";
import {
  decodeNeighbour,
  NeighbourFlag,
  type NeighbourRequest,
  NeighbourState,
  NeighbourType,
  writeNeighbour,
  writeNeighbourDump,
} from "../../src/wire/netlink-neighbour.ts";
import { messageOf } from "./netlink-messages.ts";

const request: NeighbourRequest = {
  action: "put",
  family: "bridge",
  ifindex: 42,
  state: NeighbourState.reachable | NeighbourState.noarp,
  flags: NeighbourFlag.self | NeighbourFlag.extLearned,
  mac: "02:00:00:00:00:0a" as MacAddress,
  dst: "10.0.0.2" as IpAddress,
  protocol: 0,
};

function written(of: NeighbourRequest): NetlinkMessage {
  const writer = new MessageWriter();
  writeNeighbour(writer, of);
  const message = readMessages(writer.finish()).messages[0];
  if (message === undefined) throw new Error("Cannot happen");
  return message;
}

/** A message as the kernel tells it, given as hex after the netlink header. */
function told(hex: string, type: number = NeighbourType.put): NetlinkMessage {
  const payload = Uint8Array.from(Buffer.from(hex.replaceAll(/\s+/g, ""), "hex"));
  return messageOf({ type }, payload);
}

const nothing = {
  gone: false,
  extFlags: 0,
  mac: undefined,
  dst: undefined,
  vlan: 0,
  vni: undefined,
  sourceVni: undefined,
  underlay: undefined,
  nexthopGroup: undefined,
  master: undefined,
  protocol: 0,
};

describe("decodeNeighbour()", () => {
  it("reads back what was written", () => {
    const mac = fc
      .uint8Array({ minLength: 6, maxLength: 6 })
      .map((bytes) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join(":"));
    fc.assert(
      fc.property(
        fc.constantFrom("bridge" as const, "ipv4" as const, "ipv6" as const),
        fc.nat(0x7fff_ffff),
        fc.nat(0xffff),
        fc.nat(0xff),
        mac,
        fc.nat(0xff),
        (family, ifindex, state, flags, text, protocol) => {
          const dst = (family === "ipv6" ? "2001:db8::2" : "10.0.0.2") as IpAddress;
          const all = { family, ifindex, state, flags, mac: text as MacAddress, dst, protocol };
          const message = written({ action: "delete", ...all });
          expect(decodeNeighbour(message)).toEqual({
            ok: true,
            value: { ...nothing, ...all, gone: true },
          });
        },
      ),
    );
  });

  // Little-endian, as x86 and arm tell it.
  it("reads a VXLAN device's entry as Linux 6.18 tells it", () => {
    const entry = told(`
      07 00 0000 2a000000 4200 12 00
      0a00 0200 02000000000a 0000
      0800 0100 0a000002
      1400 0300 00000000 00000000 00000000 00000000`);
    expect(decodeNeighbour(entry)).toEqual({
      ok: true,
      value: { ...nothing, ...request, action: undefined, state: 0x42 },
    });
  });

  it("reads a bridge's entry with VLAN, master and flags that did not fit", () => {
    const entry = told(`
      07 00 0000 05000000 0200 00 00
      0a00 0200 02000000000a 0000
      0800 0900 03000000
      0600 0500 1400 0000
      0800 0f00 02000000`);
    const result = decodeNeighbour(entry);
    expect(result.ok && result.value).toMatchObject({ vlan: 20, master: 3, extFlags: 2 });
  });

  it("refuses an attribute that is not as long as it must be", () => {
    for (const attribute of [
      "0500 0100 0a000000", // a destination of one byte
      "0900 0200 0200000000 000000", // a MAC of five
      "0500 0500 14000000", // a VLAN of one
      "0600 0c00 01000000", // a protocol of two
      "0600 0900 01000000", // a master of two
      "0600 0700 01000000",
      "0600 0800 01000000",
      "0600 0b00 01000000",
      "0600 0d00 01000000",
      "0600 0f00 01000000",
      "ff00 0100 0a000002", // one that ends behind the message
    ]) {
      const message = told(`07 00 0000 2a000000 4200 12 00 ${attribute}`);
      expect(decodeNeighbour(message)).toEqual({ ok: false, error: "netlink-bad-attribute" });
    }
  });

  it("knows the families it knows", () => {
    const message = told("1c 00 0000 2a000000 4200 12 00");
    expect(decodeNeighbour(message)).toEqual({ ok: false, error: "neighbour-unknown-family" });
  });

  it("answers at every truncation", () => {
    const message = written({ ...request, protocol: 114 });
    for (let length = 0; length < message.payload.length; length++) {
      const result = decodeNeighbour(messageOf(message, message.payload.subarray(0, length)));
      if (length < 12) expect(result).toEqual({ ok: false, error: "netlink-truncated" });
    }
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        decodeNeighbour(messageOf({ type: 28 }, bytes));
        decodeNeighbour(messageOf({ type: 28 }, Uint8Array.of(7, ...bytes)));
      }),
    );
  });
});

describe("writeNeighbour()", () => {
  it("creates and replaces, or appends, or deletes", () => {
    expect(written(request)).toMatchObject({ type: 28, flags: 0x1 | 0x400 | 0x100 });
    expect(written({ ...request, action: "append" })).toMatchObject({ flags: 0x1 | 0x400 | 0x800 });
    expect(written({ ...request, action: "delete" })).toMatchObject({ type: 29, flags: 0x1 });
  });
});

describe("writeNeighbourDump()", () => {
  it("asks for a family", () => {
    const writer = new MessageWriter();
    writeNeighbourDump(writer, "bridge");
    expect(readMessages(writer.finish()).messages).toMatchObject([
      { type: 30, flags: 0x301, payload: Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) },
    ]);
  });
});
