/** IPs that are at several hosts at once (RFC 9721 §8.2, C3.11): the MACs go on as they are. */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import { refreshRowsOf, type Scene } from "./commit.ts";
import type { Domain, IpMoves } from "./domain.ts";
import { countMove, type DuplicateSettings, duplicateFrom, NO_MOVES } from "./duplicates.ts";
import type { Notice } from "./notice.ts";

/** IPs whose moves are remembered: a forger can invent addresses, and each costs some bytes. */
const REMEMBERED_MAX = 4096;

/** The IP has gone from another MAC, at `vtep`, to this one, here. */
export function ipMoved(
  scene: Scene,
  {
    ip,
    mac,
    vtep,
    settings,
  }: { ip: IpAddress; mac: MacAddress; vtep: VtepAddress; settings: DuplicateSettings },
): void {
  const { domain, outbox, at } = scene;
  const known = domain.ipMoves.get(ip);
  if (known?.duplicate !== undefined) return;
  const { times, isDuplicate } = countMove(known?.times ?? NO_MOVES, at, settings);
  if (!isDuplicate) {
    remember(domain, ip, { times, duplicate: undefined });
    return;
  }
  const self = domain.segment?.vtep ?? vtep;
  const duplicate = duplicateFrom({ times, at, vteps: [vtep, self] }, settings);
  remember(domain, ip, { times, duplicate });
  outbox.remember({ kind: "ip", vni: domain.vni, ip, duplicate });
  const { moves, vteps, kind } = duplicate;
  outbox.tell({ kind: "duplicate-detected", vni: domain.vni, mac, ip, moves, vteps, action: kind });
  if (kind === "frozen") refreshRowsOf(scene, ip, () => domain.frozenIps.add(ip));
}

export type ClearedBy = Pick<Extract<Notice, { kind: "duplicate-cleared" }>, "by" | "who">;

/** The IP is a duplicate no longer: its routes come back (C3.12). */
export function ipRecovered(scene: Scene, ip: IpAddress, by: ClearedBy): void {
  const { domain, outbox } = scene;
  domain.ipMoves.delete(ip);
  outbox.remember({ kind: "ip", vni: domain.vni, ip, duplicate: undefined });
  refreshRowsOf(scene, ip, () => domain.frozenIps.delete(ip));
  const [holder] = domain.holders(ip);
  if (holder === undefined) return;
  outbox.tell({ kind: "duplicate-cleared", vni: domain.vni, mac: holder.mac, ip, ...by });
}

function remember({ ipMoves }: Domain, ip: IpAddress, moves: IpMoves): void {
  // What moved last is remembered last.
  ipMoves.delete(ip);
  ipMoves.set(ip, moves);
  if (ipMoves.size <= REMEMBERED_MAX) return;
  for (const [oldest, { duplicate }] of ipMoves) {
    if (duplicate !== undefined) continue;
    ipMoves.delete(oldest);
    return;
  }
}
