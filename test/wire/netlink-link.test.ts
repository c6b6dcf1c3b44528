import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { LinkType } from "../../src/wire/link-layout.ts";
import { LITTLE_ENDIAN, MessageWriter, readMessages } from "../../src/wire/netlink.ts";
import { decodeLink, writeLinkDump } from "../../src/wire/netlink-link.ts";

const AF_BRIDGE = 7;

/** A link message as the kernel would tell it: `write` puts the attributes. */
function told(
  write: (writer: MessageWriter) => void,
  {
    type = LinkType.put,
    family = 0,
    up = true,
  }: { type?: number; family?: number; up?: boolean } = {},
): ReturnType<typeof decodeLink> {
  return decodeLink(message(write, { type, family, up }));
}

function message(
  write: (writer: MessageWriter) => void,
  { type, family, up }: { type: number; family: number; up: boolean },
): Parameters<typeof decodeLink>[0] {
  const writer = new MessageWriter();
  writer.begin(type, 0).fixed(16, (view, offset) => {
    view.setUint8(offset, family);
    view.setInt32(offset + 4, 42, LITTLE_ENDIAN);
    view.setUint32(offset + 8, up ? 0x1_0043 : 0x1_0042, LITTLE_ENDIAN);
  });
  write(writer);
  writer.end();
  const read = readMessages(writer.finish()).messages[0];
  if (read === undefined) throw new Error("Cannot happen");
  return read;
}

function vxlan(writer: MessageWriter): void {
  writer
    .text(3, "vxlan10")
    .mac(1, "02:00:00:00:00:01" as MacAddress)
    .u32(10, 3)
    .u8(16, 0)
    .nested(18, () => {
      writer.text(4, "bridge");
      writer.nested(5, () => writer.u8(8, 0).u8(32, 1).u8(33, 1));
      // The data before the kind: nothing promises an order.
      writer.nested(2, () => {
        writer
          .u32(1, 10)
          .ip(4, "10.0.0.1" as IpAddress)
          .u8(7, 0)
          .u8(25, 0)
          .bytes(15, Uint8Array.of(0x12, 0xb5));
      });
      writer.text(1, "vxlan");
    });
}

describe("decodeLink()", () => {
  it("reads a VXLAN device that is a port of a bridge", () => {
    expect(told(vxlan)).toEqual({
      ok: true,
      value: {
        about: "device",
        gone: false,
        ifindex: 42,
        name: "vxlan10",
        enabled: true,
        operstate: "unknown",
        mac: "02:00:00:00:00:01",
        master: 3,
        lower: undefined,
        kind: "vxlan",
        vxlan: {
          vni: 10,
          local: "10.0.0.1",
          remote: undefined,
          learning: false,
          port: 4789,
          collectMetadata: false,
        },
        bridgePort: { learning: false, neighSuppress: true, isolated: true },
        vlanFiltering: false,
        ageingMs: undefined,
      },
    });
  });

  it("reads an IPv6 VTEP, a peer, learning and external", () => {
    const result = told((writer) => {
      writer.nested(18, () => {
        writer.text(1, "vxlan").nested(2, () => {
          writer.ip(17, "2001:db8::1" as IpAddress).ip(16, "2001:db8::2" as IpAddress);
          writer.u8(7, 1).u8(25, 1);
        });
      });
    });
    expect(result.ok && result.value.vxlan).toMatchObject({
      local: "2001:db8::1",
      remote: "2001:db8::2",
      learning: true,
      collectMetadata: true,
    });
  });

  it("reads of a bridge whether it filters VLANs, and how long it remembers, in hundredths of a second", () => {
    const result = told((writer) => {
      writer.nested(18, () => {
        writer.text(1, "bridge").nested(2, () => writer.u32(4, 30_000).u8(7, 1));
      });
    });
    expect(result).toMatchObject({ ok: true, value: { ageingMs: 300_000, vlanFiltering: true } });
  });

  it("tells a link that is gone from a port that left its bridge", () => {
    const type = LinkType.delete;
    const left = told((writer) => writer.u32(10, 3), { type, family: AF_BRIDGE });
    expect(left.ok && left.value).toMatchObject({ about: "port", gone: true, master: 3 });
    const gone = told(() => {}, { type });
    expect(gone.ok && gone.value).toMatchObject({ about: "device", gone: true });
  });

  it("reads the settings a bridge tells of its port", () => {
    const result = told((writer) => writer.nested(12, () => writer.u8(8, 1).u8(32, 0).u8(33, 0)), {
      family: AF_BRIDGE,
    });
    expect(result.ok && result.value.bridgePort).toEqual({
      learning: true,
      neighSuppress: false,
      isolated: false,
    });
  });

  it("does not take a device of another namespace for one of this", () => {
    const here = told((writer) => writer.u32(5, 7));
    const elsewhere = told((writer) => writer.u32(37, 0).u32(5, 7));
    expect(here.ok && here.value.lower).toBe(7);
    expect(elsewhere.ok && elsewhere.value.lower).toBeUndefined();
  });

  it("knows up, down and states it does not know", () => {
    const states = [6, 2, 3, 250].map((state) => told((writer) => writer.u8(16, state)));
    expect(states.map((link) => link.ok && link.value.operstate)).toEqual([
      "up",
      "down",
      "lower-layer-down",
      "unknown",
    ]);
    const down = told(() => {}, { up: false });
    expect(down.ok && down.value.enabled).toBe(false);
  });

  it("leaves alone an address that is no MAC, and data of kinds it does not read", () => {
    const result = told((writer) => {
      writer.bytes(1, Uint8Array.of(10, 0, 0, 1));
      writer.nested(18, () => writer.text(1, "gre").bytes(2, Uint8Array.of(1, 2, 3)));
    });
    expect(result.ok && result.value).toMatchObject({ mac: undefined, kind: "gre" });
  });

  it("refuses a VXLAN device whose addresses or attributes do not fit", () => {
    for (const broken of [
      (writer: MessageWriter) => writer.bytes(4, Uint8Array.of(10, 0, 0)),
      (writer: MessageWriter) => writer.fixed(3, () => {}),
    ]) {
      const result = told((writer) => {
        writer.nested(18, () => writer.text(1, "vxlan").nested(2, () => broken(writer)));
      });
      expect(result).toEqual({ ok: false, error: "netlink-bad-attribute" });
    }
  });

  it("answers at every truncation, and never throws, whatever the bytes", () => {
    const whole = message(vxlan, { type: LinkType.put, family: 0, up: true });
    for (let length = 0; length < whole.payload.length; length++) {
      const result = decodeLink({ ...whole, payload: whole.payload.subarray(0, length) });
      if (length < 16) expect(result).toEqual({ ok: false, error: "netlink-truncated" });
    }
    const position = fc.nat(whole.payload.length - 1);
    fc.assert(
      fc.property(fc.array(fc.tuple(position, fc.nat(255)), { maxLength: 8 }), (lies) => {
        const payload = Uint8Array.from(whole.payload);
        for (const [at, byte] of lies) payload[at] = byte;
        decodeLink({ ...whole, payload });
      }),
    );
  });
});

describe("decodeLink() of a port's VLANs", () => {
  const BEGIN = 8;
  const END = 16;
  const PVID_UNTAGGED = 6;

  /** `bridge_vlan_info`: flags, then the VLAN. */
  function vlan(writer: MessageWriter, flags: number, id: number): void {
    writer.bytes(2, new Uint8Array(Uint16Array.of(flags, id).buffer));
  }

  function tunnel(
    writer: MessageWriter,
    [flags, id, vni]: readonly [number, number, number],
  ): void {
    writer.nested(3, () => writer.u32(1, vni).u16(2, id).u16(3, flags));
  }

  function port(write: (writer: MessageWriter) => void, family = AF_BRIDGE) {
    const link = told((writer) => writer.nested(26, () => write(writer)), { family });
    return link.ok ? link.value.portVlans : link.error;
  }

  it("reads single ones and ranges, and which is for frames without a tag", () => {
    const vlans = port((writer) => {
      vlan(writer, PVID_UNTAGGED, 1);
      vlan(writer, BEGIN, 10);
      vlan(writer, END, 20);
    });
    expect(vlans).toEqual({
      vlans: [
        { first: 1, last: 1, pvid: true, untagged: true },
        { first: 10, last: 20, pvid: false, untagged: false },
      ],
      tunnels: [],
    });
  });

  it("reads which VNI they are", () => {
    const vlans = port((writer) => {
      tunnel(writer, [0, 5, 500]);
      tunnel(writer, [BEGIN, 10, 10_010]);
      tunnel(writer, [END, 12, 10_012]);
    });
    expect(vlans).toEqual({
      vlans: [],
      tunnels: [
        { first: 5, last: 5, vni: 500 },
        { first: 10, last: 12, vni: 10_010 },
      ],
    });
  });

  it("does not take what a device says in the same place for VLANs", () => {
    const families = (writer: MessageWriter): void => vlan(writer, PVID_UNTAGGED, 1);
    expect(port(families, 0)).toBeUndefined();
  });

  it("names a length that lies", () => {
    const short = (writer: MessageWriter): void => {
      writer.bytes(2, Uint8Array.of(1, 0));
    };
    expect(port(short)).toBe("netlink-bad-attribute");
  });

  it("reads which VLAN an interface is of", () => {
    const svi = told((writer) =>
      writer.nested(18, () => {
        writer.text(1, "vlan");
        writer.nested(2, () => writer.u16(1, 10));
      }),
    );
    expect(svi).toMatchObject({ ok: true, value: { kind: "vlan", vlan: 10 } });
  });
});

describe("writeLinkDump()", () => {
  it("asks for all links, without their counters", () => {
    const writer = new MessageWriter();
    writeLinkDump(writer, "device");
    const [request] = readMessages(writer.finish()).messages;
    expect(request).toMatchObject({ type: 18, flags: 0x301 });
    expect(request?.payload).toHaveLength(24);
    expect(request?.payload[0]).toBe(0);
  });

  it("asks for all bridge ports, with their VLANs as ranges", () => {
    const writer = new MessageWriter();
    writeLinkDump(writer, "port");
    const [request] = readMessages(writer.finish()).messages;
    expect(request?.payload[0]).toBe(AF_BRIDGE);
    expect(request?.payload[20]).toBe(4 | 8);
  });
});
