import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Agenda } from "../../src/mobility/agenda.ts";

describe("An agenda", () => {
  it("gives what is due, the earliest first, and each once", () => {
    const agenda = new Agenda<string>();
    agenda.set("b", 20);
    agenda.set("a", 10);
    agenda.set("c", 30);

    expect(agenda.next).toBe(10);
    expect(agenda.take(5)).toBeUndefined();
    expect([agenda.take(20), agenda.take(20), agenda.take(20)]).toEqual(["a", "b", undefined]);
    expect(agenda.next).toBe(30);
  });

  it("keeps the last word on a key", () => {
    const agenda = new Agenda<string>();
    agenda.set("a", 10);
    agenda.set("a", 50);
    agenda.set("b", 40);
    agenda.delete("b");

    expect(agenda.next).toBe(50);
    expect(agenda.take(49)).toBeUndefined();
    expect(agenda.take(50)).toBe("a");
  });

  it("agrees with a sorted list, whatever is said in whatever order", () => {
    const act = fc.oneof(
      fc.record({ set: fc.nat(8), at: fc.nat(50) }),
      fc.record({ delete: fc.nat(8) }),
      fc.record({ take: fc.nat(50) }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
        const agenda = new Agenda<number>();
        const model = new Map<number, number>();
        for (const each of acts) {
          if ("set" in each) {
            agenda.set(each.set, each.at);
            model.set(each.set, each.at);
          } else if ("delete" in each) {
            agenda.delete(each.delete);
            model.delete(each.delete);
          } else {
            const earliest = Math.min(...model.values());
            const taken = agenda.take(each.take);
            if (earliest > each.take) expect(taken).toBeUndefined();
            else {
              expect(model.get(taken ?? -1)).toBe(earliest);
              model.delete(taken ?? -1);
            }
          }
          const times = [...model.values()];
          expect(agenda.next).toBe(times.length === 0 ? undefined : Math.min(...times));
        }
      }),
    );
  });
});
