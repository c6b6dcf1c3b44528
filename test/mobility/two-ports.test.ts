/** A MAC that is seen at another port of the same leaf: has it moved, or does somebody use it? */
import { describe, expect, it } from "vitest";
import type { GuardMode } from "../../src/mobility/guard.ts";
import { A, I4, I6, ip, Leaf, M, mac, port, VNI } from "./leaf.ts";

const VRRP = mac("00:00:5e:00:01:33");

function here(guard: GuardMode): Leaf {
  const leaf = Leaf.ready(A, { guard });
  leaf.sees({ ip: I4 });
  leaf.sees({ ip: ip("10.0.0.9") });
  leaf.sees({ ip: I6 });
  return leaf;
}

/** The questions since the last call. */
function asked(leaf: Leaf): string[] {
  return leaf.asked.splice(0).map(({ port: at, ip: about }) => `${at} ${about}`);
}

function answers(leaf: Leaf, at: string): void {
  leaf.sees({ port: at, ip: I4, signal: "answer" });
}

describe.each(["warn", "strict"] as const)(
  "With guard %s, a MAC that is seen at another port",
  (guard) => {
    it("C1.14 is there at once, and is asked at the old one, once for each family", () => {
      const leaf = here(guard);
      leaf.sees({ port: "p2", ip: I4 });

      expect(leaf.where()).toBe("p2");
      expect(asked(leaf)).toEqual([`p1 ${I4}`, `p1 ${I6}`]);
      leaf.sees({ port: "p2", ip: I4 });
      leaf.pass(5000);
      expect(asked(leaf)).toEqual([]);
      expect(leaf.noticesOf("at-two-ports")).toEqual([]);
    });

    it("is told to be at both when it answers at the old one, once in a while", () => {
      const leaf = here(guard);
      const action = guard === "strict" ? "refused" : "believed";
      for (let i = 0; i < 3; i++) {
        leaf.sees({ port: "p2", ip: I4 });
        // What the bridge learns from an answer may be told before the answer.
        leaf.sees({ port: "p1" });
        answers(leaf, "p1");
        leaf.after(5000);
      }

      expect(leaf.where()).toBe("p1");
      expect(leaf.noticesOf("at-two-ports")).toEqual([
        { kind: "at-two-ports", vni: VNI, mac: M, port: "p1", other: "p2", action },
      ]);
      leaf.after(30_000);
      leaf.sees({ port: "p2", ip: I4 });
      answers(leaf, "p1");
      expect(leaf.noticesOf("at-two-ports")).toHaveLength(2);
    });

    it("is not, when the answer comes long after the question", () => {
      const leaf = here(guard);
      leaf.sees({ port: "p2", ip: I4 });
      leaf.after(1000);
      answers(leaf, "p1");

      expect(leaf.noticesOf("at-two-ports")).toEqual([]);
      expect(leaf.where()).toBe("p1");
    });

    it("may go to and fro by other frames", () => {
      const leaf = here(guard);
      for (const at of ["p2", "p1", "p2", "p1", "p2"]) {
        leaf.sees({ port: at, ip: I4 });
        expect(leaf.where()).toBe(at);
        leaf.after(300);
      }
      expect(leaf.noticesOf("at-two-ports")).toEqual([]);
    });

    it("is not asked where it may be at several places by design, or the hypervisor has said so", () => {
      const leaf = here(guard);
      leaf.sees({ mac: VRRP, ip: ip("10.0.0.33") });
      leaf.sees({ mac: VRRP, ip: ip("10.0.0.33"), port: "p2" });
      leaf.sees({ port: "p2", signal: "word" });

      expect(leaf.where(VRRP)).toBe("p2");
      expect(leaf.where()).toBe("p2");
      expect(asked(leaf)).toEqual([]);
    });

    it("is not asked at a port that is gone", () => {
      const leaf = here(guard);
      leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });
      leaf.sees({ port: "p2", ip: I4 });

      expect(leaf.where()).toBe("p2");
      expect(asked(leaf)).toEqual([]);
    });
  },
);

describe("With guard strict, a MAC that has answered at its old port", () => {
  function forged(): Leaf {
    const leaf = here("strict");
    leaf.sees({ port: "p2", ip: I4 });
    answers(leaf, "p1");
    leaf.asked.length = 0;
    return leaf;
  }

  it("stays there as long as it answers, whatever comes from elsewhere", () => {
    const leaf = forged();
    for (let i = 0; i < 100; i++) {
      leaf.after(2000);
      leaf.sees({ port: "p2", ip: ip("10.0.0.66") });
      expect(asked(leaf)).toEqual([`p1 ${I4}`, `p1 ${I6}`]);
      expect(leaf.where()).toBe("p1");
      answers(leaf, "p1");
    }

    expect(leaf.advertised()).not.toContain(`${M} 10.0.0.66 -`);
    expect(leaf.noticesOf("sighting-ignored").at(-1)).toMatchObject({ reason: "at-another-port" });
  });

  it("is asked no oftener than an answer takes", () => {
    const leaf = forged();
    for (let i = 0; i < 100; i++) {
      leaf.sees({ port: "p2" });
      leaf.after(9);
    }
    expect(asked(leaf)).toEqual([`p1 ${I4}`, `p1 ${I6}`]);
    expect(leaf.where()).toBe("p1");
  });

  it("moves when it does not answer there any more", () => {
    const leaf = forged();
    leaf.after(2000);
    leaf.sees({ port: "p2" });
    expect(leaf.where()).toBe("p1");
    leaf.after(1000);
    leaf.sees({ port: "p2" });

    expect(leaf.where()).toBe("p2");
  });

  it("moves at once when that port goes down", () => {
    const leaf = forged();
    leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });
    leaf.sees({ port: "p2" });

    expect(leaf.where()).toBe("p2");
  });
});

it("With guard off, nobody is asked", () => {
  const leaf = here("off");
  leaf.sees({ port: "p2", ip: I4 });
  answers(leaf, "p1");

  expect(asked(leaf)).toEqual([]);
  expect(leaf.noticesOf("at-two-ports")).toEqual([]);
});
