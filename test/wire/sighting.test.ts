import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FrameIgnored, type Sighting, sight } from "../../src/wire/sighting.ts";
import {
  ARP_REPLY,
  ARP_REQUEST,
  GUEST,
  hex,
  KEEPALIVED_GARP,
  LINUX_ARP_NOTIFY,
  LINUX_DAD,
  METALLB_REPLY,
  NS,
  NS_BEHIND_HOP_BY_HOP,
  nd,
  patch,
  QEMU_RARP,
  RA,
  RS,
  SOLICITED_NA,
  tagged,
  UNSOLICITED_NA,
  WINDOWS_PROBE,
} from "./frames.ts";

const SENDER_MAC = 14 + 8;
const SENDER_IP = 14 + 14;
const TARGET_MAC = 14 + 18;
const TARGET_IP = 14 + 24;
const OPERATION = 14 + 6;
const HOP_LIMIT = 14 + 7;
const ICMPV6 = 14 + 40;

const TARGET = "20010db800000000000000000000000a";
const SLLAO = "0101525400123456";
const TLLAO = "0201525400123456";
const LYING_SLLAO = "0101020000000666";
const LYING_TLLAO = "0201020000000666";

interface Seen extends Omit<Sighting, "mac" | "ip" | "probed"> {
  readonly ip?: string;
  readonly probed?: string;
}

function expectSeen(frame: Uint8Array, seen: Seen): void {
  expect(sight(frame)).toEqual({ ok: true, value: { mac: GUEST, ip: undefined, ...seen } });
}

function expectIgnored(frame: Uint8Array, reason: FrameIgnored): void {
  expect(sight(frame)).toEqual({ ok: false, error: reason });
}

describe("A frame that was really sent", () => {
  const ll = "fe80::5054:ff:fe12:3456";
  it.each([
    ["QEMU's announcement of a guest that has moved", QEMU_RARP, { signal: "rarp" }],
    ["keepalived's", KEEPALIVED_GARP, { ip: "192.0.2.10", signal: "gratuitous-arp" }],
    ["MetalLB's reply to all", METALLB_REPLY, { ip: "192.0.2.10", signal: "gratuitous-arp" }],
    ["Linux's arp_notify", LINUX_ARP_NOTIFY, { ip: "192.0.2.10", signal: "gratuitous-arp" }],
    ["Windows's probe", WINDOWS_PROBE, { signal: "arp-probe", probed: "192.0.2.10" }],
    ["an ARP request", ARP_REQUEST, { ip: "192.0.2.10", signal: "arp-request" }],
    ["an ARP reply", ARP_REPLY, { ip: "192.0.2.10", signal: "arp-reply" }],
    ["Linux's duplicate address detection", LINUX_DAD, { signal: "dad", probed: "2001:db8::a" }],
    ["a solicitation", NS, { ip: "2001:db8::a", signal: "neighbour-solicitation" }],
    [
      "an answer",
      SOLICITED_NA,
      { ip: "2001:db8::a", signal: "neighbour-advertisement", router: false },
    ],
    [
      "an unsolicited advertisement",
      UNSOLICITED_NA,
      { ip: "2001:db8::a", signal: "unsolicited-advertisement", router: false },
    ],
    ["a router solicitation", RS, { ip: ll, signal: "router-solicitation" }],
    ["a router advertisement", RA, { ip: ll, signal: "router-advertisement", router: true }],
  ] as const)("is understood: %s", (_name, frame, seen) => {
    expectSeen(frame, seen);
  });

  const all = [QEMU_RARP, ARP_REQUEST, LINUX_DAD, UNSOLICITED_NA, NS, SOLICITED_NA, RS, RA];
  it.each(all.map((frame, i) => [i, frame] as const))(
    "C7.10 may be padded, and carry one VLAN tag or two: %i",
    (_i, frame) => {
      const plain = sight(frame);
      expect(plain.ok).toBe(true);
      const padded = new Uint8Array(frame.length + 46);
      padded.set(frame);
      padded.fill(0xaa, frame.length);
      expect(sight(padded)).toEqual(plain);
      expect(sight(tagged(frame, "8100 000a"))).toEqual(plain);
      expect(sight(tagged(frame, "8100 e00a"))).toEqual(plain);
      expect(sight(tagged(tagged(frame, "8100 000a"), "88a8 0064"))).toEqual(plain);
    },
  );

  it.each(all.map((frame, i) => [i, frame] as const))(
    "says nothing where it is cut off anywhere: %i",
    (_i, frame) => {
      const needed = frame === QEMU_RARP ? 42 : frame.length;
      for (let length = 0; length < needed; length++) {
        const cut = sight(frame.subarray(0, length));
        expect(cut.ok ? cut : cut.error).toMatch(/truncated$/);
      }
    },
  );
});

describe("An Ethernet frame", () => {
  it("C7.10 longer than 1518 bytes is ignored", () => {
    const longest = new Uint8Array(1518);
    longest.set(ARP_REQUEST);
    expect(sight(longest).ok).toBe(true);
    const longer = new Uint8Array(1519);
    longer.set(ARP_REQUEST);
    expectIgnored(longer, "frame-oversized");
    expect(sight(tagged(longest, "8100 000a")).ok).toBe(true);
    expectIgnored(tagged(longer, "8100 000a"), "frame-oversized");
  });

  it("with three tags, or of a type we do not know, is ignored", () => {
    let frame = ARP_REQUEST;
    for (const tag of ["8100 0001", "8100 0002", "88a8 0003"]) frame = tagged(frame, tag);
    expectIgnored(frame, "unknown-ethertype");
    expectIgnored(patch(ARP_REQUEST, 12, "0800"), "unknown-ethertype");
    expectIgnored(patch(ARP_REQUEST, 12, "002e"), "unknown-ethertype");
  });

  it("C1.23 from an address that no host can have is ignored", () => {
    for (const frame of [ARP_REQUEST, QEMU_RARP, UNSOLICITED_NA]) {
      expectIgnored(patch(frame, 6, "010000000001"), "mac-multicast");
      expectIgnored(patch(frame, 6, "ffffffffffff"), "mac-broadcast");
      expectIgnored(patch(frame, 6, "000000000000"), "mac-zero");
    }
  });
});

describe("ARP", () => {
  it.each([
    ["hardware type", 14, "0006"],
    ["protocol type", 16, "86dd"],
    ["hardware length", 18, "08"],
    ["protocol length", 19, "10"],
  ])("C7.9 for anything but IPv4 over Ethernet is ignored: %s", (_name, offset, bytes) => {
    expectIgnored(patch(ARP_REQUEST, offset, bytes), "arp-not-ethernet-ipv4");
    expectIgnored(patch(QEMU_RARP, offset, bytes), "arp-not-ethernet-ipv4");
  });

  it("C7.9 with an operation that its EtherType does not have is ignored", () => {
    for (const operation of ["0000", "0005", "0008", "0100", "ffff"]) {
      expectIgnored(patch(ARP_REQUEST, OPERATION, operation), "arp-unknown-operation");
      expectIgnored(patch(QEMU_RARP, OPERATION, operation), "arp-unknown-operation");
    }
    expectIgnored(patch(ARP_REQUEST, OPERATION, "0003"), "arp-unknown-operation");
    expectIgnored(patch(ARP_REQUEST, OPERATION, "0004"), "arp-unknown-operation");
    expectIgnored(patch(QEMU_RARP, OPERATION, "0001"), "arp-unknown-operation");
    expectIgnored(patch(QEMU_RARP, OPERATION, "0002"), "arp-unknown-operation");
  });

  it("C7.11 a probe proves the MAC alone, and tells which address is wanted", () => {
    const probe = patch(ARP_REQUEST, SENDER_IP, "00000000");
    expectSeen(probe, { signal: "arp-probe", probed: "192.0.2.1" });
    expectSeen(patch(probe, TARGET_IP, "e0000001"), { signal: "arp-probe" });
  });

  it("C7.11 a reply from 0.0.0.0 is no probe", () => {
    expectIgnored(patch(ARP_REPLY, SENDER_IP, "00000000"), "ip-unspecified");
  });

  it("answers the leaf where it is sent to the address that the leaf asks as", () => {
    const answer = patch(ARP_REPLY, TARGET_IP, "c0000008");
    expectSeen(answer, { ip: "192.0.2.10", signal: "answer" });
    expectSeen(patch(answer, OPERATION, "0001"), { ip: "192.0.2.10", signal: "arp-request" });
  });

  it("C7.12 an announcement is one only if it is to all", () => {
    const bound = { ip: "192.0.2.10" };
    const toOne = patch(KEEPALIVED_GARP, 0, "020000000001");
    expectSeen(toOne, { ...bound, signal: "arp-request" });
    expectSeen(patch(toOne, OPERATION, "0002"), { ...bound, signal: "arp-reply" });
    expectSeen(patch(KEEPALIVED_GARP, 0, "01005e000001"), { ...bound, signal: "gratuitous-arp" });
    expectSeen(patch(KEEPALIVED_GARP, TARGET_IP, "c0000201"), { ...bound, signal: "arp-request" });
  });

  it("C7.13 whose sender is not the frame's source binds nothing", () => {
    for (const frame of [ARP_REQUEST, ARP_REPLY, KEEPALIVED_GARP, WINDOWS_PROBE, QEMU_RARP]) {
      expectIgnored(patch(frame, SENDER_MAC, "020000000666"), "arp-sender-mismatch");
    }
  });

  it.each([
    ["0.0.0.1", "00000001", "ip-unspecified"],
    ["0.255.255.255", "00ffffff", "ip-unspecified"],
    ["127.0.0.1", "7f000001", "ip-loopback"],
    ["224.0.0.1", "e0000001", "ip-multicast"],
    ["239.255.255.255", "efffffff", "ip-multicast"],
    ["240.0.0.1", "f0000001", "ip-reserved"],
    ["255.255.255.255", "ffffffff", "ip-reserved"],
  ] as const)("C7.14 from %s is ignored", (_ip, bytes, reason) => {
    expectIgnored(patch(ARP_REQUEST, SENDER_IP, bytes), reason);
    expectIgnored(patch(ARP_REPLY, SENDER_IP, bytes), reason);
  });

  it("C7.14 from 126.x, 128.x and 223.x is believed", () => {
    for (const [ip, bytes] of [
      ["1.0.0.1", "01000001"],
      ["126.0.0.1", "7e000001"],
      ["128.0.0.1", "80000001"],
      ["223.255.255.1", "dfffff01"],
    ] as const) {
      expectSeen(patch(ARP_REQUEST, SENDER_IP, bytes), { ip, signal: "arp-request" });
    }
  });

  it("C7.15 a RARP reply is no sign of anybody", () => {
    expectIgnored(patch(QEMU_RARP, OPERATION, "0004"), "rarp-reply");
  });

  it("C7.15 a RARP request for somebody else is ignored", () => {
    expectIgnored(patch(QEMU_RARP, TARGET_MAC, "020000000666"), "rarp-target-mismatch");
  });

  it("a RARP request binds no address, whatever it says", () => {
    expectSeen(patch(QEMU_RARP, SENDER_IP, "c000020a"), { signal: "rarp" });
  });
});

describe("Neighbour discovery", () => {
  const all = [
    ["NS", NS],
    ["DAD", LINUX_DAD],
    ["NA", SOLICITED_NA],
    ["unsolicited NA", UNSOLICITED_NA],
    ["RS", RS],
    ["RA", RA],
  ] as const;

  it.each(all)("C7.1 a hop limit other than 255 is ignored: %s", (_name, frame) => {
    for (const limit of ["fe", "40", "01", "00"]) {
      expectIgnored(patch(frame, HOP_LIMIT, limit), "nd-hop-limit");
    }
  });

  it.each(all)("C7.2 a bad checksum is ignored, whichever byte has changed: %s", (_name, frame) => {
    for (let at = 14 + 8; at < frame.length; at++) {
      const flipped = frame.slice();
      flipped[at] = (flipped[at] ?? 0) ^ 0x04;
      const seen = sight(flipped);
      expect(seen.ok, `byte ${at}`).toBe(false);
    }
    expectIgnored(patch(frame, ICMPV6 + 2, "1234"), "nd-checksum");
  });

  it("C7.2 a checksum over an odd number of bytes is reckoned rightly", () => {
    const odd = nd({ type: "88 00", body: `20000000 ${TARGET} ${TLLAO} 00` });
    expectIgnored(odd, "nd-option-malformed");
    expectIgnored(patch(odd, odd.length - 1, "01"), "nd-checksum");
  });

  it.each(["85", "86", "87", "88"])("C7.3 a code other than 0 is ignored: type %s", (type) => {
    const source = "fe80::1";
    const body = `00000000 00000000 00000000 ${TARGET}`;
    expectIgnored(nd({ source, type: `${type} 01`, body }), "nd-code");
    expectIgnored(nd({ source, type: `${type} ff`, body }), "nd-code");
  });

  it.each([
    ["85", 8],
    ["86", 16],
    ["87", 24],
    ["88", 24],
  ])("C7.4 a message that is too short is ignored: type %s needs %i bytes", (type, length) => {
    for (let short = 4; short < length; short++) {
      expectIgnored(nd({ type: `${type} 00`, body: "00".repeat(short - 4) }), "nd-truncated");
    }
  });

  it.each([
    ["of length 0", "0100525400123456"],
    ["of length 0 behind a good one", `${SLLAO} 0100525400123456`],
    ["longer than the message", "0102525400123456"],
    ["of one byte", "01"],
    ["of an address that is not Ethernet's", "01025254001234565254001234560000"],
    ["unknown, of length 0", "fd00525400123456"],
  ])("C7.4 an option %s is malformed", (_name, option) => {
    const asTarget = option.replace(/^01/, "02");
    expectIgnored(
      nd({ type: "87 00", body: `00000000 ${TARGET} ${option}` }),
      "nd-option-malformed",
    );
    expectIgnored(
      nd({ type: "88 00", body: `20000000 ${TARGET} ${asTarget}` }),
      "nd-option-malformed",
    );
    expectIgnored(nd({ type: "85 00", body: `00000000 ${option}` }), "nd-option-malformed");
  });

  it("options that we do not know are passed over", () => {
    const seen = { ip: "2001:db8::a", signal: "neighbour-solicitation" } as const;
    const options = `fd020000000000000000000000000000 ${SLLAO} 0e01a1b2c3d4e5f6`;
    expectSeen(nd({ type: "87 00", body: `00000000 ${TARGET} ${options}` }), seen);
  });

  it("C7.5 a multicast target is ignored", () => {
    const target = "ff020000000000000000000000000001";
    expectIgnored(
      nd({ type: "87 00", body: `00000000 ${target} ${SLLAO}` }),
      "nd-target-multicast",
    );
    expectIgnored(
      nd({ type: "88 00", body: `20000000 ${target} ${TLLAO}` }),
      "nd-target-multicast",
    );
  });

  it("C7.6 a solicitation from :: must ask the solicited nodes, without the option", () => {
    const dad = { source: "::", type: "87 00", body: `00000000 ${TARGET}` };
    const wants = { signal: "dad", probed: "2001:db8::a" } as const;
    expectSeen(nd({ ...dad, destination: "ff02::1:ff00:a" }), wants);
    expectSeen(nd({ ...dad, destination: "ff02::1:ff00:0" }), wants);
    expectSeen(nd({ ...dad, destination: "ff02::1:ffab:cdef" }), wants);
    for (const destination of ["ff02::1", "2001:db8::a", "ff02::1:fe00:a", "ff02::2:ff00:a"]) {
      expectIgnored(nd({ ...dad, destination }), "nd-unspecified-source");
    }
    const withOption = { ...dad, destination: "ff02::1:ff00:a", body: `${dad.body} ${SLLAO}` };
    expectIgnored(nd(withOption), "nd-unspecified-source");
  });

  it("C7.7 an advertisement to all that claims to be an answer is ignored", () => {
    for (const flags of ["60000000", "40000000", "e0000000"]) {
      expectIgnored(
        nd({ type: "88 00", body: `${flags} ${TARGET} ${TLLAO}` }),
        "nd-solicited-multicast",
      );
    }
  });

  it("C7.8 a solicitation from :: binds nothing", () => {
    expectSeen(LINUX_DAD, { signal: "dad", probed: "2001:db8::a" });
  });

  it("C7.13 an option that is not the frame's source binds nothing", () => {
    const frames = [
      nd({ type: "87 00", body: `00000000 ${TARGET} ${LYING_SLLAO}` }),
      nd({ type: "88 00", body: `20000000 ${TARGET} ${LYING_TLLAO}` }),
      nd({ type: "85 00", body: `00000000 ${LYING_SLLAO}` }),
      nd({
        source: "fe80::1",
        type: "86 00",
        body: `00000000 00000000 00000000 ${LYING_SLLAO}`,
      }),
    ];
    for (const frame of frames) expectIgnored(frame, "nd-link-address-mismatch");
  });

  it("C7.14 an address that no host can have is not bound", () => {
    const advertise = (target: string): Uint8Array =>
      nd({ type: "88 00", body: `20000000 ${target} ${TLLAO}` });
    expectIgnored(advertise("00".repeat(16)), "ip-unspecified");
    expectIgnored(advertise(`${"00".repeat(15)}01`), "ip-loopback");
    const solicit = (source: string): Uint8Array =>
      nd({ source, type: "87 00", body: `00000000 ${TARGET} ${SLLAO}` });
    expectIgnored(solicit("::1"), "ip-loopback");
    expectIgnored(solicit("ff02::1"), "ip-multicast");
    expectIgnored(
      nd({ source: "::", type: "88 00", body: `20000000 ${TARGET} ${TLLAO}` }),
      "ip-unspecified",
    );
  });

  it("C7.17 without the option, an answer to one is the frame's source's, one to all nobody's", () => {
    const body = `20000000 ${TARGET}`;
    expectSeen(nd({ destination: "2001:db8::1", type: "88 00", body }), {
      ip: "2001:db8::a",
      signal: "unsolicited-advertisement",
      router: false,
    });
    expectIgnored(nd({ type: "88 00", body }), "nd-link-address-missing");
  });

  it("C7.17 without the option, a question to one binds, one to all proves the MAC alone", () => {
    const body = `00000000 ${TARGET}`;
    expectSeen(nd({ destination: "2001:db8::1", type: "87 00", body }), {
      ip: "2001:db8::a",
      signal: "neighbour-solicitation",
    });
    expectSeen(nd({ destination: "ff02::1:ff00:1", type: "87 00", body }), {
      signal: "neighbour-solicitation",
    });
  });

  it("the first of several options counts", () => {
    const seen = { ip: "2001:db8::a", signal: "neighbour-solicitation" } as const;
    const body = `00000000 ${TARGET}`;
    expectSeen(nd({ type: "87 00", body: `${body} ${SLLAO} ${LYING_SLLAO}` }), seen);
    expectIgnored(
      nd({ type: "87 00", body: `${body} ${LYING_SLLAO} ${SLLAO}` }),
      "nd-link-address-mismatch",
    );
  });

  it("the option of the other kind says nothing", () => {
    expectIgnored(
      nd({ type: "88 00", body: `20000000 ${TARGET} ${SLLAO}` }),
      "nd-link-address-missing",
    );
  });

  it("an advertisement binds its target, not its source", () => {
    expectSeen(nd({ source: "fe80::1", type: "88 00", body: `20000000 ${TARGET} ${TLLAO}` }), {
      ip: "2001:db8::a",
      signal: "unsolicited-advertisement",
      router: false,
    });
  });

  it("a router solicitation from :: proves the MAC, and may not carry the option", () => {
    const rs = { source: "::", destination: "ff02::2", type: "85 00" };
    expectSeen(nd({ ...rs, body: "00000000" }), { signal: "router-solicitation" });
    expectIgnored(nd({ ...rs, body: `00000000 ${SLLAO}` }), "nd-unspecified-source");
  });

  it("a router advertises from a link-local address", () => {
    const body = `40000708 00000000 00000000 ${SLLAO}`;
    expectIgnored(nd({ type: "86 00", body }), "nd-source-not-link-local");
    expectIgnored(nd({ source: "fec0::1", type: "86 00", body }), "nd-source-not-link-local");
    expectSeen(nd({ source: "febf::1", type: "86 00", body }), {
      ip: "febf::1",
      signal: "router-advertisement",
      router: true,
    });
  });

  it("C6.9 C6.17 an advertisement tells whether its sender is a router, and whether it insists", () => {
    const body = `a0000000 ${TARGET} ${TLLAO}`;
    const router = {
      ip: "2001:db8::a",
      signal: "unsolicited-advertisement",
      router: true,
    } as const;
    expectSeen(nd({ type: "88 00", body }), router);
    expectSeen(nd({ type: "88 00", body: `80000000 ${TARGET} ${TLLAO}` }), {
      ...router,
      yields: true,
    });
  });

  it("is found behind a hop-by-hop header, and behind no other", () => {
    expectSeen(NS_BEHIND_HOP_BY_HOP, { ip: "2001:db8::a", signal: "neighbour-solicitation" });
    for (const header of ["2c", "3c", "2b", "33"]) {
      expectIgnored(patch(NS_BEHIND_HOP_BY_HOP, 14 + 6, header), "not-neighbour-discovery");
    }
    expectIgnored(patch(NS_BEHIND_HOP_BY_HOP, ICMPV6, "2c"), "not-neighbour-discovery");
    // The header claims to be longer than the packet.
    expectIgnored(patch(NS_BEHIND_HOP_BY_HOP, ICMPV6 + 1, "ff"), "ipv6-truncated");
    for (let length = ICMPV6; length < NS_BEHIND_HOP_BY_HOP.length; length++) {
      expectIgnored(NS_BEHIND_HOP_BY_HOP.subarray(0, length), "ipv6-truncated");
    }
  });

  it("other ICMPv6, other protocols and IPv4 in an IPv6 frame are ignored", () => {
    for (const type of ["80", "84", "89", "8f"]) {
      expectIgnored(
        nd({ type: `${type} 00`, body: `00000000 ${TARGET}` }),
        "not-neighbour-discovery",
      );
    }
    expectIgnored(patch(NS, 14 + 6, "11"), "not-neighbour-discovery");
    expectIgnored(patch(NS, 14, "45"), "not-neighbour-discovery");
  });

  it("a payload length that lies is found out", () => {
    expectIgnored(patch(NS, 14 + 4, "0021"), "ipv6-truncated");
    expectIgnored(patch(NS, 14 + 4, "ffff"), "ipv6-truncated");
    expectIgnored(patch(NS, 14 + 4, "0000"), "ipv6-truncated");
    expectIgnored(patch(NS, 14 + 4, "0018"), "nd-checksum");
  });
});

describe("Whatever comes in", () => {
  const samples = [
    QEMU_RARP,
    KEEPALIVED_GARP,
    LINUX_DAD,
    UNSOLICITED_NA,
    NS_BEHIND_HOP_BY_HOP,
    SOLICITED_NA,
    RS,
    RA,
  ];

  /** A named reason, or the frame's source: never a throw. */
  function expectSense(frame: Uint8Array): void {
    const seen = sight(frame);
    if (!seen.ok) expect(seen.error).toMatch(/^[a-z0-9-]+$/);
    else expect(hex(seen.value.mac)).toEqual(frame.slice(6, 12));
  }

  it("random bytes are answered", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), expectSense), { numRuns: 2000 });
  });

  it("random payloads of the types we read are answered", () => {
    const frame = fc
      .tuple(
        fc.constantFrom("0806", "8035", "86dd60000000", "81000001 0806", "88a80001 8100"),
        fc.uint8Array({ maxLength: 120 }),
      )
      .map(([start, rest]) =>
        Uint8Array.from([...hex(`ffffffffffff 525400123456 ${start}`), ...rest]),
      );
    fc.assert(fc.property(frame, expectSense), { numRuns: 2000 });
  });

  it("good frames with bytes changed, cut or repeated are answered", () => {
    const frame = fc
      .tuple(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(99), fc.nat(255)), { maxLength: 6 }),
        fc.nat(120),
      )
      .map(([sample, changes, length]) => {
        const changed = Uint8Array.from([...sample, ...sample]).slice(0, length);
        for (const [at, value] of changes) if (at < changed.length) changed[at] = value;
        return changed;
      });
    fc.assert(fc.property(frame, expectSense), { numRuns: 5000 });
  });

  it("a frame that is a part of a larger buffer is read at its own place", () => {
    for (const sample of samples) {
      const buffer = new Uint8Array(sample.length + 20).fill(0xee);
      buffer.set(sample, 7);
      expect(sight(buffer.subarray(7, 7 + sample.length))).toEqual(sight(sample));
    }
  });
});
