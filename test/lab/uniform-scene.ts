/** The lab evpn-l2 with the same on all three leaves: roamd, or FRR. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LEAVES, type Leaf, type SceneOptions } from "../../labs/runner/scene.ts";
import { variantOf } from "../../labs/runner/variant.ts";

export type Software = "roamd" | "frr";

export interface UniformOptions {
  readonly software: Software;
  /** Of `roamd.yaml`, besides where the state is: the same on every leaf, or each its own. */
  readonly roamd?: string | Readonly<Record<Leaf, string>>;
}

/** Which node each leaf's files are made from. */
const MODEL: Readonly<Record<Software, Leaf>> = { roamd: "leaf1", frr: "leaf3" };
const SPEAKER: Readonly<Record<Software, string>> = { roamd: "gobgpd.toml", frr: "frr.conf" };
const DAEMONS: Readonly<Record<Software, string>> = { roamd: "gobgpd roamd", frr: "frr" };

/** The lab as it is, but for what its leaves with roamd are told besides. */
export function mixed(roamd: string): SceneOptions {
  const topology = variantOf("evpn-l2", (text, { file }) =>
    file === "roamd.yaml" ? `${text}${roamd}` : text,
  );
  const directory = dirname(topology);
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  return { topology };
}

/** What such a scene is set with. */
export function uniform({ software, roamd = "" }: UniformOptions): SceneOptions {
  const topology = variantOf("evpn-l2", (text, { node, file }) => {
    const isLeaf = LEAVES.some((leaf) => leaf === node);
    if (!isLeaf || file !== "node.env") return text;
    return text.replace(/DAEMONS=.*/, `DAEMONS="${DAEMONS[software]}"`);
  });
  const directory = dirname(topology);
  const at = (leaf: Leaf, file: string): string => join(directory, "nodes", leaf, file);
  const model = MODEL[software];
  const speaker = readFileSync(at(model, SPEAKER[software]), "utf8");
  for (const leaf of LEAVES) {
    const [was, is] = [model, leaf].map((each) => `10.255.0.${each.slice(-1)}`);
    const own = speaker
      .replaceAll(`${was}`, `${is}`)
      .replace(`hostname ${model}`, `hostname ${leaf}`);
    // The spine's address begins as leaf1's does.
    writeFileSync(at(leaf, SPEAKER[software]), own.replaceAll(`${is}00`, "10.255.0.100"));
    if (software === "roamd") {
      const own = typeof roamd === "string" ? roamd : roamd[leaf];
      writeFileSync(at(leaf, "roamd.yaml"), `state: /run/roamd/state\n${own}`);
    }
  }
  const clab = readFileSync(topology, "utf8");
  const binds = /binds: \[node.sh:\/lab\/node.sh:ro, nodes\/leaf3:\/lab\/node:ro\]/;
  const checkout = /nodes\/leaf1:\/lab\/node:ro, (\S+:\/roamd:ro)\]/.exec(clab)?.[1] ?? "";
  const bound = `binds: [node.sh:/lab/node.sh:ro, nodes/leaf3:/lab/node:ro, ${checkout}]`;
  writeFileSync(topology, clab.replace(binds, bound));
  // The nodes have it mounted as long as they live.
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  return { topology, roamd: software === "roamd" ? LEAVES : [] };
}
