/**
 * Bridges that forget silent hosts before we ask them. A bridge forgets a host that has sent nothing for
 * its `ageing_time` (300 s by default); other hosts keep its MAC in their ARP tables for as long as
 * they like (a router by Cisco for four hours), and what they send to it is flooded meanwhile, or lost
 * where nothing is flooded. A host that answers our questions is never forgotten, if they come in time.
 */
import type { DeviceNotice } from "./notice.ts";
import type { Place } from "./segments.ts";

export interface BridgeAgeing {
  readonly name: string;
  /** How long it remembers a host that is silent; 0: it learns nothing at all. */
  readonly ageingMs: number;
  /** How long it should at the least: by then such a host has been asked as often as it is. */
  readonly leastAgeingMs: number;
}

/** Each bridge once, though it may be that of several MAC-VRFs. */
export function bridgeAgeings(
  places: Iterable<Place>,
  leastAgeingMs: number,
): readonly BridgeAgeing[] {
  const ageings = new Map<string, BridgeAgeing>();
  for (const { segment, bridgeAgeingMs } of places) {
    const name = segment.bridge;
    if (bridgeAgeingMs === undefined) continue;
    ageings.set(name, { name, ageingMs: bridgeAgeingMs, leastAgeingMs });
  }
  return [...ageings.values()];
}

export function forgettingEarly(bridges: readonly BridgeAgeing[]): readonly DeviceNotice[] {
  return bridges.flatMap(({ name, ageingMs, leastAgeingMs: leastMs }) =>
    ageingMs >= leastMs
      ? []
      : [{ kind: "bridge-forgets-early", device: name, ageingMs, leastMs } as const],
  );
}
