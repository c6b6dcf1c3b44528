import { describe, expect, it } from "vitest";
import { ARP_AND_ND_REQUESTS, HOST_SIGNS, TUNNEL_NEWS } from "../../src/linux/packet-filter.ts";
import type { BpfInstruction } from "../../src/linux/socket.ts";
import { Verdict } from "../../src/wire/netlink-filter.ts";
import { ack, dhcpv4, dhcpv6 } from "../wire/dhcp-frames.ts";
import {
  ARP_REQUEST,
  hex,
  KEEPALIVED_GARP,
  METALLB_REPLY,
  NS,
  nd,
  patch,
  QEMU_RARP,
  RA,
  RS,
  UNSOLICITED_NA,
} from "../wire/frames.ts";

/** Runs a program as the kernel does (`net/core/filter.c`); what lies beyond the frame rejects it. */
function runs(
  program: readonly BpfInstruction[],
  frame: Uint8Array,
): { passes: boolean; answer?: number; steps: number } {
  let [a, x, steps] = [0, 0, 0];
  const load = (at: number, length: number): number => {
    if (at + length > frame.length) throw new RangeError();
    return length === 1 ? (frame[at] ?? 0) : (frame[at] ?? 0) * 256 + (frame[at + 1] ?? 0);
  };
  try {
    for (let i = 0; i < program.length; i++) {
      const [code, ifTrue, ifFalse, k] = program[i] ?? [0, 0, 0, 0];
      steps++;
      if (code === 0x06) return { passes: k !== 0, answer: k, steps };
      if (code === 0x28) a = load(k, 2);
      else if (code === 0x30) a = load(k, 1);
      else if (code === 0x20) a = load(k, 2) * 65536 + load(k + 2, 2);
      else if (code === 0x07) x = a;
      else if (code === 0x48) a = load(x + k, 2);
      else if (code === 0xb1) x = 4 * (load(k, 1) & 0x0f);
      else {
        const holds = { 21: a === k, 29: a === x, 37: a > k, 53: a >= k, 69: (a & k) !== 0 }[code];
        if (holds === undefined) throw new Error(`Cannot run ${code}`);
        i += holds ? ifTrue : ifFalse;
      }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { passes: false, steps };
  }
  throw new Error("It ran over its end");
}

const ACK = ack();
const REPLY = dhcpv6("07 aabbcc");
const TCP4 = dhcpv4("", { protocol: "06" });
const TCP6 = patch(REPLY, 20, "06");

describe("What a port's socket hears", () => {
  it.each([
    ["ARP", ARP_REQUEST],
    ["RARP", QEMU_RARP],
    ["a neighbour solicitation", NS],
    ["a router solicitation", RS],
    ["a router advertisement", RA],
    ["a DHCPv4 server's answer", ACK],
    ["one with options in the IPv4 header", ack({ ipOptions: "94040000" })],
    ["a DHCPv6 server's answer", REPLY],
  ])("is %s", (_, frame) => expect(runs(HOST_SIGNS, frame).passes).toBe(true));

  it.each([
    ["TCP over IPv4", TCP4],
    ["TCP over IPv6", TCP6],
    ["an echo request", nd({ type: "80 00", body: "00000000" })],
    ["a redirect", nd({ type: "89 00", body: "00000000" })],
    ["what a DHCPv4 client says", patch(patch(ACK, 34, "0044"), 36, "0043")],
    ["what a DHCPv6 client says", patch(patch(REPLY, 54, "0222"), 56, "0223")],
    ["what a server says to a relay", patch(ACK, 36, "0043")],
    ["a later fragment, whatever stands in it", patch(ACK, 20, "0001")],
    ["anything else", patch(ACK, 12, "88b5")],
    ["a frame that is cut", ACK.subarray(0, 30)],
  ])("is not %s", (_, frame) => expect(runs(HOST_SIGNS, frame).passes).toBe(false));

  it("costs data a handful of instructions", () => {
    expect(runs(HOST_SIGNS, TCP4).steps).toBe(5);
    expect(runs(HOST_SIGNS, TCP6).steps).toBe(7);
    expect(runs(TUNNEL_NEWS, TCP4).steps).toBe(5);
  });
});

describe("What the VXLAN device's socket hears", () => {
  it("is DHCP servers' answers and router advertisements, and nothing else", () => {
    for (const frame of [ACK, REPLY, RA]) expect(runs(TUNNEL_NEWS, frame).passes).toBe(true);
    for (const frame of [ARP_REQUEST, QEMU_RARP, NS, RS, TCP4, TCP6, hex("00")]) {
      expect(runs(TUNNEL_NEWS, frame).passes).toBe(false);
    }
  });
});

describe("Requests for unknown IPs", () => {
  const dropped = (frame: Uint8Array): boolean => verdict(frame) === Verdict.drop;
  const toOne = (frame: Uint8Array): Uint8Array => patch(frame, 0, "020000000099");

  it("C6.3 are dropped on their way into the tunnel, where that is wanted", () => {
    expect(dropped(ARP_REQUEST)).toBe(true);
    expect(dropped(NS)).toBe(true);
  });

  it.each([
    ["a request to one host", toOne(ARP_REQUEST)],
    ["a solicitation to one host", toOne(NS)],
    ["an announcement", KEEPALIVED_GARP],
    ["an unsolicited advertisement", UNSOLICITED_NA],
    ["a reply to all", METALLB_REPLY],
    ["RARP", QEMU_RARP],
    ["a router advertisement", RA],
    ["a router solicitation", RS],
    ["what a DHCP server says", ACK],
    ["what a DHCPv6 server says", REPLY],
    ["data", TCP4],
    ["data of IPv6", TCP6],
  ])("are not %s", (_, frame) => expect(verdict(frame)).toBe(Verdict.pass));

  function verdict(frame: Uint8Array): number | undefined {
    return runs(ARP_AND_ND_REQUESTS, frame).answer;
  }
});
