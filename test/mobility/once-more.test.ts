/** What is no news is found out first; all that is news still comes to where it is decided. */
import { describe, expect, it } from "vitest";
import type { MacEntry } from "../../src/mobility/mac-entry.ts";
import type { Observation, Sighting } from "../../src/mobility/observation.ts";
import { NOTHING } from "../../src/mobility/outbox.ts";
import { DEFAULT_PROBES } from "../../src/mobility/probes.ts";
import { A, adv, B, I4, I6, Leaf, M, port, VNI } from "./leaf.ts";

const SEEN: Sighting = {
  kind: "seen",
  vni: VNI,
  port: port("p1"),
  mac: M,
  ip: I4,
  signal: "arp-request",
};

const SEGMENT = { vni: VNI, vtep: A, bridge: "br10", vxlan: "vxlan10", ownMacs: [] };

function entryOf(leaf: Leaf): MacEntry {
  const entry = leaf.engine.domain(VNI)?.entry(M);
  if (entry === undefined) throw new Error("the host is not known");
  return entry;
}

describe("A host that is seen where it was", () => {
  it("is still there, and nothing follows", () => {
    const leaf = Leaf.ready(A);
    leaf.engine.observe(SEEN, 1000);
    const before = entryOf(leaf);
    expect(leaf.engine.observe(SEEN, 5000)).toBe(NOTHING);
    expect(entryOf(leaf)).toEqual({ ...before, local: { ...before.local, seenAt: 5000 } });
    expect(leaf.engine.domain(VNI)?.confirmedAt.get(I4)).toBe(5000);
  });

  it("is a router still, and keeps the routes of others", () => {
    const leaf = Leaf.ready(A);
    leaf.observe({ kind: "claimed", route: adv(B, { mac: M, seq: 4 }) });
    leaf.engine.observe({ ...SEEN, router: true }, 1000);
    const before = entryOf(leaf);
    expect(before).toMatchObject({ router: true, heardSeq: 4, sentSeq: 5 });
    expect(before.remote).toHaveLength(1);
    expect(leaf.engine.observe({ ...SEEN, router: true }, 5000)).toBe(NOTHING);
    expect(leaf.engine.observe(SEEN, 6000)).toBe(NOTHING);
    expect(entryOf(leaf)).toEqual({ ...before, local: { ...before.local, seenAt: 6000 } });
  });

  it.each<readonly [string, Partial<Sighting>, (leaf: Leaf) => unknown]>([
    ["with another IP", { ip: I6 }, (leaf) => entryOf(leaf).local?.ips.has(I6)],
    ["at another port", { port: port("p2") }, (leaf) => entryOf(leaf).local?.port === "p2"],
    ["as a router", { router: true }, (leaf) => entryOf(leaf).router],
    ["answering", { signal: "answer" }, (leaf) => entryOf(leaf).local?.answers],
  ])("%s is seen anew", (_how, news, isKnown) => {
    const leaf = Leaf.ready(A);
    leaf.engine.observe(SEEN, 1000);
    expect(isKnown(leaf)).not.toBe(true);
    leaf.engine.observe({ ...SEEN, ...news }, 5000);
    expect(isKnown(leaf)).toBe(true);
  });

  it("is waited for no longer by who has asked it", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ mac: M, ip: I4 });
    const domain = leaf.engine.domain(VNI);
    const { agenda, probes } = domain ?? {};
    agenda?.set(M, 0);
    leaf.after(DEFAULT_PROBES.idleMs * 2);
    leaf.tick();
    expect(probes?.get(M)?.reason).toBe("idle");
    leaf.sees({ mac: M, ip: I4 });
    expect(probes?.has(M)).toBe(false);
  });

  it("is looked after again, if nobody does", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ mac: M, ip: I4 });
    const agenda = leaf.engine.domain(VNI)?.agenda;
    agenda?.delete(M);
    leaf.sees({ mac: M, ip: I4 });
    expect(agenda?.at(M)).toBeDefined();
  });

  it.each<readonly [string, readonly Observation[], string]>([
    ["the leaf's own", [{ kind: "segment-up", segment: { ...SEGMENT, ownMacs: [M] } }], "own-mac"],
    [
      "one of a port that has not come back",
      [
        { kind: "segment-down", vni: VNI },
        { kind: "segment-up", segment: SEGMENT },
      ],
      "unknown-port",
    ],
  ])("is nobody's host where it is %s by now", (_what, news, reason) => {
    const leaf = Leaf.ready(A);
    leaf.engine.observe(SEEN, 1000);
    for (const each of news) leaf.engine.observe(each, 2000);
    const { notices } = leaf.engine.observe(SEEN, 5000);
    expect(notices).toMatchObject([{ kind: "sighting-ignored", reason }]);
  });
});
