/** Who is behind a port is asked for its multicast groups when a host comes to it. */
import { describe, expect, it } from "vitest";
import { A, adv, B, I4, Leaf, M, M2, mac, port, VNI } from "./leaf.ts";

const M3 = mac("02:00:00:00:00:03");

function ready(): Leaf {
  return Leaf.ready(A, { membershipQueries: true });
}

/** The ports asked since the last call. */
function asked(leaf: Leaf): string[] {
  return leaf.groupsAsked.splice(0).map((query) => query.port);
}

describe("When a host comes to a port", () => {
  it("all behind it are asked for their multicast groups, once", () => {
    const leaf = ready();
    leaf.hears(adv(B, { ip: I4 }));
    leaf.sees({ ip: I4 });
    expect(asked(leaf)).toEqual(["p1"]);
    expect(leaf.noticesOf("membership-asked")).toEqual([
      { kind: "membership-asked", vni: VNI, port: "p1" },
    ]);
    for (let i = 0; i < 10; i++) leaf.sees({ ip: I4, signal: "arp-request" });
    leaf.pass(60_000);

    expect(asked(leaf)).toEqual([]);
  });

  it("from another port of the leaf, they are asked at the new one", () => {
    const leaf = ready();
    leaf.sees();
    leaf.pass(5000);
    asked(leaf);
    leaf.sees({ port: "p2" });

    expect(asked(leaf)).toEqual(["p2"]);
  });

  it("one after the other, they are asked again for all that came meanwhile, a second later", () => {
    const leaf = ready();
    leaf.sees();
    leaf.pass(10);
    for (const each of [M2, M3]) leaf.sees({ mac: each });
    expect(asked(leaf)).toEqual(["p1"]);
    leaf.pass(989);
    expect(asked(leaf)).toEqual([]);
    leaf.pass(1);
    expect(asked(leaf)).toEqual(["p1"]);
    leaf.pass(60_000);

    expect(asked(leaf)).toEqual([]);
  });

  it("that goes down at once, nobody is asked there any more", () => {
    const leaf = ready();
    leaf.sees();
    leaf.sees({ mac: M2 });
    asked(leaf);
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });
    leaf.pass(5000);

    expect(asked(leaf)).toEqual([]);
  });

  it("by the word of the hypervisor, they are asked as well", () => {
    const leaf = ready();
    const word = { kind: "attach", vni: VNI, mac: M, port: port("p2"), ips: [] } as const;
    leaf.observe({ kind: "word", word });

    expect(asked(leaf)).toEqual(["p2"]);
  });
});

it("Those whom we find in the bridge at our start have come before, and are not asked", () => {
  const leaf = new Leaf(A, { membershipQueries: true });
  leaf.boots();
  leaf.told("rib");
  leaf.sees();
  for (const source of ["kernel", "packets"] as const) leaf.told(source);

  expect(leaf.where()).toBe("p1");
  expect(asked(leaf)).toEqual([]);
});

it("Nobody is asked where the operator has said so", () => {
  const leaf = Leaf.ready(A);
  leaf.sees();

  expect(asked(leaf)).toEqual([]);
});
