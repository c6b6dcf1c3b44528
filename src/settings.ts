/** What the configuration asks for, in the words of the rooms that do it. */
import type { Config } from "./config/config.ts";
import type { Vni } from "./evpn/vni.ts";
import type { KernelOptions } from "./linux/kernel.ts";
import type { ProvisionRequest } from "./linux/provision.ts";
import { longestSilence } from "./mobility/probes.ts";
import type { DomainSettings, EngineSettings } from "./mobility/settings.ts";

export function kernelSettingsOf({
  macVrfs,
  hosts: { limits, probe },
  dataPlane: { redirectMs, suppression, unknownTargets },
  keepOnExit,
}: Config): Pick<
  KernelOptions,
  "segments" | "leastAgeingMs" | "framesPerSecond" | "redirect" | "unknownTargets"
> {
  // What is being redirected goes on if we are about to come back.
  const on = keepOnExit ? "keep" : "on";
  return {
    segments: macVrfs === "discover" ? undefined : macVrfs,
    leastAgeingMs: longestSilence(probe),
    framesPerSecond: limits.framesPerSecond,
    redirect: redirectMs === 0 ? "off" : on,
    // Where nobody is answered here, every IP looks like one that nobody has.
    unknownTargets: suppression ? unknownTargets : "flood",
  };
}

/** The devices that are to be made. */
export function provisionOf({ macVrfs }: Config): readonly ProvisionRequest[] {
  if (macVrfs === "discover") return [];
  return macVrfs.flatMap(({ vni, vxlan = `vxlan${vni}`, bridge = `br${vni}`, provision }) =>
    provision === undefined ? [] : { vni, vxlan, bridge, ...provision },
  );
}

export function settingsOf({ macVrfs, mobility, hosts, dataPlane }: Config): EngineSettings {
  const listed = macVrfs === "discover" ? [] : macVrfs;
  const domains = listed.map(({ vni, settings, sticky, prefixes }): [Vni, DomainSettings] => [
    vni,
    { routes: settings, sticky: new Map(sticky.map(({ mac, ips }) => [mac, ips])), prefixes },
  ]);
  const { probe, limits, guard, linkLocal } = hosts;
  const { duplicates } = mobility;
  const { membershipQueries, redirectMs, suppression } = dataPlane;
  const rules = { duplicates, probe, limits, guard, linkLocal };
  const said = { membershipQueries, redirectMs, suppression };
  return { domains: new Map(domains), ...rules, ...said };
}
