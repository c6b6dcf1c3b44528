/** How an explanation puts what `mobility/contest.ts` and `mobility/timers.ts` say. */
import type { MacClaim } from "../../evpn/mac-claim.ts";
import { type Contender, decidingStep } from "../../mobility/contest.ts";
import { type MacEntry, whereabouts } from "../../mobility/mac-entry.ts";
import type { Notice } from "../../mobility/notice.ts";
import type { Timer } from "../../mobility/timers.ts";
import type { HistoryRow } from "../../report/history-row.ts";
import type { ClaimRow, ClaimText, ExplainRow, RowState, TimerRow } from "../explain-row.ts";

type Deciding = ExplainRow["deciding"];

/** What keeps it there now; where nobody else claims it any more, what brought it there. */
export function decidingOf(
  contenders: readonly Contender[],
  entry: MacEntry,
  happened: readonly HistoryRow[],
): Deciding {
  const now = decidingStep(contenders);
  if (now !== undefined) {
    const { by, winner, loser } = now;
    return { step: by, winner: claimText(winner), loser: claimText(loser), at: null };
  }
  const where = whereabouts(entry);
  if (where.kind !== "here" && where.kind !== "there") return null;
  const winner = claimText(where.claim);
  const refused = refusalOf(happened);
  if (refused?.kind === "sticky-violated" && where.kind === "there" && winner.sticky) {
    return { step: "sticky", winner, loser: null, at: refused.at };
  }
  const move = cameBy(where.kind === "here" ? where.port : where.claim.vtep, happened);
  if (move?.over === undefined || move.over === null) return null;
  const { decidedBy, ...loser } = move.over;
  return {
    step: decidedBy,
    winner: { ...claimText(where.claim), seq: move.seq ?? 0 },
    loser,
    at: move.at,
  };
}

/** What was told of it since its last move that means: seen here, and not acted upon. */
export function refusalOf(happened: readonly HistoryRow[]): HistoryRow | undefined {
  const moved = happened.findLastIndex(({ kind }) => kind === "moved");
  return happened.slice(moved + 1).findLast(({ kind }) => REFUSALS.has(kind));
}

const REFUSALS: ReadonlySet<string> = new Set([
  "sticky-violated",
  "seq-exhausted",
  "sighting-ignored",
] satisfies Notice["kind"][]);

/** The move that brought it there; that it came up there again after a restart is none. */
function cameBy(place: string, happened: readonly HistoryRow[]): HistoryRow | undefined {
  const moves = happened.filter(({ kind }) => kind === "moved");
  const other = moves.findLastIndex(
    ({ from, to }) => to !== place && !(to === null && from === place),
  );
  return moves.slice(other + 1).find(({ from, to }) => from !== null && to === place);
}

export function whyText(
  entry: MacEntry,
  {
    contenders,
    deciding,
    ignored,
  }: { contenders: readonly Contender[]; deciding: Deciding; ignored: number },
): string {
  const others = contenders.filter(({ outcome }) => outcome.kind !== "won").length;
  const where = whereabouts(entry);
  switch (where.kind) {
    case "duplicate": {
      const { duplicate, frozen } = entry;
      return `Held at ${frozen?.held.vtep} as a duplicate: it moved ${duplicate?.moves} times between ${where.vteps.join(" and ")}`;
    }
    case "nowhere":
      return `Nobody claims it${ignored === 0 ? "" : ` in a way that counts here: ${ignored} routes for it are ignored`}`;
    case "here":
    case "there": {
      const place = where.kind === "here" ? `port ${where.port}` : where.claim.vtep;
      if (deciding === null)
        return `At ${place}: nobody else claims it${others > 0 ? " with a chance" : ""}`;
      return `At ${place}${deciding.at === null || deciding.loser === null ? "" : " alone by now"}: ${wordsOf(deciding)}`;
    }
  }
}

function wordsOf({ step, winner, loser, at }: NonNullable<Deciding>): string {
  const beat = at === null ? "beats" : "beat";
  const since = at === null ? "" : ` at ${at}`;
  if (loser === null)
    return `its claim is sticky, so that it was seen here${since} changes nothing`;
  switch (step) {
    case "sticky":
      return `its claim is sticky and ${beat} that of ${loser.vtep}, which is not${since}`;
    case "sequence":
      return `sequence ${winner.seq} ${beat} ${loser.seq} of ${loser.vtep}${since}`;
    case "vtep":
      return `of equal claims with sequence ${winner.seq}, that of the lower VTEP ${winner.vtep} ${beat} that of ${loser.vtep}${since}`;
    case "same":
      return `its claim is that of ${loser.vtep}${since}`;
  }
}

export function claimRows(
  contenders: readonly Contender[],
  rows: readonly RowState[],
): readonly ClaimRow[] {
  return contenders.map(({ claim, isOurs, routes, outcome }) => ({
    ...claimText(claim),
    origin: isOurs ? "local" : "remote",
    outcome: outcome.kind,
    decidedBy: outcome.kind === "lost" ? outcome.by : null,
    to: outcome.kind === "lost" ? outcome.to.vtep : null,
    routes: isOurs ? ownRoutes(rows) : routes.map(routeText),
  }));
}

function ownRoutes(rows: readonly RowState[]): ClaimRow["routes"] {
  return rows.flatMap(({ table, wanted }) =>
    table === "mac-ip-route" && wanted !== null ? [routeText(wanted as Route)] : [],
  );
}

type Route = Contender["routes"][number];

function routeText({ rd, ip, mobility, esi }: Route): ClaimRow["routes"][number] {
  return { routeDistinguisher: rd, ip: ip ?? null, seq: mobility?.seq ?? null, esi };
}

function claimText({ vtep, seq, sticky }: MacClaim): ClaimText {
  return { vtep, seq, sticky };
}

export function timerRow(timer: Timer, now: number): TimerRow {
  const { name, dueAt } = timer;
  return {
    name,
    dueAt: dueAt === undefined ? null : new Date(dueAt).toISOString(),
    inSeconds: dueAt === undefined ? null : Math.round(dueAt - now) / 1000,
    text: timerText(timer),
  };
}

const PROBES: Readonly<Record<Extract<Timer, { name: "probe" }>["reason"], string>> = {
  verify: "the RIB or a lease gave it these IPs when it came: are they here?",
  idle: "it has been silent: is it still here?",
  "aged-out": "the bridge has forgotten it: is it still here?",
  check: "it has gone to another leaf: is it here as well?",
  full: "it has as many IPs as it may: which does it still use?",
  confirm: "these addresses are asked for now and then: are they still its own?",
};

function timerText(timer: Timer): string {
  switch (timer.name) {
    case "probe":
      return `${PROBES[timer.reason]} (${timer.ips.join(", ")}; ${timer.attemptsLeft} more questions)`;
    case "look":
      return "it is asked then, if it has been silent until then";
    case "let-go":
      return `the old owner is outbid once more, if it has not let go (done ${timer.tries} times)`;
    case "refused-number":
      return `GoBGP has refused sequence ${timer.seq}: more is bid, if no claim comes`;
    case "challenge":
      return `${timer.owner} is asked whether ${timer.ip} is its own still`;
    case "migration":
      return `the migration, which has ${timer.phase}, is over by itself`;
    case "duplicate-window":
      return `the oldest of its ${timer.moves} moves counts no longer; ${timer.of} make a duplicate`;
    case "recovery":
      return `${timer.ip ?? "it"} is held to be a duplicate until then`;
    case "redirect":
      return `what comes out of the tunnel for it is sent on to ${timer.vtep} until then`;
    case "lease":
      return `the lease of ${timer.ip} ends`;
  }
}
