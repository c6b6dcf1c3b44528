/** A host of Linux that is a member of multicast groups says so anew when all behind its port are asked. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import { portName } from "../../src/evpn/port.ts";
import { toVni } from "../../src/evpn/vni.ts";
import type { Kernel } from "../../src/linux/kernel.ts";
import { Host } from "./frames.ts";
import { clearLinks, makeSegment, requireOwnNamespace, run, sh } from "./namespace.ts";
import { open, Recorder } from "./recorder.ts";

const [GROUP4, GROUP6] = ["239.1.2.3", "ff05::1:2"];
const HEX4 = "ef010203";
const HEX6 = "ff050000000000000000000000010002";
const vni = toVni(10);
if (!vni.ok) throw new Error(vni.error);
const TO_HOST = { vni: vni.value, port: portName("p1") };
let kernel: Kernel;

beforeAll(requireOwnNamespace);
beforeEach(async () => {
  makeSegment();
  sh(`
    ip address add 192.0.2.1/24 dev p1h
    ip address add fe80::1/64 dev p1h nodad
    ip address add ${GROUP4}/32 dev p1h autojoin
    ip address add ${GROUP6}/128 dev p1h autojoin
  `);
  kernel = await open(new Recorder());
});
afterEach(async () => {
  await kernel[Symbol.asyncDispose]();
  clearLinks();
});

/**
 * The answers to a query among the frames of the host. What it says unasked when it joins a group is
 * another type of record.
 */
function answersIn(frame: Uint8Array): string[] {
  const text = Buffer.from(frame).toString("hex");
  const answers = [];
  // IGMPv3 (0x22) and MLDv2 (143): the record says that the host is a member (2, MODE_IS_EXCLUDE).
  if (text.includes(`94040000${"22"}`) && text.includes(`02000000${HEX4}`)) answers.push("igmpv3");
  if (text.includes("05020000010" + "08f") && text.includes(`02000000${HEX6}`)) {
    answers.push("mldv2");
  }
  // Version 2, version 1.
  if (text.includes(`94040000${"16"}`) && text.includes(HEX4)) answers.push("igmpv2");
  if (text.includes(`0502000001008300`) && text.includes(HEX6)) answers.push("mldv1");
  return answers;
}

async function untilAnswered(host: Host, versions: readonly string[]): Promise<void> {
  const heard = new Set<string>();
  await poll(`${versions.join(" and ")} to answer`, () => {
    for (let frame = host.receive(); frame !== undefined; frame = host.receive()) {
      for (const answer of answersIn(frame)) heard.add(answer);
    }
    return versions.every((version) => heard.has(version));
  });
}

describe("All behind a port", () => {
  it("are asked by that port alone, and those of today answer by IGMPv3 and MLDv2", async () => {
    using host = new Host("p1");
    using other = new Host("p2", { outgoing: true });
    const asked = kernel.askMembership(TO_HOST);

    expect(asked.ok).toBe(true);
    await untilAnswered(host, ["igmpv3", "mldv2"]);
    const queries = [];
    for (let frame = other.receive(); frame !== undefined; frame = other.receive()) {
      const text = Buffer.from(frame).toString("hex");
      if (text.includes("9404000011") || text.includes("0502000001008200")) queries.push(text);
    }
    expect(queries).toEqual([]);
  });

  it("answer by older versions if they know no others, and are not led to change", async () => {
    run("sysctl", ["-qw", "net.ipv4.conf.p1h.force_igmp_version=2"]);
    run("sysctl", ["-qw", "net.ipv6.conf.p1h.force_mld_version=1"]);
    using host = new Host("p1");
    kernel.askMembership(TO_HOST);
    await untilAnswered(host, ["igmpv2", "mldv1"]);
    run("sysctl", ["-qw", "net.ipv4.conf.p1h.force_igmp_version=0"]);
    run("sysctl", ["-qw", "net.ipv6.conf.p1h.force_mld_version=0"]);
    kernel.askMembership(TO_HOST);

    await untilAnswered(host, ["igmpv3", "mldv2"]);
  });

  it("can not be asked by a port that is not there", () => {
    const port = portName("p9");
    expect(kernel.askMembership({ ...TO_HOST, port })).toEqual({
      ok: false,
      error: "Cannot ask on p9: it is no port of vni 10",
    });
  });
});
