/** A machine that is a member of multicast groups moves, and there is nobody else who asks for them. */
import { expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import type { Leaf } from "../../labs/runner/scene.ts";
import { withScene } from "./fabric.ts";

const GROUPS = ["239.1.2.3", "ff05::1:2"] as const;
/** Of the machine, at whichever leaf. */
const PORT = "eth2";

const scene = withScene({ start: "leaf1" });

async function groupsAt(leaf: Leaf): Promise<readonly string[]> {
  const rows = await scene().fabric.run(leaf, ["bridge", "mdb", "show", "dev", "br10"]);
  return GROUPS.filter((group) => new RegExp(`port ${PORT} grp ${group} `).test(rows));
}

it("the leaf it has come to learns its groups at once, by one frame of data and roamd's question", async () => {
  const s = scene();
  // What it says unasked, and repeats, is over at once, at the leaf where it joins.
  const intervals = [
    "net.ipv4.conf.vm0.igmpv3_unsolicited_report_interval=1",
    "net.ipv6.conf.vm0.mldv2_unsolicited_report_interval=1",
  ];
  await s.fabric.run("vm", ["sysctl", "-qw", ...intervals]);
  for (const group of GROUPS) {
    const address = `${group}/${group.includes(":") ? 128 : 32}`;
    await s.fabric.run("vm", ["ip", "address", "add", address, "dev", "vm0", "autojoin"]);
  }
  await poll("leaf1 to know its groups", async () => (await groupsAt("leaf1")).length === 2);
  expect(await groupsAt("leaf2")).toEqual([]);

  await s.machine.move("leaf2", { signals: ["data"] });
  await s.followed("leaf2");
  await poll("leaf2 to know its groups", async () => (await groupsAt("leaf2")).length === 2, {
    timeoutMs: 10_000,
  });
});
