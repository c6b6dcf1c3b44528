/**
 * The lab evpn-l2 on an IPv6 underlay: VTEPs, BGP sessions and links have IPv6 addresses alone; router
 * ids, which are 32 bits by definition, stay. On leaf3 there is FRR as ever, or a third roamd.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import type { Leaf, SceneOptions } from "../../labs/runner/scene.ts";
import { variantOf } from "../../labs/runner/variant.ts";

export const VTEPS_V6: Readonly<Record<Leaf, string>> = {
  leaf1: "2001:db8:ff::1",
  leaf2: "2001:db8:ff::2",
  leaf3: "2001:db8:ff::3",
};

/** Must be called in a `describe`: what it makes is removed after its last test. */
export function ipv6Underlay({ third }: { third: "roamd" | "frr" }): Partial<SceneOptions> {
  const topology = variantOf("evpn-l2", (text, { node, file }) => {
    const changed = text.split("\n").map(lineOnIpv6).join("\n");
    if (node === "leaf3" && file === "node.env" && third === "roamd") {
      return changed.replace('DAEMONS="frr"', 'DAEMONS="gobgpd roamd"');
    }
    return changed;
  });
  afterAll(() => rmSync(dirname(topology), { recursive: true, force: true }));
  if (third === "frr") return { topology, vteps: VTEPS_V6 };
  copyLeaf(dirname(topology));
  letRoamdIn(topology);
  return { topology, vteps: VTEPS_V6, roamd: ["leaf1", "leaf2", "leaf3"] };
}

function lineOnIpv6(line: string): string {
  if (/router-id|cluster-id/.test(line)) return line;
  return line
    .replaceAll("10.255.0.0/24", "2001:db8:ff::/64")
    .replaceAll(/10\.255\.0\.(\d+)/g, "2001:db8:ff::$1")
    .replaceAll(/10\.0\.(\d)\.(\d)\/31/g, "2001:db8:0:$1::$2/127")
    .replaceAll(/10\.0\.(\d)\.(\d)/g, "2001:db8:0:$1::$2");
}

/** What leaf1 has for its daemons, leaf3 has with a 3 in its addresses. */
function copyLeaf(directory: string): void {
  for (const file of ["gobgpd.toml", "roamd.yaml"]) {
    const text = readFileSync(join(directory, "nodes/leaf1", file), "utf8");
    const ours = text.replaceAll('10.255.0.1"', '10.255.0.3"').replaceAll('ff::1"', 'ff::3"');
    writeFileSync(join(directory, "nodes/leaf3", file), ours);
  }
}

/** The node has leaf1's view of the checkout. */
function letRoamdIn(topology: string): void {
  const text = readFileSync(topology, "utf8");
  const checkout = /nodes\/leaf1:\/lab\/node:ro, ([^\]]+)\]/.exec(text)?.[1];
  const changed = text.replace(
    "nodes/leaf3:/lab/node:ro]",
    `nodes/leaf3:/lab/node:ro, ${checkout}]`,
  );
  writeFileSync(topology, changed);
}
