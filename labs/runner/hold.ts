/** Brings a lab up and holds it until this process ends; `labs/lab.sh` is its face. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fabric } from "./fabric.ts";
import { definitionOf } from "./labs.ts";
import { poll } from "./poll.ts";

const [lab = "", state = ""] = process.argv.slice(2);
const fabric = await Fabric.up(definitionOf(lab));
await Promise.all(fabric.nodes.map(untilReady));

// Where others find the nodes; it appears whole, and tells that the lab is up.
const nodes = fabric.nodes.map((node) => `${node} ${fabric.pid(node)}\n`);
writeFileSync(join(state, "nodes.new"), nodes.join(""));
renameSync(join(state, "nodes.new"), join(state, "nodes"));

// The nodes' own processes keep this one alive.
process.on("SIGTERM", () => process.exit(0));

/** Where there is a roamd: until it is ready and all sessions of its gobgpd stand. */
async function untilReady(node: string): Promise<void> {
  if ((await fabric.exec(node, ["test", "-e", "/lab/node/roamd.yaml"])).code !== 0) return;
  let last = "";
  await poll(
    `roamd on ${node} to be ready`,
    async () => {
      const { stdout, stderr } = await fabric.exec(node, [
        "/roamd/labs/runner/bin/roam",
        "--json",
        "status",
      ]);
      last = stderr || stdout;
      return stderr === "" && isReady(JSON.parse(stdout));
    },
    { everyMs: 200, timeoutMs: 120_000, otherwise: () => last },
  );
}

interface Status {
  readonly ready: boolean;
  readonly gobgp: { readonly peers: readonly { readonly state: string }[] };
}

function isReady({ ready, gobgp }: Status): boolean {
  return ready && gobgp.peers.every(({ state }) => state === "established");
}
