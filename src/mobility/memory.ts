/**
 * What must outlive the process, so that sequence numbers never fall and a duplicate stays one
 * (C1.17, C2.20): little enough to be kept for every MAC that has ever moved.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { MacClaim } from "../evpn/mac-claim.ts";
import type { MacIpRoute } from "../evpn/mac-ip-route.ts";
import type { Vni } from "../evpn/vni.ts";
import type { Domain } from "./domain.ts";
import type { Duplicate } from "./duplicates.ts";
import { remembered } from "./learn.ts";
import { type MacEntry, newEntry } from "./mac-entry.ts";

export type Memory =
  | {
      readonly kind: "mac";
      readonly vni: Vni;
      readonly mac: MacAddress;
      readonly sentSeq: number;
      readonly heardSeq: number;
      readonly duplicate: Duplicate | undefined;
      /** Where a frozen duplicate is held. */
      readonly held: MacClaim | undefined;
    }
  | {
      readonly kind: "ip";
      readonly vni: Vni;
      readonly ip: IpAddress;
      readonly duplicate: Duplicate | undefined;
    };

/** What is to be remembered of the entry, if that is something else than before. */
export function memoryOf(before: MacEntry | undefined, after: MacEntry): Memory | undefined {
  const { vni, mac, sentSeq, heardSeq, duplicate } = after;
  const isSame =
    (before?.sentSeq ?? -1) === sentSeq &&
    (before?.heardSeq ?? -1) === heardSeq &&
    before?.duplicate === duplicate;
  if (isSame) return undefined;
  // Numbers from nought on need no memory; most MACs never move.
  const isWorthIt = sentSeq > 0 || heardSeq > 0 || (before?.duplicate ?? duplicate) !== undefined;
  if (!isWorthIt) return undefined;
  return { kind: "mac", vni, mac, sentSeq, heardSeq, duplicate, held: after.frozen?.held };
}

/** A former life of ours has left this behind; told before anything else. */
export function recall(domain: Domain, memory: Memory, at: number): void {
  const { duplicate } = memory;
  if (memory.kind === "ip") {
    if (duplicate === undefined) return;
    domain.ipMoves.set(memory.ip, { times: [], duplicate });
    if (duplicate.kind === "frozen") domain.frozenIps.add(memory.ip);
    return;
  }
  const { vni, mac, sentSeq, heardSeq, held } = memory;
  const entry = domain.entry(mac) ?? newEntry({ vni, mac }, at);
  domain.put({
    ...entry,
    sentSeq: Math.max(entry.sentSeq, sentSeq),
    heardSeq: Math.max(entry.heardSeq, heardSeq),
    duplicate,
    frozen: held && duplicate?.kind === "frozen" ? { held, waiting: undefined } : undefined,
  });
}

/** A route of our own, left in the RIB by a former life of ours. */
export function recallRoute(domain: Domain, route: MacIpRoute, at: number): void {
  const { vni, mac } = route;
  domain.put(remembered(domain.entry(mac) ?? newEntry({ vni, mac }, at), route));
}

/** The start is over: what our own routes in the RIB told of a former life counts no more. */
export function forgetRemembered(domain: Domain): void {
  for (const entry of domain.entries()) {
    if (entry.rememberedSeq < 0) continue;
    domain.put({ ...entry, remembered: [], rememberedSeq: -1 });
  }
}
