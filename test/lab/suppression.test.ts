/**
 * What a link does by broadcast, between hosts behind two leaves with roamd whose VXLAN devices suppress ARP
 * and ND: looking for duplicates, and requests.
 */
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import { type Leaf, VM, VTEPS, withScene } from "./fabric.ts";

const BUSYBOX = "/usr/bin/busybox";
const isThere = existsSync(BUSYBOX);
if (!isThere)
  console.warn("SKIPPED: ARP probes of busybox: it is not installed (apt-get install busybox)");

/** The host's interface to its leaf. */
const DEVICE = "eth1";

describe.skipIf(!isThere)("a host that wants an address of a machine behind another leaf", () => {
  const scene = withScene();

  async function run(node: string, ...command: readonly string[]): Promise<string> {
    return await scene().fabric.run(node, command);
  }

  /** What duplicate address detection has found: of an IPv6 address of the kernel's own. */
  async function dadFailed(host: string, address: string): Promise<void> {
    await run(host, "ip", "address", "add", `${address}/64`, "dev", DEVICE);
    let shown = "";
    await poll(
      `${host} to give up ${address}`,
      async () => {
        shown = await run(host, "ip", "-6", "address", "show", "dev", DEVICE, "to", address);
        return shown.includes("dadfailed");
      },
      { otherwise: () => shown },
    );
    await run(host, "ip", "address", "del", `${address}/64`, "dev", DEVICE);
  }

  /** The MACs that have answered three ARP probes for an IPv4 address. */
  async function arpProbe(host: string, address: string): Promise<readonly string[]> {
    const probe = [BUSYBOX, "arping", "-D", "-I", DEVICE, "-c", "3", "-w", "3", address];
    const { stdout } = await scene().fabric.exec(host, probe);
    return [...stdout.matchAll(/\[([0-9a-f:]{17})\]/gi)].map(([, mac = ""]) => mac.toLowerCase());
  }

  async function known(leaf: Leaf, address: string): Promise<void> {
    await poll(`${leaf} to know ${address}`, async () => {
      const rows = await scene().roam<{ readonly vtep: string | null }>(leaf, [
        "show",
        "neighbors",
        "--ip",
        address,
      ]);
      return rows[0]?.vtep === VTEPS.leaf1;
    });
  }

  it("C6.4 hears by ARP, once for each probe, that it is the machine's", async () => {
    await known("leaf2", VM.ipv4);
    expect(new Set(await arpProbe("host2", VM.ipv4))).toEqual(new Set([VM.mac]));
  });

  it("C6.6 hears by ND that it is the machine's, and gives it up", async () => {
    await known("leaf2", VM.ipv6);
    await dadFailed("host2", VM.ipv6);
  });

  it("hears nothing of an address that nobody has", async () => {
    expect(await arpProbe("host2", "192.168.10.250")).toEqual([]);
  });

  it("behind the machine's own leaf hears it from the machine", async () => {
    expect(new Set(await arpProbe("host1", VM.ipv4))).toEqual(new Set([VM.mac]));
    await dadFailed("host1", VM.ipv6);
    const told = scene().fabric.logs("leaf1");
    expect(told).not.toContain('"probe-answered"');
  });

  it("hears it as well while the machine is suspended, and says nothing itself", async () => {
    const s = scene();
    await run("leaf1", "node", "/roamd/dist/src/cli/main.js", "migrate", "suspend", VM.mac);
    await run("vm", "ip", "link", "set", s.legs().get("leaf1") ?? "", "down");
    for (const host of ["host1", "host2"]) {
      expect(new Set(await arpProbe(host, VM.ipv4))).toEqual(new Set([VM.mac]));
      await dadFailed(host, VM.ipv6);
    }
    expect(s.fabric.logs("leaf1")).toContain('"probe-answered"');
    await run("vm", "ip", "link", "set", s.legs().get("leaf1") ?? "", "up");
    await run("leaf1", "node", "/roamd/dist/src/cli/main.js", "migrate", "abort", VM.mac);
  });

  it("C6.5 and is the machine itself, which has moved, hears nothing", async () => {
    const s = scene();
    await s.machine.move("leaf2");
    await s.followed("leaf2");
    const leg = s.legs().get("leaf2") ?? "";
    const probe = [BUSYBOX, "arping", "-D", "-I", leg, "-c", "2", "-w", "2", VM.ipv4];
    const { stdout } = await s.fabric.exec("vm", probe);
    expect(stdout).not.toMatch(/\[[0-9a-f:]{17}\]/i);
  });
});
