/** What the daemon is told to do, from the command to the decision. */
import { describe, expect, it } from "vitest";
import type { Command } from "../src/control/command.ts";
import { portName } from "../src/evpn/port.ts";
import { obey } from "../src/obey.ts";
import { A, adv, B, I4, Leaf, M, M2, VNI, vni } from "./mobility/leaf.ts";

function order(leaf: Leaf, command: Command): unknown {
  const observe: Parameters<typeof obey>[1]["observe"] = (observation) => {
    const before = leaf.notices.length;
    leaf.observe(observation);
    return leaf.notices.slice(before);
  };
  return obey(command, { engine: leaf.engine, observe, by: "socket" });
}

const host = { mac: M, vni: undefined, ips: [I4] } as const;

describe("The word of the hypervisor", () => {
  it("is answered with where the host is by now", () => {
    const leaf = Leaf.ready(A);
    leaf.hears(adv(B, { seq: 3 }));

    expect(order(leaf, { kind: "attach", port: portName("p1"), ...host })).toEqual({
      ok: true,
      value: {
        vni: VNI,
        mac: M,
        said: "attach",
        whereabouts: "here",
        port: "p1",
        vtep: null,
        seq: 4,
      },
    });
  });

  it("is refused in a sentence that says what was missing", () => {
    const leaf = Leaf.ready(A);
    expect(order(leaf, { kind: "attach", port: portName("p9"), ...host })).toEqual({
      ok: false,
      error: `Cannot attach ${M} in VNI 10: that port is not up in this MAC-VRF`,
    });
    const migrate = { kind: "migrate", to: undefined, port: undefined, ...host } as const;
    expect(order(leaf, { ...migrate, step: "abort", vni: vni(10) })).toEqual({
      ok: false,
      error: `Cannot abort ${M} in VNI 10: no migration of it has been started, or it is over`,
    });
    expect(order(leaf, { ...migrate, step: "start", vni: vni(11) })).toEqual({
      ok: false,
      error: `Cannot start ${M} in VNI 11: there is no such MAC-VRF here`,
    });
  });

  it("is told with who has given it, also where it is refused", () => {
    const leaf = Leaf.ready(A);
    order(leaf, { kind: "attach", port: portName("p1"), ...host });
    order(leaf, { kind: "detach", port: portName("p9"), mac: M, vni: undefined });
    const told = leaf.notices.filter(({ kind }) => kind.startsWith("word-"));
    expect(told).toEqual([
      { kind: "word-given", vni: VNI, mac: M, word: "attach", by: "socket" },
      {
        kind: "word-refused",
        vni: VNI,
        mac: M,
        word: "detach",
        refused: "not-here",
        by: "socket",
      },
    ]);
  });

  it("means the MAC-VRF of the port, where none is said, whatever is known of the MAC", () => {
    const leaf = Leaf.ready(A);
    const segment = { vtep: A, bridge: "br11", vxlan: "vx11", ownMacs: [] };
    leaf.observe({ kind: "segment-up", segment: { vni: vni(11), ...segment } });
    leaf.observe({ kind: "port-up", vni: vni(11), port: portName("p3") });
    leaf.hears(adv(B));
    const p3 = { port: portName("p3"), vni: undefined, ips: [] } as const;

    expect(order(leaf, { kind: "attach", mac: M2, ...p3 })).toMatchObject({ value: { vni: 11 } });
    expect(order(leaf, { kind: "attach", mac: M, ...p3 })).toMatchObject({ value: { vni: 11 } });
    const land = { kind: "migrate", step: "land", to: undefined } as const;
    expect(order(leaf, { ...land, mac: M2, ...p3 })).toMatchObject({ value: { vni: 11 } });
    const p1 = { port: portName("p1"), vni: undefined } as const;
    expect(order(leaf, { ...land, mac: M, ips: [], ...p1 })).toMatchObject({ value: { vni: 10 } });
    expect(order(leaf, { kind: "detach", mac: M, ...p1 })).toMatchObject({ value: { vni: 10 } });
  });

  it("means the MAC-VRF in which the MAC is known, where none is said", () => {
    const leaf = Leaf.ready(A);
    const segment = { vtep: A, bridge: "br11", vxlan: "vx11", ownMacs: [] };
    leaf.observe({ kind: "segment-up", segment: { vni: vni(11), ...segment } });
    leaf.sees();
    const start = {
      kind: "migrate",
      step: "start",
      to: B,
      port: undefined,
      ips: [],
      vni: undefined,
    } as const;

    expect(order(leaf, { ...start, mac: M })).toMatchObject({ ok: true, value: { vni: 10 } });
    expect(order(leaf, { ...start, mac: M2 })).toEqual({
      ok: false,
      error: `Cannot start ${M2}: there are several MAC-VRFs: say --vni`,
    });
  });
});
