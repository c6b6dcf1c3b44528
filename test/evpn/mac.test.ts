import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type MacAddress,
  macFromBytes,
  parseMac,
  refuseHostMac,
  writeMac,
} from "../../src/evpn/mac.ts";

describe("A MAC address", () => {
  it.each([
    ["02:00:00:00:00:01", "02:00:00:00:00:01"],
    ["02:AB:cd:EF:00:01", "02:ab:cd:ef:00:01"],
    ["02-AB-CD-EF-00-01", "02:ab:cd:ef:00:01"],
  ])("is read in the forms people write: %s", (text, canonical) => {
    expect(parseMac(text)).toEqual({ ok: true, value: canonical });
  });

  it.each([
    "",
    "020000000001",
    "02:00:00:00:00",
    "02:00:00:00:00:01:02",
    "2:0:0:0:0:1",
    "02:00:00:00:00:0g",
    "02:00:00:00:00:01\n",
    "0200.0000.0001",
  ])("is refused where it is none: %j", (text) => {
    expect(parseMac(text)).toEqual({ ok: false, error: `"${text}" is not a MAC address` });
  });

  it("survives the way through bytes, at any offset", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), fc.nat(8), (bytes, offset) => {
        const buffer = new Uint8Array(6 + offset);
        buffer.set(bytes, offset);
        const mac = macFromBytes(buffer, offset);
        expect(parseMac(mac)).toEqual({ ok: true, value: mac });
        const written = new Uint8Array(6 + offset);
        writeMac(mac, written, offset);
        expect(written).toEqual(buffer);
      }),
    );
  });

  it.each([
    ["00:00:00:00:00:00", "mac-zero"],
    ["ff:ff:ff:ff:ff:ff", "mac-broadcast"],
    ["01:00:5e:00:00:01", "mac-multicast"],
    ["33:33:00:00:00:01", "mac-multicast"],
    ["0f:00:00:00:00:00", "mac-multicast"],
    ["02:00:00:00:00:01", undefined],
    ["00:00:5e:00:01:0a", undefined],
    ["fe:ff:ff:ff:ff:ff", undefined],
  ])("C1.23 of a host it can be or not: %s", (mac, refusal) => {
    expect(refuseHostMac(mac as MacAddress)).toBe(refusal);
  });
});
