/** A change is made known: stored, asked for as rows, told. What follows from every change alike. */
import type { IpAddress } from "../evpn/ip.ts";
import { compareClaims, type MacClaim } from "../evpn/mac-claim.ts";
import { neighbourKey, type RowAt } from "../evpn/rows.ts";
import { neighbourOf, rowsOf } from "./desired.ts";
import type { Domain } from "./domain.ts";
import { copyOf, ipsOf, type MacEntry, whereabouts } from "./mac-entry.ts";
import { memoryOf } from "./memory.ts";
import type { MovedBy, Outranked, Place } from "./notice.ts";
import type { Outbox } from "./outbox.ts";
import { followRedirect } from "./redirects.ts";

/** One host's news at one moment, and where what follows from it is put. */
export interface Scene {
  readonly domain: Domain;
  readonly outbox: Outbox;
  readonly at: number;
}

/** Stores the next entry, and asks for and tells whatever follows from the difference. */
export function commit(
  { domain, outbox, at }: Scene,
  { before, after: next, by }: { before: MacEntry | undefined; after: MacEntry; by: MovedBy },
): void {
  const from = before === undefined ? NOWHERE : placeOf(before);
  const to = placeOf(next);
  const hasMoved = !samePlace(from, to);
  const isMove = hasMoved && from.kind !== "nowhere" && to.kind !== "nowhere";
  const after = hasMoved ? moved(next, { at, isMove }) : next;
  const memory = memoryOf(before, after);
  if (memory !== undefined) outbox.remember(memory);
  const affected = domain.put(after);
  const { vrf } = domain;
  if (!sameClaims(before, after)) {
    if (vrf !== undefined) {
      const advertising = { vrf, frozenIps: domain.frozenIps };
      const old = before === undefined ? NO_ROWS : rowsOf(before, advertising);
      outbox.replace(old, rowsOf(after, advertising));
    }
    followRedirect({ domain, outbox, at }, before, after);
  }
  for (const ip of affected) {
    refreshNeighbour({ domain, outbox }, ip);
    outbox.changed({ domain, ip, by });
  }
  if (hasMoved) {
    const { vni, mac } = after;
    // Where it goes, its IPs follow by routes of their own; until then those it had are known of it.
    const known = ipsOf(after);
    const ips = known.length === 0 && before !== undefined ? ipsOf(before) : known;
    const over = before && outrankedBy(before, after, by);
    outbox.tell({ kind: "moved", vni, mac, ips, from, to, seq: seqOf(after), signal: by, over });
    // A row of ours may have been written over what the bridge has learned from the host's frame.
    if (from.kind === "vtep" && to.kind === "port") outbox.teach({ vni, mac, port: to.port });
  }
  if (isForgettable(after)) domain.drop(after.mac);
}

/** It is at another place as of now; from nowhere, that is no move. */
function moved(entry: MacEntry, { at, isMove }: { at: number; isMove: boolean }): MacEntry {
  const next = copyOf(entry);
  next.since = at;
  if (isMove) next.moves++;
  return next;
}

function sameClaims(before: MacEntry | undefined, after: MacEntry): boolean {
  return (
    before !== undefined &&
    before.remote === after.remote &&
    before.frozen?.held === after.frozen?.held &&
    before.local?.claim === after.local?.claim &&
    before.local?.ips === after.local?.ips
  );
}

/** Asks for the neighbour row of an IP anew. */
export function refreshNeighbour({ domain, outbox }: Omit<Scene, "at">, ip: IpAddress): void {
  const { vrf, vni, frozenIps } = domain;
  const row = vrf && neighbourOf(ip, { vrf, frozenIps, holders: domain.holders(ip) });
  const before = domain.known.neighbourOf(ip);
  if (row?.mac === before?.mac && row?.router === before?.router) return;
  domain.known.setNeighbour(ip, row);
  if (!domain.suppression) return;
  outbox.want({ table: "neighbour", key: neighbourKey({ vni, ip }), row });
}

/** Makes a change that concerns one IP, and asks anew for whatever it bears on. */
export function refreshRowsOf(scene: Scene, ip: IpAddress, change: () => void): void {
  const { domain, outbox } = scene;
  const { vrf, frozenIps } = domain;
  const rows = (): RowAt[] =>
    vrf === undefined ? [] : domain.holders(ip).flatMap((each) => rowsOf(each, { vrf, frozenIps }));
  const before = rows();
  change();
  outbox.replace(before, rows());
  refreshNeighbour(scene, ip);
}

const NO_ROWS: readonly RowAt[] = [];
const NOWHERE: Place = { kind: "nowhere" };

export function placeOf(entry: MacEntry): Place {
  // Where a frozen MAC is held, frames go.
  if (entry.frozen !== undefined) return { kind: "vtep", vtep: entry.frozen.held.vtep };
  const where = whereabouts(entry);
  switch (where.kind) {
    case "here":
      return { kind: "port", port: where.port };
    case "there":
      return { kind: "vtep", vtep: where.claim.vtep };
    case "duplicate":
    case "nowhere":
      return NOWHERE;
  }
}

function samePlace(a: Place, b: Place): boolean {
  switch (a.kind) {
    case "port":
      return b.kind === "port" && a.port === b.port;
    case "vtep":
      return b.kind === "vtep" && a.vtep === b.vtep;
    case "nowhere":
      return b.kind === "nowhere";
  }
}

function seqOf(entry: MacEntry): number | undefined {
  return winnerOf(entry)?.seq;
}

/** The claim by which the MAC is where it is. */
function winnerOf(entry: MacEntry): MacClaim | undefined {
  const where = whereabouts(entry);
  return where.kind === "here" || where.kind === "there" ? where.claim : undefined;
}

/** The claim that the MAC was taken from, if it was: others are given up or withdrawn. */
function outrankedBy(before: MacEntry, after: MacEntry, by: MovedBy): Outranked | undefined {
  const [loser, winner] = [winnerOf(before), winnerOf(after)];
  if (loser === undefined || winner === undefined) return undefined;
  const stands = before.local === undefined ? stillClaims(after, loser) : by === "route";
  const verdict = compareClaims(winner, loser);
  return stands && verdict.wins ? { ...loser, decidedBy: verdict.by } : undefined;
}

function stillClaims({ remote }: MacEntry, { vtep }: MacClaim): boolean {
  for (const { nexthop } of remote) if (nexthop === vtep) return true;
  return false;
}

/** Nobody claims the MAC, and no number has been used that a later claim must not fall below. */
function isForgettable(entry: MacEntry): boolean {
  const { local, remote, remembered, duplicate, sentSeq, heardSeq } = entry;
  const isClaimed = local !== undefined || remote.length > 0 || remembered.length > 0;
  return !isClaimed && duplicate === undefined && sentSeq <= 0 && heardSeq < 0;
}
