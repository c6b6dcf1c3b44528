/** The version of the package this file belongs to, whether compiled or not. */
import { existsSync, readFileSync } from "node:fs";

export function version(): string {
  const candidates = ["../package.json", "../../package.json"];
  const file = candidates.map((path) => new URL(path, import.meta.url)).find(existsSync);
  if (file === undefined) return "unknown";
  const manifest: unknown = JSON.parse(readFileSync(file, "utf8"));
  const isNamed = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return isNamed ? String(manifest.version) : "unknown";
}
