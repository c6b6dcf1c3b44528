/**
 * The lab frr-mixed: gobgpd and roamd beside the FRR that runs the underlay, one leaf with eBGP to two
 * spines and one with iBGP, and a leaf that is FRR alone.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import { Fabric } from "../../labs/runner/fabric.ts";
import { FdbWatch } from "../../labs/runner/fdb-watch.ts";
import { definitionOf } from "../../labs/runner/labs.ts";
import { Machine, USUAL_SIGNALS } from "../../labs/runner/machine.ts";
import { poll } from "../../labs/runner/poll.ts";
import { LEAVES, type Leaf, roamCommand, VM, VTEPS } from "../../labs/runner/scene.ts";

const HOST2 = { mac: "02:00:00:00:00:02", ipv4: "192.168.10.2" } as const;
/** The spine that has leaf2's routes by way of others alone. */
const VIA = "10.255.0.102";

interface Route {
  readonly routeDistinguisher: string;
  readonly nexthop: string;
}

describe("The lab frr-mixed", () => {
  let fabric: Fabric;
  let machine: Machine;
  let fdbs: Readonly<Record<Leaf, FdbWatch>>;

  beforeAll(async () => {
    fabric = await Fabric.up(definitionOf("frr-mixed"));
    machine = new Machine(fabric, "leaf1");
    const [leaf1, leaf2, leaf3] = await Promise.all([
      FdbWatch.start(fabric, "leaf1"),
      FdbWatch.start(fabric, "leaf2"),
      FdbWatch.start(fabric, "leaf3"),
    ]);
    fdbs = { leaf1, leaf2, leaf3 };
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  function onFailure(): void {
    onTestFailed(() => {
      for (const node of fabric.nodes) console.error(fabric.logs(node));
    });
  }

  const follow = (at: Leaf): Promise<unknown> =>
    Promise.all(LEAVES.map((leaf) => fdbs[leaf].until(VM.mac, leaf === at ? "eth2" : VTEPS[at])));

  const flooding = async (leaf: Leaf): Promise<readonly string[]> => {
    const rows = await fabric.run(leaf, ["bridge", "fdb", "show", "dev", "vxlan10"]);
    const vteps = [...rows.matchAll(/^00:00:00:00:00:00 .*dst (\S+)/gm)];
    return vteps.map(([, vtep = ""]) => vtep).sort();
  };

  it("has all leaves flood to each other, by eBGP and iBGP", async () => {
    onFailure();
    let lists: readonly (readonly string[])[] = [];
    await poll(
      "every leaf to know the other two",
      async () => {
        lists = await Promise.all(LEAVES.map(flooding));
        return LEAVES.every((leaf, index) => {
          const others = LEAVES.filter((other) => other !== leaf).map((other) => VTEPS[other]);
          return String(lists[index]) === String(others);
        });
      },
      { timeoutMs: 60_000, otherwise: () => JSON.stringify(lists) },
    );
  });

  it("has a machine followed from leaf to leaf, whichever BGP they speak", async () => {
    onFailure();
    await machine.signal(USUAL_SIGNALS);
    await follow("leaf1");
    for (const leaf of ["leaf2", "leaf3", "leaf1"] as const) {
      await machine.move(leaf);
      await follow(leaf);
    }
    for (const host of ["host1", "host2", "host3"]) {
      await fabric.run(host, ["ping", "-c", "1", "-w", "5", VM.ipv4]);
    }
  });

  it("has every leaf as the next hop of its own routes, at every other", async () => {
    onFailure();
    await fabric.run("host1", ["ping", "-c", "1", "-w", "5", HOST2.ipv4]);
    for (const leaf of ["leaf1", "leaf2"] as const) {
      const json = await fabric.run(leaf, roamCommand(["--json", "show", "routes"]));
      for (const { routeDistinguisher, nexthop } of JSON.parse(json) as readonly Route[]) {
        expect(routeDistinguisher.split(":")[0]).toBe(nexthop);
      }
    }
    await fdbs.leaf3.until(HOST2.mac, VTEPS.leaf2);
    await untilNextHop(fabric, VTEPS.leaf2);
  });

  it("shows why: without its policy leaf1's gobgpd poses as the VTEP of what is behind leaf2", async () => {
    onFailure();
    const policy = (fallback: string): Promise<unknown> =>
      fabric.run("leaf1", [
        ...["gobgp", "global", "policy", "export", "set", "own-routes-only", "default", fallback],
      ]);
    const renew = (how: "softresetout" | "reset"): Promise<unknown> =>
      fabric.run("leaf1", ["gobgp", "neighbor", VIA, how]);
    await policy("accept");
    await renew("softresetout");
    // FRR prefers the lower VTEP address to the shorter AS path.
    await fdbs.leaf3.until(HOST2.mac, VTEPS.leaf1);
    await untilNextHop(fabric, VTEPS.leaf1);
    await policy("reject");
    // What was sent is not withdrawn by less than this.
    await renew("reset");
    await fdbs.leaf3.until(HOST2.mac, VTEPS.leaf2, 60_000);
    await untilNextHop(fabric, VTEPS.leaf2);
  });

  it("keeps its underlay when gobgpd and roamd die beside FRR, and its segment when they are back", async () => {
    onFailure();
    await fabric.run("leaf1", ["sh", "/lab/node.sh", "kill", "roamd"]);
    await fabric.run("leaf1", ["sh", "/lab/node.sh", "kill", "gobgpd"]);
    const words = ["ping", "-c", "1", "-w", "5", "-I", VTEPS.leaf3, VTEPS.leaf1];
    await fabric.run("leaf3", words);
    await fabric.run("leaf1", ["sh", "/lab/node.sh", "start", "gobgpd"]);
    await fabric.run("leaf1", ["sh", "/lab/node.sh", "start", "roamd"]);
    await poll(
      "leaf1 to be flooded to again",
      async () => (await flooding("leaf3")).includes(VTEPS.leaf1),
      { timeoutMs: 60_000 },
    );
    await machine.move("leaf2");
    await follow("leaf2");
  });

  it("has the doctor say so when FRR beside roamd takes the segment for its own as well", async () => {
    onFailure();
    const vtysh = (...lines: readonly string[]): Promise<string> =>
      fabric.run("leaf2", ["vtysh", ...lines.flatMap((line) => ["-c", line])]);
    const bgp = ["configure terminal", "router bgp 65002", "address-family l2vpn evpn"];
    const wrong = async (): Promise<readonly string[]> => {
      const { stdout } = await fabric.exec("leaf2", roamCommand(["doctor", "--json"]));
      return (JSON.parse(stdout) as readonly { check: string; ok: boolean | null }[])
        .filter(({ ok, check }) => ok === false && check !== "gobgp-version")
        .map(({ check }) => check);
    };
    expect(await wrong()).toEqual([]);
    await vtysh(...bgp, "advertise-all-vni");
    let found: readonly string[] = [];
    await poll(
      "the doctor to find two daemons on VNI 10",
      async () => {
        found = await wrong();
        return found.includes("two-daemons");
      },
      { otherwise: () => found.join() },
    );
    await vtysh(...bgp, "no advertise-all-vni");
  });
});

/** Until spine2 has this VTEP for host2, and no other. */
async function untilNextHop(fabric: Fabric, vtep: string): Promise<void> {
  await poll(
    `spine2 to have host2 behind ${vtep}`,
    async () => String(await nextHops(fabric)) === vtep,
    { otherwise: async () => String(await nextHops(fabric)) },
  );
}

async function nextHops(fabric: Fabric): Promise<readonly string[]> {
  const command = `show bgp l2vpn evpn route rd 10.255.0.2:10 mac ${HOST2.mac}`;
  const text = await fabric.run("spine2", ["vtysh", "-c", command]);
  const hops = [...text.matchAll(/^ {4}(\d+\.\d+\.\d+\.\d+)\(/gm)].map(([, hop = ""]) => hop);
  return [...new Set(hops)];
}
