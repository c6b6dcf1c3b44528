import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareClaims,
  decidedBy,
  type MacClaim,
  outranks,
  SEQ_MAX,
} from "../../src/evpn/mac-claim.ts";
import type { VtepAddress } from "../../src/evpn/vtep.ts";

function claim(vtep: string, seq: number, { sticky = false } = {}): MacClaim {
  return { vtep: vtep as VtepAddress, seq, sticky };
}

describe("Of two claims to a MAC", () => {
  it.each([
    [
      "C1.5 the higher sequence number wins",
      claim("192.0.2.2", 3),
      claim("192.0.2.1", 2),
      "sequence",
    ],
    ["C1.7 the lower VTEP breaks a tie", claim("192.0.2.1", 3), claim("192.0.2.2", 3), "vtep"],
    ["C1.11 the lower VTEP is so by number", claim("192.0.2.9", 3), claim("192.0.2.10", 3), "vtep"],
    [
      "a sticky one wins over any sequence number",
      claim("192.0.2.2", 0, { sticky: true }),
      claim("192.0.2.1", SEQ_MAX),
      "sticky",
    ],
    [
      "of two sticky ones the sequence number decides",
      claim("192.0.2.2", 1, { sticky: true }),
      claim("192.0.2.1", 0, { sticky: true }),
      "sequence",
    ],
    [
      "the highest possible number is higher",
      claim("192.0.2.2", SEQ_MAX),
      claim("192.0.2.1", 1),
      "sequence",
    ],
  ] as const)("%s", (_rule, winner, loser, step) => {
    expect(outranks(winner, loser)).toBe(true);
    expect(outranks(loser, winner)).toBe(false);
    expect(decidedBy(winner, loser)).toBe(step);
    expect(decidedBy(loser, winner)).toBe(step);
    expect(compareClaims(winner, loser)).toEqual({ wins: true, by: step });
    expect(compareClaims(loser, winner)).toEqual({ wins: false, by: step });
  });

  it("one does not outrank itself", () => {
    const one = claim("192.0.2.1", 3);
    expect(outranks(one, { ...one })).toBe(false);
    expect(decidedBy(one, { ...one })).toBe("same");
  });

  it("every leaf picks the same, in whatever order it heard of them", () => {
    const anyClaim = fc.record({
      vtep: fc
        .constantFrom("192.0.2.9", "192.0.2.10", "2001:db8::1")
        .map((ip) => ip as VtepAddress),
      seq: fc.constantFrom(0, 1, 2, SEQ_MAX),
      sticky: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyClaim, { minLength: 1, maxLength: 6 }), fc.nat(5), (claims, turn) => {
        const best = (all: readonly MacClaim[]): MacClaim =>
          all.reduce((a, b) => (outranks(b, a) ? b : a));
        const turned = [...claims.slice(turn), ...claims.slice(0, turn)].reverse();
        expect(best(turned)).toEqual(best(claims));
      }),
    );
  });
});
