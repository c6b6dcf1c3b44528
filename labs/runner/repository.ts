/** Where this checkout lies: the scripts and definitions of the labs are read from there. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** This file runs as source (in tests) or compiled, from `dist/`. */
function find(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, "package.json"))) directory = dirname(directory);
  return directory;
}

export const REPOSITORY: string = find();

export function inRepository(path: string): string {
  return join(REPOSITORY, path);
}
