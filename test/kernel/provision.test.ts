/** Bridges and VXLAN devices made for an operator, kept right, and taken away again. */
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { Vni } from "../../src/evpn/vni.ts";
import {
  keepProvisioned,
  type ProvisionNews,
  type ProvisionRequest,
  provision,
} from "../../src/linux/provision.ts";
import { clearLinks, requireOwnNamespace, run, sh } from "./namespace.ts";
import { open, Recorder } from "./recorder.ts";

const request: ProvisionRequest = {
  vni: 10 as Vni,
  vxlan: "vxlan10",
  bridge: "br10",
  local: "10.0.0.1" as IpAddress,
  mtu: undefined,
  ports: ["p1"],
};
const MAKE = { away: false, dryRun: false } as const;
const AWAY = { away: true, dryRun: false } as const;

beforeAll(requireOwnNamespace);
beforeEach(() =>
  sh(`
    ip link add uplink mtu 9000 type veth peer name spine mtu 9000
    ip link set spine up
    ip link set uplink up
    ip address add 192.0.2.1/31 dev uplink
    ip address add 2001:db8:f::1/64 dev uplink nodad
    ip link add p1 type veth peer name p1h
  `),
);
afterEach(clearLinks);

function make(requests: readonly ProvisionRequest[] = [request]): readonly string[] {
  const news = provision(requests, MAKE);
  expect(news.filter(({ isFailure }) => isFailure)).toEqual([]);
  return news.map(({ sentence }) => sentence);
}

interface Shown {
  readonly mtu: number;
  readonly master?: string;
  readonly flags: readonly string[];
  readonly ifalias?: string;
  readonly inet6_addr_gen_mode?: string;
  readonly linkinfo?: {
    readonly info_data?: Readonly<Record<string, unknown>>;
    readonly info_slave_data?: Readonly<Record<string, unknown>>;
  };
}

function shown(device: string): Shown | undefined {
  try {
    return JSON.parse(run("ip", ["-j", "-d", "link", "show", "dev", device]))[0] as Shown;
  } catch {
    return undefined;
  }
}

describe("roamd provision", () => {
  it("makes a bridge and a VXLAN device as a MAC-VRF needs them, of which roamd makes one", async () => {
    make();
    expect(shown("br10")).toMatchObject({
      flags: expect.arrayContaining(["UP"]),
      ifalias: "made by roamd",
      inet6_addr_gen_mode: "none",
    });
    expect(shown("vxlan10")).toMatchObject({
      mtu: 8950,
      master: "br10",
      flags: expect.arrayContaining(["UP"]),
      ifalias: "made by roamd",
      inet6_addr_gen_mode: "none",
      linkinfo: {
        info_data: { id: 10, local: "10.0.0.1", port: 4789, learning: false },
        info_slave_data: { learning: false, neigh_suppress: true },
      },
    });
    expect(shown("p1")).toMatchObject({ master: "br10", flags: expect.arrayContaining(["UP"]) });

    const recorder = new Recorder();
    await using _kernel = await open(recorder);
    expect(recorder.of("segment-up")[0]?.segment).toMatchObject({ vni: 10, vtep: "10.0.0.1" });
    expect(recorder.notices).toEqual([]);
  });

  it("says what it did, and does nothing the second time", () => {
    expect(make()).toContain("made bridge br10");
    expect(make()).toEqual([]);
  });

  it("only says it in a dry run, in the same words", () => {
    const would = provision([request], { away: false, dryRun: true });
    expect(shown("br10")).toBeUndefined();
    expect(would.map(({ sentence }) => sentence)).toEqual(make());
  });

  it("leaves 70 bytes to the headers of an IPv6 underlay", () => {
    make([{ ...request, local: "2001:db8::1" as IpAddress }]);
    expect(shown("vxlan10")).toMatchObject({
      mtu: 8930,
      linkinfo: { info_data: { local6: "2001:db8::1" } },
    });
  });

  it("takes the address of lo where none is said, and says so if there is none, or are several", () => {
    const found = { ...request, local: undefined };
    const failure = (): string | undefined =>
      provision([found], MAKE).find(({ isFailure }) => isFailure)?.sentence;
    expect(failure()).toBe(
      "Cannot provision vni 10: lo has no address to be its VTEP's: say which (local)",
    );
    sh("ip address add 10.0.0.3/32 dev lo");
    make([found]);
    expect(shown("vxlan10")?.linkinfo?.info_data?.local).toBe("10.0.0.3");
    sh("ip address add 10.0.0.4/32 dev lo");
    expect(failure()).toMatch(/several addresses/);
    sh(`
      ip address del 10.0.0.3/32 dev lo
      ip address del 10.0.0.4/32 dev lo
    `);
  });

  it("takes away what it made, and nothing else; a later process knows it by its mark", () => {
    make();
    const before = run("ip", ["-o", "link", "show", "dev", "uplink"]);
    const news = provision([request], AWAY);
    expect(news.map(({ sentence }) => sentence)).toEqual(["removed vxlan10", "removed br10"]);
    expect(shown("vxlan10")).toBeUndefined();
    expect(shown("br10")).toBeUndefined();
    expect(shown("p1")?.master).toBeUndefined();
    expect(run("ip", ["-o", "link", "show", "dev", "uplink"])).toBe(before);
    expect(provision([request], AWAY)).toEqual([]);
  });

  it("keeps a bridge that has got a port of somebody else", () => {
    make();
    sh("ip link set spine master br10");
    expect(provision([request], AWAY)).toEqual([
      { sentence: "Cannot remove br10: it has other ports, spine", isFailure: true },
      { sentence: "removed vxlan10", isFailure: false },
    ]);
    expect(shown("br10")).toBeDefined();
  });

  it("uses devices of an operator's as they are, and neither changes nor removes them", () => {
    sh(`
      ip link add br10 type bridge
      ip link add vxlan10 type vxlan id 10 local 10.0.0.9 dstport 4789
    `);
    const [bridge, vxlan] = [shown("br10"), shown("vxlan10")];
    expect(make([{ ...request, ports: [] }])).toEqual([]);
    expect([shown("br10"), shown("vxlan10")]).toEqual([bridge, vxlan]);
    expect(provision([request], AWAY)).toEqual([]);
    expect(shown("vxlan10")).toEqual(vxlan);
  });

  it("makes the VXLAN device alone where the bridge is an operator's", () => {
    sh("ip link add br10 up type bridge");
    make();
    expect(shown("vxlan10")?.master).toBe("br10");
    provision([request], AWAY);
    expect(shown("vxlan10")).toBeUndefined();
    expect(shown("br10")).toBeDefined();
  });

  it.each([
    ["br10 is no bridge", "ip link add br10 type veth peer name br10h"],
    ["vxlan10 is for vni 11", "ip link add vxlan10 type vxlan id 11 dstport 4789"],
    ["other has it already", "ip link add other type vxlan id 10 dstport 4789"],
  ])("refuses: %s", (reason, command) => {
    sh(command);
    expect(provision([request], MAKE)).toEqual([
      { sentence: `Cannot provision vni 10: ${reason}`, isFailure: true },
    ]);
  });
});

describe("provision: true", () => {
  const stop = { signal: new AbortController() };
  let keeping: Promise<void> | undefined;
  let news: ProvisionNews[] = [];

  beforeEach(() => {
    news = [];
    stop.signal = new AbortController();
    keeping = keepProvisioned(
      [{ ...request, mtu: 8950 }],
      (each) => news.push(each),
      stop.signal.signal,
    );
  });
  afterEach(async () => {
    stop.signal.abort();
    await keeping;
  });

  async function until(isSo: () => boolean): Promise<void> {
    for (let tries = 0; !isSo(); tries++) {
      if (tries > 500) throw new Error(`It was never so: ${JSON.stringify(news)}`);
      await delay(20);
    }
  }

  it.each([
    ["deletes the VXLAN device", "ip link delete vxlan10"],
    ["deletes the bridge", "ip link delete br10"],
    ["lets it learn", "ip link set vxlan10 type vxlan id 10 learning"],
    ["turns suppression off", "bridge link set dev vxlan10 neigh_suppress off"],
    ["lets the port learn", "bridge link set dev vxlan10 learning on"],
    ["gives it another address", "ip link set vxlan10 type vxlan id 10 local 10.0.0.9"],
    ["gives it another MTU", "ip link set vxlan10 mtu 1500"],
    ["takes it out of the bridge", "ip link set vxlan10 nomaster"],
    ["takes a port out of the bridge", "ip link set p1 nomaster"],
  ])("is made right at once if somebody %s", async (_, command) => {
    await until(() => isRight());
    news = [];
    sh(command);
    await until(() => news.length > 0 && isRight());
  });

  it("leaves a device down that an operator has taken down", async () => {
    await until(() => isRight());
    sh(`
      ip link set vxlan10 down
      ip link set vxlan10 mtu 1500
    `);
    await until(() => shown("vxlan10")?.mtu === 8950);
    expect(shown("vxlan10")?.flags).not.toContain("UP");
  });

  it("waits for a port that is not there yet", async () => {
    await until(() => isRight());
    sh("ip link delete p1");
    sh("ip link add p1 type veth peer name p1h");
    await until(() => shown("p1")?.master === "br10");
  });

  function isRight(): boolean {
    const vxlan = shown("vxlan10");
    const { info_data: data, info_slave_data: port } = vxlan?.linkinfo ?? {};
    return (
      vxlan?.mtu === 8950 &&
      vxlan.master === "br10" &&
      vxlan.flags.includes("UP") &&
      data?.local === "10.0.0.1" &&
      data.learning === false &&
      port?.learning === false &&
      port.neigh_suppress === true &&
      shown("br10")?.flags.includes("UP") === true &&
      shown("p1")?.master === "br10"
    );
  }
});
