/** Suppression turned off: nobody is answered in another's place. */
import { expect, it } from "vitest";
import { A, adv, B, C, I4, Leaf, M, M2 } from "./leaf.ts";

it("Without suppression no neighbour is written, no probe answered, no IP announced", () => {
  const leaf = Leaf.ready(A, { suppresses: true, suppression: false });
  leaf.hears(adv(B, { ip: I4, seq: 1 }));
  leaf.after(10_000);
  leaf.probes({ mac: M2, ip: I4 });
  leaf.hears(adv(C, { mac: M2, ip: I4, seq: 2 }));
  expect(leaf.rows("neighbour")).toEqual([]);
  expect(leaf.said()).toEqual([]);
  // It is known all the same.
  leaf.sees({ mac: M, ip: I4, signal: "arp-request" });
  expect(leaf.advertised()).toContain(`${M} ${I4} 3`);
});
