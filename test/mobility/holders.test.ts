/** Which MACs hold an IP. */
import { describe, expect, it } from "vitest";
import { ip, mac } from "../../labs/runner/signals.ts";
import { Holders } from "../../src/mobility/holders.ts";

const IP = ip("192.0.2.1");
const [A, B] = [mac("02:00:00:00:00:0a"), mac("02:00:00:00:00:0b")];

describe("The holders of an IP", () => {
  it("are nobody, one, or several, each once, in the order in which they came", () => {
    const holders = new Holders();
    expect(holders.of(IP)).toEqual([]);
    holders.add(IP, A);
    holders.add(IP, A);
    expect(holders.of(IP)).toEqual([A]);
    holders.add(IP, B);
    holders.add(IP, A);
    expect(holders.of(IP)).toEqual([A, B]);
    expect([...holders.ips()]).toEqual([IP]);
  });

  it("are forgotten with the last of them, which is said", () => {
    const holders = new Holders();
    for (const each of [A, B]) holders.add(IP, each);
    expect(holders.delete(IP, A)).toBe(false);
    expect(holders.delete(IP, A)).toBe(false);
    expect(holders.delete(IP, B)).toBe(true);
    expect(holders.delete(IP, B)).toBe(false);
    expect([...holders.ips()]).toEqual([]);
    holders.add(IP, A);
    expect(holders.delete(IP, B)).toBe(false);
    expect(holders.delete(IP, A)).toBe(true);
  });
});
