/**
 * The first of many hosts that come at once is followed as soon as one that comes alone. A rack is
 * evacuated, and we could hear of all its hosts while three speakers pass the first one's route on, who need
 * the same processors; what hosts say waits for a moment then. Of a rack gobgpd is the limit, and the last is no later
 * for it; a host that comes alone within that moment is told so much later.
 */
import { now } from "./clock.ts";
import type { MacAddress } from "./evpn/mac.ts";
import type { Observation } from "./mobility/observation.ts";
import type { Decision } from "./mobility/outbox.ts";
import { atSecond } from "./pace.ts";

/** Hosts that come no later than this after one another come at once. */
const QUIET_MS = 100;

/** `rest` is called when a second host comes, and routes of the first are on their way. */
export function firstOfMany(
  rest: () => void,
  clock: () => number = now,
): (observation: Observation, decision: Decision) => void {
  const came = atSecond<MacAddress>(rest, { quietMs: QUIET_MS, clock });
  return (observation, { wants }) => {
    if (observation.kind !== "seen") return;
    if (wants.some(({ table }) => table === "mac-ip-route")) came(observation.mac);
  };
}
