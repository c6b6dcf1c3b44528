import { describe, expect, it } from "vitest";
import { ipv4FromBytes } from "../../src/evpn/ip.ts";
import { Lately } from "../../src/evpn/lately.ts";
import { macFromBytes } from "../../src/evpn/mac.ts";

describe("What was made lately", () => {
  it("is found by its number, and by no other that has the same place", () => {
    const lately = new Lately<string>();
    expect(lately.of(0)).toBeUndefined();
    expect(lately.keep(7, "seven")).toBe("seven");
    expect(lately.of(7)).toBe("seven");
    expect(lately.of(7 + 1024)).toBeUndefined();
    lately.keep(7 + 1024, "another");
    expect(lately.of(7)).toBeUndefined();
    expect(lately.of(7 + 1024)).toBe("another");
  });

  it("never tells one address for another, whatever came before", () => {
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 5000; i++) {
        const bytes = Uint8Array.of(2, i & 255, 0xfe, i >> 8, 0xff, 0x80, (i * 7) & 255);
        const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
        expect(macFromBytes(bytes)).toBe(hex.slice(0, 6).join(":"));
        expect(macFromBytes(bytes, 1)).toBe(hex.slice(1).join(":"));
        expect(ipv4FromBytes(bytes, 3)).toBe(bytes.slice(3).join("."));
      }
    }
  });
});
