/**
 * `explain`: why a MAC, or an IP, is where it is. All that is said of decisions is asked of the code
 * that decides (`mobility/contest.ts`).
 */
import type { IpAddress } from "../../evpn/ip.ts";
import { compareClaims } from "../../evpn/mac-claim.ts";
import { contest } from "../../mobility/contest.ts";
import { remoteClaimTo } from "../../mobility/desired.ts";
import type { Domain } from "../../mobility/domain.ts";
import { isExempt } from "../../mobility/duplicates.ts";
import type { MacEntry } from "../../mobility/mac-entry.ts";
import { timersOf } from "../../mobility/timers.ts";
import type { HistoryRow } from "../../report/history-row.ts";
import type { ExplainRow } from "../explain-row.ts";
import type { Filter } from "../protocol.ts";
import type { Snapshot } from "../snapshot.ts";
import { type Batches, eachInPieces, type InPieces } from "./batches.ts";
import { claimRows, decidingOf, refusalOf, timerRow, whyText } from "./explain-words.ts";
import { macRow } from "./macs.ts";
import { rowStates } from "./row-states.ts";

/** What happened last is told along; `history` has the rest. */
const HAPPENED = 5;

export function* showExplain(snapshot: Snapshot, filter: Filter): Batches<ExplainRow> {
  for (const domain of [...snapshot.domains].sort((a, b) => a.vni - b.vni)) {
    if (filter.vni !== undefined && filter.vni !== domain.vni) continue;
    for (const entry of entriesOf(domain, filter)) {
      const row = yield* explain({ snapshot, domain, entry }, filter.ip);
      yield [row];
    }
  }
}

function entriesOf(domain: Domain, { mac, ip }: Filter): readonly MacEntry[] {
  const byIp = ip === undefined ? [] : domain.holders(ip);
  const byMac = mac === undefined ? undefined : domain.entry(mac);
  const all = [...byIp, ...(byMac === undefined ? [] : [byMac])];
  return all.sort((a, b) => (a.mac < b.mac ? -1 : 1));
}

interface Subject {
  readonly snapshot: Snapshot;
  readonly domain: Domain;
  readonly entry: MacEntry;
}

function* explain(subject: Subject, ip: IpAddress | undefined): InPieces<ExplainRow> {
  const { snapshot, domain, entry } = subject;
  const { now, duplicateSettings } = snapshot;
  const happened = yield* historyOf(subject);
  const rows = yield* rowStates(snapshot, entry);
  const ignored = yield* ignoredOf(subject);
  const contenders = contest(entry);
  const deciding = decidingOf(contenders, entry, happened);
  return {
    ...macRow(entry),
    why: whyText(entry, { contenders, deciding, ignored: ignored.length }),
    deciding,
    ip: ip === undefined ? null : askedIp(domain, entry, ip),
    claims: claimRows(contenders, rows),
    ignored,
    ...evidenceOf(entry, now),
    refused: entry.local === undefined ? (refusalOf(happened)?.text ?? null) : null,
    numbers: { sent: orNull(entry.sentSeq), heard: orNull(entry.heardSeq) },
    timers: timersOf(domain, entry, duplicateSettings).map((timer) => timerRow(timer, now)),
    duplicates: {
      moves: entry.moveTimes.filter((at) => now - at <= duplicateSettings.windowMs).length,
      of: duplicateSettings.moves,
      windowSeconds: duplicateSettings.windowMs / 1000,
      duplicate: entry.duplicate?.kind ?? null,
      exempt: isExempt(entry.mac, duplicateSettings),
    },
    rows,
    happened: happened.slice(-HAPPENED),
  };
}

function orNull(seq: number): number | null {
  return seq < 0 ? null : seq;
}

function* historyOf({ snapshot, entry }: Subject): InPieces<readonly HistoryRow[]> {
  const rows: HistoryRow[] = [];
  yield* eachInPieces(snapshot.history(), (row) => {
    if (row.vni === entry.vni && row.mac === entry.mac) rows.push(row);
  });
  return rows;
}

function* ignoredOf({ snapshot, entry }: Subject): InPieces<ExplainRow["ignored"]> {
  const ignored: ExplainRow["ignored"][number][] = [];
  yield* eachInPieces(snapshot.ignored, ({ kind, route, reason }) => {
    if (kind !== "mac-ip" || route.mac !== entry.mac || route.vni !== entry.vni) return;
    const { rd, nexthop, ip = null } = route;
    const words = reason.replaceAll("-", " ");
    ignored.push({ routeDistinguisher: rd, nexthop, ip, reason: words });
  });
  return ignored;
}

function evidenceOf(
  { local, frozen }: MacEntry,
  now: number,
): Pick<ExplainRow, "evidence" | "waiting"> {
  const waiting = frozen?.waiting;
  return {
    evidence:
      local === undefined
        ? null
        : {
            port: local.port,
            learnedFrom: local.learnedFrom,
            seenAt: timeText(local.seenAt),
            ageSeconds: Math.max(0, Math.round(now - local.seenAt)) / 1000,
            answers: local.answers,
            ips: [...local.ips].map(([ip, { learnedFrom, since }]) => ({
              ip,
              learnedFrom,
              since: timeText(since),
            })),
          },
    waiting:
      waiting === undefined
        ? null
        : {
            port: waiting.port,
            learnedFrom: waiting.learnedFrom,
            at: timeText(waiting.at),
          },
  };
}

/** Whose the IP is, by the rule of `desired.ts: neighbourOf`: a host here, or the best claim to it. */
function askedIp(domain: Domain, entry: MacEntry, ip: IpAddress): ExplainRow["ip"] {
  const isFrozen = domain.frozenIps.has(ip);
  const here = domain.holders(ip).find(({ local }) => local?.ips.has(ip) === true);
  const holder = isFrozen ? undefined : (here?.mac ?? domain.known.neighbourOf(ip)?.mac);
  const holds = holder === entry.mac;
  const asked = { ip, holds, holder: holder ?? null };
  if (holds) return { ...asked, decidedBy: null };
  if (isFrozen) return { ...asked, decidedBy: "duplicate" };
  if (here !== undefined) return { ...asked, decidedBy: "host-here" };
  const winner = holder === undefined ? undefined : domain.entry(holder);
  const theirs = winner && remoteClaimTo(ip, winner);
  const ours = remoteClaimTo(ip, entry);
  // Only the MAC's owner can give it an IP.
  if (ours === undefined || theirs === undefined) return { ...asked, decidedBy: "other-owner" };
  return { ...asked, decidedBy: compareClaims(theirs, ours).by };
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}
