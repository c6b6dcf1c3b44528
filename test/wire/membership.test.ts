/** General queries for multicast membership, byte by byte: RFC 3376 §4.1, RFC 3810 §5.1. */
import { describe, expect, it } from "vitest";
import { encodeIgmpQuery, encodeMldQuery } from "../../src/wire/membership.ts";

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** The sum of RFC 1071 over all words: 0xffff where the checksum in it is right. */
function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += Buffer.from(bytes).readUInt16BE(at);
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  return sum;
}

describe("encodeIgmpQuery()", () => {
  const packet = encodeIgmpQuery();

  it("asks as 0.0.0.0, one hop far, with the router alert", () => {
    expect(hex(packet.subarray(0, 24))).toMatch(
      /^46c00024000000000102....00000000e000000194040000$/,
    );
    expect(sumOf(packet.subarray(0, 24))).toBe(0xffff);
  });

  it("is a general query of version 3, to be answered within 0.2 s, that concerns no router", () => {
    expect(hex(packet.subarray(24))).toMatch(/^1102....000000000a7d0000$/);
    expect(sumOf(packet.subarray(24))).toBe(0xffff);
  });
});

describe("encodeMldQuery()", () => {
  const packet = encodeMldQuery();

  it("asks as the last of all link-local addresses, one hop far, with the router alert", () => {
    expect(hex(packet.subarray(0, 48))).toBe(
      `6000000000240001${"fe80000000000000ffffffffffffff7f"}${"ff020000000000000000000000000001"}3a00050200000100`,
    );
  });

  it("is a general query of version 2, to be answered within 0.2 s, that concerns no router", () => {
    const query = packet.subarray(48);
    expect(hex(query)).toMatch(/^8200....00c80000(00){16}0a7d0000$/);
    const pseudo = Buffer.concat([packet.subarray(8, 40), Buffer.from([0, 0, 0, 28, 0, 0, 0, 58])]);
    expect(sumOf(Buffer.concat([pseudo, query]))).toBe(0xffff);
  });
});
