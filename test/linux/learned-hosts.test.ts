import { describe, expect, it } from "vitest";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { bridgeVlan } from "../../src/linux/forwarding.ts";
import { LEARNED_MAX, LearnedHosts } from "../../src/linux/learned-hosts.ts";

const host = (port: number) => ({
  bridge: bridgeVlan(1, 0),
  port,
  mac: "02:00:00:00:00:01" as MacAddress,
});

describe("Hosts that a bridge has learned", () => {
  it("C9.14 are remembered up to a number per port; those of other ports none the less", () => {
    const learned = new LearnedHosts();
    for (let i = 0; i < LEARNED_MAX + 100; i++) learned.set(`flood ${i}`, host(2));
    learned.set("honest", host(3));
    expect(learned.size).toBe(LEARNED_MAX + 1);
    expect(learned.mayBeAt("honest", 3)).toBe(true);
    expect(learned.mayBeAt("honest", 2)).toBe(false);
  });

  it("of a full port may be there though they are not remembered, of another not", () => {
    const learned = new LearnedHosts();
    expect(learned.mayBeAt("a", 2)).toBe(false);
    for (let i = 0; i < LEARNED_MAX; i++) learned.set(`flood ${i}`, host(2));
    expect(learned.mayBeAt("a", 2)).toBe(true);
    learned.delete("flood 1");
    expect(learned.mayBeAt("a", 2)).toBe(false);
    learned.set("a", host(2));
    expect(learned.mayBeAt("a", 2)).toBe(true);
  });

  it("that go to another port are there alone", () => {
    const learned = new LearnedHosts();
    learned.set("a", host(2));
    learned.set("a", host(3));
    expect(learned.mayBeAt("a", 2)).toBe(false);
    learned.delete("a");
    learned.delete("a");
    expect([...learned.values()]).toEqual([]);
  });
});
