import { describe, expect, it } from "vitest";
import type { MacAddress } from "../../src/evpn/mac.ts";
import {
  type MacPattern,
  matchesMac,
  matchesPort,
  type PortPattern,
  parseMacPattern,
  parsePortPattern,
} from "../../src/evpn/pattern.ts";
import { portName } from "../../src/evpn/port.ts";

describe("A MAC pattern", () => {
  it.each([
    ["00:00:5e:00:01:*", "00:00:5e:00:01:0a", true],
    ["00:00:5e:00:01:*", "00:00:5e:00:02:0a", false],
    ["00:00:5E:*", "00:00:5e:00:02:0a", true],
    ["*", "02:00:00:00:00:01", true],
    ["02:*:00:00:00:01", "02:77:00:00:00:01", true],
    ["02:00:00:00:00:01", "02:00:00:00:00:02", false],
  ])("%s against %s is %s", (text, mac, matches) => {
    const pattern = parseMacPattern(text);
    expect(pattern.ok && matchesMac(pattern.value, mac as MacAddress)).toBe(matches);
  });

  it.each(["", "00:00:5e", "00:00:5e:00:01:*:*", "0:0:5e:00:01:*", "02-00-00-00-00-01"])(
    "%j is refused",
    (text) => {
      expect(parseMacPattern(text).ok).toBe(false);
    },
  );

  it("is kept in lower case", () => {
    expect(parseMacPattern("00:00:5E:00:01:*")).toEqual({
      ok: true,
      value: "00:00:5e:00:01:*" as MacPattern,
    });
  });
});

describe("A port pattern", () => {
  it.each([
    ["uplink*", "uplink0", true],
    ["uplink*", "my-uplink0", false],
    ["*-tap", "vm1-tap", true],
    ["a*b*c", "axxbyyc", true],
    ["a*b*c", "axxc", false],
    ["ab*ba", "aba", false],
    ["eth1", "eth1", true],
    ["eth1", "eth10", false],
    ["*", "anything", true],
  ])("%s against %s is %s", (pattern, port, matches) => {
    expect(matchesPort(pattern as PortPattern, portName(port))).toBe(matches);
  });

  it.each(["", "a/b", "a b", "sixteen-letters-"])("%j is refused", (text) => {
    expect(parsePortPattern(text).ok).toBe(false);
  });
});
