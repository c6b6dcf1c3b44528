/** Duplicates that are none any more: their time is over, or the operator has said so. */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import { commit, type Scene } from "./commit.ts";
import type { Domain } from "./domain.ts";
import type { Duplicate } from "./duplicates.ts";
import { hostSeen, type SeenPolicy } from "./hosts.ts";
import { type ClearedBy, ipRecovered } from "./ip-duplicates.ts";
import { recovered } from "./learn.ts";
import type { MacEntry } from "./mac-entry.ts";

export type RecoverPolicy = Omit<SeenPolicy, "evidence">;

const BY_TIME: ClearedBy = { by: "time" };

/** When the next duplicate of this domain recovers by itself. */
export function nextRecovery(domain: Domain): number | undefined {
  let next: number | undefined;
  const look = (duplicate: Duplicate | undefined): void => {
    const at = duplicate?.recoversAt;
    if (at !== undefined && (next === undefined || at < next)) next = at;
  };
  for (const { duplicate } of domain.duplicates()) look(duplicate);
  // A forger makes these as many as are remembered, and this is asked after every notice.
  for (const { duplicate } of domain.ipMoves.values()) look(duplicate);
  return next;
}

export function recoverDue(scene: Scene, policy: RecoverPolicy): void {
  const { domain, at } = scene;
  const isDue = (time: number | undefined): boolean => time !== undefined && time <= at;
  for (const entry of domain.duplicates()) {
    if (isDue(entry.duplicate?.recoversAt)) recover(scene, entry, { by: BY_TIME, policy });
  }
  for (const [ip, { duplicate }] of [...domain.ipMoves]) {
    if (isDue(duplicate?.recoversAt)) ipRecovered(scene, ip, BY_TIME);
  }
}

export interface Clearing {
  /** `undefined`: all of them. A MAC that is cleared clears its IPs (C2.10). */
  readonly address: MacAddress | IpAddress | undefined;
  /** Who has said so. */
  readonly by?: string;
}

export function clearDuplicates(
  scene: Scene,
  { address, by: who }: Clearing,
  policy: RecoverPolicy,
): void {
  const { domain } = scene;
  const by: ClearedBy = { by: "operator", ...(who === undefined ? {} : { who }) };
  const cleared = domain.duplicates().filter(({ mac }) => address === undefined || mac === address);
  for (const entry of cleared) recover(scene, entry, { by, policy });
  for (const [ip, { duplicate }] of [...domain.ipMoves]) {
    if (duplicate === undefined) continue;
    const isHolder = domain.holders(ip).some(({ mac }) => mac === address);
    if (address === undefined || address === ip || isHolder) ipRecovered(scene, ip, by);
  }
}

/**
 * C2.7: the counters are at nought and the routes count again; if the MAC has shown itself here
 * since it was frozen, and nobody else has claimed it since, it is claimed now.
 */
function recover(
  scene: Scene,
  entry: MacEntry,
  { by, policy }: { by: ClearedBy; policy: RecoverPolicy },
): void {
  const { domain, outbox } = scene;
  const { vni, mac, frozen } = entry;
  commit(scene, { before: entry, after: recovered(entry), by: "route" });
  outbox.tell({ kind: "duplicate-cleared", vni, mac, ip: undefined, ...by });
  const waiting = frozen?.waiting;
  if (waiting === undefined || !domain.ports.has(waiting.port)) return;
  const { port, ip, learnedFrom } = waiting;
  const signal = learnedFrom === "rib" ? "data" : learnedFrom;
  hostSeen(scene, { kind: "seen", vni, mac, port, ip, signal }, { ...policy, evidence: "new" });
}
