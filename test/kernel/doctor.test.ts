/** What is wrong with real devices, as the doctor finds it on its host. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { examine } from "../../src/doctor/examine.ts";
import { gatherHost } from "../../src/doctor/host.ts";
import { DAEMON, VNI } from "../doctor/facts.ts";
import { clearLinks, makeSegment, requireOwnNamespace, sh } from "./namespace.ts";

const never = new AbortController().signal;

beforeAll(requireOwnNamespace);

afterAll(clearLinks);

beforeEach(() => {
  clearLinks();
  makeSegment({ local: "10.0.0.1" });
  sh(`
    ip link add up0 type veth peer name up0p
    ip addr add 10.0.0.1/24 dev up0
    ip link set up0 mtu 1600 up
    ip link set up0p up
    ip link set vxlan10 mtu 1500
    bridge link set dev vxlan10 learning off
    bridge fdb append 00:00:00:00:00:00 dev vxlan10 dst 10.0.0.2 self
  `);
});

/** The checks of devices that say no. */
async function wrong(): Promise<Record<string, string>> {
  const vnis = [{ ...VNI, vtep: "10.0.0.1", flooding: ["10.0.0.2"] }];
  const daemon = { found: true, value: { ...DAEMON, vnis } } as const;
  const host = { found: true, value: await gatherHost(daemon, never) } as const;
  const devices = ["learning", "mtu", "flood-list", "ageing"];
  return Object.fromEntries(
    examine({ daemon, host }, undefined)
      .filter(({ check, ok }) => devices.includes(check) && ok !== true)
      .map(({ check, detail }) => [check, detail]),
  );
}

describe("The doctor, of devices of a kernel", () => {
  it("finds nothing wrong where nothing is", async () => {
    expect(await wrong()).toEqual({});
  });

  it("finds learning left on, at the VXLAN device and at its bridge", async () => {
    sh("bridge link set dev vxlan10 learning on");
    expect(await wrong()).toEqual({ learning: expect.stringContaining("the bridge learns") });
    sh(`
      ip link delete vxlan10
      ip link add vxlan10 type vxlan id 10 local 10.0.0.1 dstport 4789 learning
      ip link set vxlan10 master br10 mtu 1500 up
      bridge fdb append 00:00:00:00:00:00 dev vxlan10 dst 10.0.0.2 self
    `);
    expect((await wrong()).learning).toContain("vxlan10 learns");
  });

  it("finds a tunnel that takes more than its uplink", async () => {
    sh("ip link set up0 mtu 1500");
    expect(await wrong()).toEqual({
      mtu: expect.stringContaining("they do not fit up0 (1500)"),
    });
  });

  it("finds a leaf that flooded frames do not get to", async () => {
    sh("bridge fdb del 00:00:00:00:00:00 dev vxlan10 dst 10.0.0.2 self");
    expect(await wrong()).toEqual({
      "flood-list": expect.stringContaining("does not flood to 10.0.0.2"),
    });
  });
});
