/** Brings a lab up and holds it until this process ends; `labs/lab.sh` is its face. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fabric } from "./fabric.ts";
import { definitionOf } from "./labs.ts";

const [lab = "", state = ""] = process.argv.slice(2);
const fabric = await Fabric.up(definitionOf(lab));

// Where others find the nodes; it appears whole, and tells that the lab is up.
const nodes = fabric.nodes.map((node) => `${node} ${fabric.pid(node)}\n`);
writeFileSync(join(state, "nodes.new"), nodes.join(""));
renameSync(join(state, "nodes.new"), join(state, "nodes"));

// The nodes' own processes keep this one alive.
process.on("SIGTERM", () => process.exit(0));
