/**
 * What may be said only once in the whole file. Looks at the file as it is given, so that these
 * mistakes are told together with the others.
 */
import type { Complaint } from "./mistake.ts";

/**
 * Two entries with one VNI contradict each other; with one device they can not both be true, unless it is
 * for many VNIs and each is a VLAN of its own; with one route distinguisher the routes of the one would
 * replace those of the other.
 */
const ONCE_PER_LIST = ["vni", "vxlan", "route-distinguisher"] as const;

export function saidTwice(given: unknown): readonly Complaint[] {
  const entries = listAt(given, "mac-vrfs");
  const ofEntries = ONCE_PER_LIST.flatMap((key) => repeated(entries, key, ["mac-vrfs"]));
  const ofHosts = entries.flatMap((entry, i) =>
    repeated(listAt(entry, "sticky"), "mac", ["mac-vrfs", i, "sticky"]),
  );
  return [...ofEntries, ...ofHosts];
}

function repeated(
  entries: readonly unknown[],
  key: string,
  path: readonly (string | number)[],
): readonly Complaint[] {
  const first = new Map<string, number>();
  return entries.flatMap((entry, i) => {
    const value = valueAt(entry, key);
    if (typeof value !== "string" && typeof value !== "number") return [];
    const vlan = key === "vxlan" ? (valueAt(entry, "vlan") ?? "") : "";
    const word = `${value} ${vlan}`.toLowerCase();
    const before = first.get(word);
    if (before === undefined) {
      first.set(word, i);
      return [];
    }
    return [{ path: [...path, i, key], aboutKey: false, reason: `is in entry ${before} already` }];
  });
}

function listAt(given: unknown, key: string): readonly unknown[] {
  const value = valueAt(given, key);
  return Array.isArray(value) ? value : [];
}

export function valueAt(given: unknown, key: string | number): unknown {
  if (typeof given !== "object" || given === null) return undefined;
  return Object.entries(given).find(([name]) => name === String(key))?.[1];
}
