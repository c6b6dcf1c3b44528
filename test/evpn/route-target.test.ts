import { describe, expect, it } from "vitest";
import {
  automaticRouteTarget,
  type ImportRule,
  imports,
  parseRouteTarget,
  type RouteTarget,
} from "../../src/evpn/route-target.ts";
import type { Vni } from "../../src/evpn/vni.ts";

function targets(...texts: readonly string[]): readonly RouteTarget[] {
  return texts.map((text) => {
    const parsed = parseRouteTarget(text);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  });
}

describe("A route target", () => {
  it.each([
    [65000, 10, "65000:10"],
    [4200000001, 100, "59905:100"],
    [65536, 100, "0:100"],
    [65000, 16777215, "65000:16777215"],
  ])("of AS %i and VNI %i is derived as FRR does it: %s", (asn, vni, expected) => {
    expect(automaticRouteTarget(asn, vni as Vni)).toBe(expected);
  });

  it("is refused by its own name", () => {
    expect(parseRouteTarget("10")).toEqual({ ok: false, error: '"10" is not a route target' });
  });
});

describe("The automatic import rule", () => {
  const rule: ImportRule = { kind: "automatic", vni: 100 as Vni };

  it.each([
    ["1:100", true],
    ["65000:100", true],
    ["4200000000:100", true],
    ["0.65000:100", true],
    ["10.0.0.1:100", true],
    ["65000:101", false],
    ["65000:1000", false],
    ["100:1", false],
    ["65000:65636", false],
  ])("takes what FRR takes: %s is %s", (text, expected) => {
    expect(imports(rule, targets(text))).toBe(expected);
  });

  it("takes the form of RFC 8365 §5.1.2.1 besides", () => {
    expect(imports(rule, targets("65000:268435556"))).toBe(true);
    expect(imports(rule, targets("65000:268435557"))).toBe(false);
    expect(imports(rule, targets("65000:536871012"))).toBe(false);
  });

  it("C1.22 takes nothing without a target, and what has one among others", () => {
    expect(imports(rule, [])).toBe(false);
    expect(imports(rule, targets("65000:7", "65000:100"))).toBe(true);
    expect(imports(rule, targets("65000:7", "65000:8"))).toBe(false);
  });

  it("tells VNIs above 65535 apart", () => {
    const large: ImportRule = { kind: "automatic", vni: 65636 as Vni };
    expect(imports(large, targets("65000:65636"))).toBe(true);
    expect(imports(large, targets("65000:100"))).toBe(false);
    expect(imports(large, targets("4200000000:100"))).toBe(false);
  });
});

describe("A list of import targets", () => {
  const rule: ImportRule = { kind: "listed", targets: targets("65000:10", "64086.59905:10") };

  it("C1.22 takes exactly these", () => {
    expect(imports(rule, targets("65000:10"))).toBe(true);
    expect(imports(rule, targets("65000:1", "4200000001:10"))).toBe(true);
    expect(imports(rule, targets("65001:10"))).toBe(false);
    expect(imports(rule, targets("0.65000:10"))).toBe(false);
    expect(imports(rule, [])).toBe(false);
  });

  it("takes nothing where it is empty", () => {
    expect(imports({ kind: "listed", targets: [] }, targets("65000:10"))).toBe(false);
  });
});
