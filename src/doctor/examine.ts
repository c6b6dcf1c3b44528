/** All checks, in the order in which one would look: what is wrong first may be why the rest is. */
import type { CheckRow } from "../control/rows.ts";
import {
  capabilitiesCheck,
  clockCheck,
  daemonCheck,
  distinguishersCheck,
  rowsCheck,
  sessionsCheck,
  targetsCheck,
} from "./daemon-checks.ts";
import { ageingCheck, floodCheck, learningCheck, mtuCheck } from "./device-checks.ts";
import type { Facts } from "./facts.ts";
import { bridgeNetfilterCheck, forwardCheck } from "./firewall-checks.ts";
import { apiCheck, frrRoutesCheck, otherDaemonsCheck, versionCheck } from "./speaker-checks.ts";

/** `gobgp` is which routes GoBGP has, in the words of `routeKey`, where FRR has any to compare. */
export function examine(facts: Facts, gobgp: ReadonlySet<string> | undefined): readonly CheckRow[] {
  return [
    daemonCheck(facts),
    capabilitiesCheck(facts),
    sessionsCheck(facts),
    versionCheck(facts),
    apiCheck(facts),
    learningCheck(facts),
    mtuCheck(facts),
    floodCheck(facts),
    ageingCheck(facts),
    targetsCheck(facts),
    distinguishersCheck(facts),
    rowsCheck(facts),
    otherDaemonsCheck(facts),
    frrRoutesCheck(facts, gobgp),
    bridgeNetfilterCheck(facts),
    forwardCheck(facts),
    clockCheck(facts),
  ];
}
