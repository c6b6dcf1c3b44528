/** Which MAC-VRF is looked at when: none but those in which something has happened, or is due. */
import { describe, expect, it } from "vitest";
import { mac } from "../../labs/runner/signals.ts";
import { toVni } from "../../src/evpn/vni.ts";
import { Domain } from "../../src/mobility/domain.ts";
import { DueDomains } from "../../src/mobility/due.ts";

const HOST = mac("02:00:00:00:00:01");

function domain(number: number): Domain {
  const vni = toVni(number);
  if (!vni.ok) throw new Error(vni.error);
  return new Domain(vni.value);
}

describe("MAC-VRFs that have put something off", () => {
  it("are taken in the order of their times, each once, and none before its time", () => {
    const due = new DueDomains();
    const domains = [domain(10), domain(20), domain(30)];
    for (const [i, each] of domains.entries()) {
      each.agenda.set(HOST, 300 - 100 * i);
      due.touch(each);
    }
    expect(due.next).toBe(100);
    expect(due.take(200)).toEqual([domains[2], domains[1]]);
    expect(due.take(200)).toEqual([]);
    expect(due.next).toBe(300);
  });

  it("are looked at anew when something has happened there", () => {
    const due = new DueDomains();
    const one = domain(10);
    one.agenda.set(HOST, 100);
    due.touch(one);
    expect(due.next).toBe(100);
    one.agenda.delete(HOST);
    due.touch(one);
    expect(due.next).toBeUndefined();
    one.letGoAgenda.set(HOST, 50);
    due.touch(one);
    expect(due.next).toBe(50);
  });
});
