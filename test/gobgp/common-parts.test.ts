/** Parts that many routes share are read once and kept once. */
import { describe, expect, it } from "vitest";
import { CommonParts } from "../../src/gobgp/common-parts.ts";
import type { NumberedByName } from "../../src/gobgp/speaker-path.ts";

const AS2 = { kind: "as2", admin: 65000, number: 10 } as const;
const IPV4 = { kind: "ipv4", admin: "10.255.0.1", number: 10 } as const;

describe("What routes have in common", () => {
  it("is one value for all of them", () => {
    const common = new CommonParts();
    const lists = [
      [AS2, IPV4],
      [{ ...AS2 }, { ...IPV4 }],
    ].map((each) => common.routeTargets(each));
    expect(lists[0]).toEqual(["65000:10", "10.255.0.1:10"]);
    expect(lists[1]).toBe(lists[0]);
    expect(common.routeTargets([AS2])).toBe(common.routeTargets([{ ...AS2 }]));
    expect(common.routeTargets([])).toEqual([]);
  });

  it("is told apart where it differs, by kind, number or who gave it", () => {
    const common = new CommonParts();
    const names: readonly NumberedByName[] = [
      AS2,
      { ...AS2, number: 11 },
      { ...AS2, admin: 65001 },
      { ...AS2, kind: "as4" },
      IPV4,
    ];
    const rds = ["65000:10", "65000:11", "65001:10", "0.65000:10", "10.255.0.1:10"];
    for (const _ of [1, 2]) expect(names.map((name) => common.rd(name))).toEqual(rds);
  });

  it("may be nothing that there can be, which is remembered too", () => {
    const common = new CommonParts();
    const impossible = { ...AS2, admin: 65536 };
    for (const _ of [1, 2]) {
      expect(common.rd(impossible)).toBeUndefined();
      expect(common.routeTargets([impossible, AS2])).toEqual(["65000:10"]);
      expect(common.vtep("0.0.0.0")).toBeUndefined();
      expect(common.vtep("10.255.0.1")).toBe("10.255.0.1");
    }
  });

  it("is not kept without a bound", () => {
    const common = new CommonParts();
    for (let number = 0; number < 30_000; number++) {
      expect(common.rd({ ...AS2, number })).toBe(`65000:${number}`);
      expect(common.vtep(`10.1.${number >> 8}.${number & 255}`)).toBeDefined();
    }
  });
});
