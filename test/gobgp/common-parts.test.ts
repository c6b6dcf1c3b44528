/** Parts that many routes share are kept once. */
import { describe, expect, it } from "vitest";
import { CommonParts } from "../../src/gobgp/common-parts.ts";
import { macIpRoute } from "./routes.ts";

describe("What routes have in common", () => {
  it("is one value for all of them, and changes no route", () => {
    const common = new CommonParts();
    const [first, second] = [macIpRoute({}), macIpRoute({})];
    expect(common.ofMacIp(first)).toEqual(first);
    expect(common.ofMacIp(second)).toEqual(second);
    expect(first.routeTargets).not.toBe(second.routeTargets);
    expect(common.ofMacIp(second).routeTargets).toBe(first.routeTargets);
  });

  it("is told apart where it differs", () => {
    const common = new CommonParts();
    const other = macIpRoute({ routeTargets: [], ethernetTag: 7 });
    common.ofMacIp(macIpRoute({}));
    expect(common.ofMacIp(other)).toEqual(other);
  });
});
