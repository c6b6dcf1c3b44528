/**
 * What is known of a host that the hypervisor has said is on its way (draft-ietf-nvo3-vmm §4). The
 * word is told to each leaf by itself: to the one the host leaves, and to the one it comes to.
 *
 * | the word | nothing known  | started        | suspended      | landed         |
 * |----------|----------------|----------------|----------------|----------------|
 * | start    | started        | started anew   | refused        | started        |
 * | suspend  | suspended *    | suspended *    | suspended anew | suspended *    |
 * | land     | landed         | landed         | landed         | landed anew    |
 * | commit   | refused        | over: it left  | over: it left  | over: it stays |
 * | abort    | refused        | over: it stays | over: it stays | over: it left  |
 *
 * (*) only a host that is here can be suspended. Every phase has a limit; after it the migration is
 * over, and what frames and routes say counts as ever.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import type { Vni } from "../evpn/vni.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import type { Domain } from "./domain.ts";

export type MigrationStep = "start" | "suspend" | "land" | "commit" | "abort";

/** The word of the hypervisor, or of an operator in its place. */
export type Word =
  /** The host is behind this port now, with these IPs, though it may not have sent anything. */
  | {
      readonly kind: "attach";
      readonly vni: Vni;
      readonly mac: MacAddress;
      readonly port: PortName;
      readonly ips: readonly IpAddress[];
    }
  | {
      readonly kind: "detach";
      readonly vni: Vni;
      readonly mac: MacAddress;
      readonly port: PortName;
    }
  | {
      readonly kind: "migrate";
      readonly step: MigrationStep;
      readonly vni: Vni;
      readonly mac: MacAddress;
      /** Where it goes, if that is known: another place is told. */
      readonly to: VtepAddress | undefined;
      /** Its IPs, where they are not those known of it: a cold migration may change them. */
      readonly ips: readonly IpAddress[];
      /** Where it lands; needed where the segment has more than one port. */
      readonly port: PortName | undefined;
    };

export type Phase = "started" | "suspended" | "landed";

export interface Migration {
  readonly phase: Phase;
  readonly since: number;
  /** When it is over by itself. */
  readonly until: number;
  readonly to: VtepAddress | undefined;
  /** The port and the IPs the host had here when it was told of. */
  readonly port: PortName | undefined;
  readonly ips: readonly IpAddress[];
}

/** Copying memory takes minutes; to stand still, seconds; then the guest announces itself. */
const LIMIT_MS: Readonly<Record<Phase, number>> = {
  started: 600_000,
  suspended: 60_000,
  landed: 60_000,
};

export function enter(
  { domain, at }: { domain: Domain; at: number },
  mac: MacAddress,
  migration: Pick<Migration, "phase" | "to" | "port" | "ips">,
): void {
  const until = at + LIMIT_MS[migration.phase];
  domain.migrations.set(mac, { ...migration, since: at, until });
}

/** Whether the host stands still: it says nothing, and what is its stays its. */
export function isSuspended(domain: Domain, mac: MacAddress): boolean {
  return domain.migrations.get(mac)?.phase === "suspended";
}

/** Whose this IP is while its host stands still; nobody else may have it meanwhile. */
export function reservedBy(domain: Domain, ip: IpAddress): MacAddress | undefined {
  for (const [mac, { phase, ips }] of domain.migrations) {
    if (phase === "suspended" && ips.includes(ip)) return mac;
  }
  return undefined;
}

/** When the next phase of this domain is over. */
export function nextTimeout({ migrations }: Domain): number | undefined {
  let earliest: number | undefined;
  for (const { until } of migrations.values()) earliest = Math.min(earliest ?? until, until);
  return earliest;
}
