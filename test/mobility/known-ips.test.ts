/** What is known of an IP: who holds it, who answers for it, who had it last. */
import { describe, expect, it } from "vitest";
import { ip, mac } from "../../labs/runner/signals.ts";
import { KnownIps } from "../../src/mobility/known-ips.ts";
import { VNI } from "./leaf.ts";

const IP = ip("192.0.2.1");
const [A, B] = [mac("02:00:00:00:00:0a"), mac("02:00:00:00:00:0b")];

describe("The holders of an IP", () => {
  it("are nobody, one, or several, each once, in the order in which they came", () => {
    const known = new KnownIps();
    expect(known.holdersOf(IP)).toEqual([]);
    known.addHolder(IP, A);
    known.addHolder(IP, A);
    expect(known.holdersOf(IP)).toEqual([A]);
    known.addHolder(IP, B);
    known.addHolder(IP, A);
    expect(known.holdersOf(IP)).toEqual([A, B]);
    expect([...known.ips()]).toEqual([IP]);
  });

  it("are forgotten with the last of them, which is said", () => {
    const known = new KnownIps();
    for (const each of [A, B]) known.addHolder(IP, each);
    expect(known.deleteHolder(IP, A)).toBe(false);
    expect(known.deleteHolder(IP, A)).toBe(false);
    expect(known.deleteHolder(IP, B)).toBe(true);
    expect(known.deleteHolder(IP, B)).toBe(false);
    expect([...known.ips()]).toEqual([]);
    known.addHolder(IP, A);
    expect(known.deleteHolder(IP, B)).toBe(false);
    expect(known.deleteHolder(IP, A)).toBe(true);
  });
});

describe("An IP", () => {
  const row = { vni: VNI, ip: IP, mac: A };

  it("is known as long as somebody holds it, or answers for it, or had it last", () => {
    const known = new KnownIps();
    known.addHolder(IP, A);
    known.setNeighbour(IP, row);
    known.setOwner(IP, A);
    expect(known.deleteHolder(IP, A)).toBe(true);
    expect([...known.ips()]).toEqual([IP]);
    expect(known.neighbourOf(IP)).toEqual(row);
    known.setNeighbour(IP, undefined);
    expect([...known.ips()]).toEqual([]);
    expect(known.neighbourOf(IP)).toBeUndefined();
    // Nobody has it, but it is remembered who had.
    expect(known.ownerOf(IP)).toBe(A);
    known.setOwner(IP, undefined);
    expect(known.ownerOf(IP)).toBeUndefined();
  });

  it("of which nothing is known takes no memory", () => {
    const known = new KnownIps();
    known.setNeighbour(IP, undefined);
    known.setOwner(IP, undefined);
    known.deleteHolder(IP, A);
    known.setNeighbour(IP, row);
    known.setNeighbour(IP, undefined);
    known.setOwner(IP, A);
    known.setOwner(IP, undefined);
    expect(known.size).toBe(0);
    known.setOwner(IP, A);
    expect(known.size).toBe(1);
  });
});
