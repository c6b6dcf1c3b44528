/** Which labs there are: every folder beside the runner that holds a topology file. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { inRepository } from "./repository.ts";

/** The topology file of a lab, by the name of its folder. */
export function definitionOf(lab: string): string {
  const folder = inRepository(join("labs", lab));
  const file = existsSync(folder) ? readdirSync(folder).find(isDefinition) : undefined;
  if (file === undefined) {
    throw new Error(`Cannot find lab "${lab}": there is no labs/${lab}/*.clab.yml`);
  }
  return join(folder, file);
}

function isDefinition(name: string): boolean {
  return name.endsWith(".clab.yml");
}
