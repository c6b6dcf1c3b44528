import { describe, expect, it } from "vitest";
import { DEFAULT_DUPLICATES, type DuplicateSettings } from "../../src/mobility/duplicates.ts";
import { type Timer, timersOf } from "../../src/mobility/timers.ts";
import { A, adv, B, I4, I6, Leaf, M, M2, mac, port, VNI } from "./leaf.ts";

function timers(leaf: Leaf, of = M, duplicates: Partial<DuplicateSettings> = {}): readonly Timer[] {
  const domain = leaf.engine.domain(VNI);
  const entry = domain?.entry(of);
  if (domain === undefined || entry === undefined) throw new Error(`Cannot find ${of}`);
  return timersOf(domain, entry, { ...DEFAULT_DUPLICATES, ...duplicates });
}

describe("The timers of a MAC", () => {
  it("are none of one of which nothing is waited for", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    expect(timers(leaf)).toEqual([]);
  });

  it("say when a host is looked at, for it may have been silent", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ ip: I4 });
    const [look, ...more] = timers(leaf);
    expect(look?.name).toBe("look");
    expect(look?.dueAt).toBeGreaterThanOrEqual(leaf.now + 120_000);
    expect(more).toEqual([]);
  });

  it("C3.13 say what it is asked, and how often still", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { ip: I4 }));
    leaf.sees();
    expect(timers(leaf)[0]).toMatchObject({ name: "probe", reason: "verify", ips: [I4] });
    expect(timers(leaf).map(({ name }) => name)).toContain("duplicate-window");
  });

  it("say until when the old owner may let go, and how often it was reminded", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    leaf.sees();
    expect(timers(leaf)).toContainEqual({ name: "let-go", tries: 0, dueAt: leaf.now + 3000 });
  });

  it("C9.10 say until when frames in flight are sent on, and to whom", () => {
    const leaf = Leaf.ready(A, { redirectMs: 10_000 });
    leaf.sees();
    leaf.hears(adv(B, { seq: 1 }));
    const dueAt = leaf.now + 10_000;
    expect(timers(leaf)).toContainEqual({ name: "redirect", vtep: B, dueAt });
  });

  it("say when more is bid where the speaker has refused a number", () => {
    const leaf = Leaf.ready(A);
    leaf.sees();
    leaf.observe({ kind: "seq-refused", vni: VNI, mac: M, seq: 0 });
    expect(timers(leaf)).toContainEqual({ name: "refused-number", seq: 0, dueAt: leaf.now + 1000 });
  });

  it("C2.1 say when the oldest move counts no longer", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B));
    leaf.sees();
    leaf.after(5000);
    expect(timers(leaf)).toContainEqual({
      name: "duplicate-window",
      moves: 1,
      of: 5,
      dueAt: leaf.now + 175_000,
    });
  });

  it("C2.7 say until when it is held to be a duplicate, or that it is for ever", () => {
    for (const recoverAfterMs of [60_000, undefined]) {
      const leaf = Leaf.ready(A, { duplicates: { moves: 2, recoverAfterMs } });
      for (const seq of [0, 2]) {
        leaf.hears(adv(B, { seq }));
        leaf.sees();
      }
      const dueAt = recoverAfterMs === undefined ? undefined : leaf.now + recoverAfterMs;
      expect(timers(leaf)).toContainEqual({ name: "recovery", ip: undefined, dueAt });
    }
  });

  it("C6.11 say who is asked for an IP that another claims", () => {
    const leaf = Leaf.ready(A, { guard: "strict" });
    leaf.sees({ ip: I4 });
    leaf.sees({ mac: M2, ip: I4, port: "p2", signal: "arp-request" });
    for (const of of [M, M2]) {
      expect(timers(leaf, of)).toContainEqual({
        name: "challenge",
        ip: I4,
        owner: M,
        dueAt: leaf.now + 500,
      });
    }
  });

  it("say when a migration is over by itself, and a lease ends", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ ip: I4 });
    leaf.leases({ ip: I6, seconds: 30 });
    const word = { kind: "migrate", step: "start", vni: VNI, mac: M, ips: [] } as const;
    leaf.observe({ kind: "word", word: { ...word, to: B, port: port("p1") }, by: "socket" });
    expect(timers(leaf)).toContainEqual({ name: "lease", ip: I6, dueAt: leaf.now + 30_000 });
    expect(timers(leaf)).toContainEqual({
      name: "migration",
      phase: "started",
      dueAt: leaf.now + 600_000,
    });
    const times = timers(leaf).map(({ dueAt }) => dueAt ?? 0);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("are those of this MAC alone", () => {
    const leaf = Leaf.ready(A);
    leaf.sees({ ip: I4 });
    leaf.hears(adv(B, { mac: mac("02:00:00:00:00:09") }));
    expect(timers(leaf, mac("02:00:00:00:00:09"))).toEqual([]);
  });
});
