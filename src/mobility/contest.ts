/**
 * Why a MAC is where it is: every claim to it, and the step of the comparison at which each lost. For
 * people; the comparison is the decision's own, so this can not say anything else than was decided.
 */
import { compareClaims, type DecidedBy, type MacClaim } from "../evpn/mac-claim.ts";
import type { MacIpRoute } from "../evpn/mac-ip-route.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import { type MacEntry, remoteClaims, whereabouts } from "./mac-entry.ts";

export type Outcome =
  | { readonly kind: "won" }
  | { readonly kind: "lost"; readonly to: MacClaim; readonly by: DecidedBy }
  /** The MAC is frozen as a duplicate: frames go to whom it is held at, and no claim counts. */
  | { readonly kind: "held" }
  | { readonly kind: "frozen" }
  /** The address of a gateway, which stands at many leaves, is no rival to a host here. */
  | { readonly kind: "no-rival" };

export interface Contender {
  readonly claim: MacClaim;
  readonly isOurs: boolean;
  /** Those that make the claim; none of ours. */
  readonly routes: readonly MacIpRoute[];
  readonly outcome: Outcome;
}

/** Our claim first, then the others as they were heard of. */
export function contest(entry: MacEntry): readonly Contender[] {
  const where = whereabouts(entry);
  const winner = where.kind === "here" || where.kind === "there" ? where.claim : undefined;
  const ours: Contender[] =
    entry.local === undefined
      ? []
      : [{ claim: entry.local.claim, isOurs: true, routes: [], outcome: { kind: "won" } }];
  const byVtep = routesByVtep(entry);
  const others = [...remoteClaims(entry).values()].map((claim): Contender => {
    const routes = byVtep.get(claim.vtep) ?? [];
    return { claim, isOurs: false, routes, outcome: outcomeOf(claim, { entry, winner, routes }) };
  });
  return [...ours, ...others];
}

function outcomeOf(
  claim: MacClaim,
  {
    entry,
    winner,
    routes,
  }: { entry: MacEntry; winner: MacClaim | undefined; routes: readonly MacIpRoute[] },
): Outcome {
  if (entry.frozen !== undefined) {
    return { kind: claim.vtep === entry.frozen.held.vtep ? "held" : "frozen" };
  }
  if (winner === undefined || claim.vtep === winner.vtep) return { kind: "won" };
  const verdict = compareClaims(winner, claim);
  const isGateway = entry.local !== undefined && routes.every((route) => route.defaultGateway);
  return !verdict.wins && isGateway
    ? { kind: "no-rival" }
    : { kind: "lost", to: winner, by: verdict.by };
}

function routesByVtep({ remote }: MacEntry): ReadonlyMap<VtepAddress, readonly MacIpRoute[]> {
  const byVtep = new Map<VtepAddress, MacIpRoute[]>();
  for (const route of remote) {
    const known = byVtep.get(route.nexthop);
    if (known === undefined) byVtep.set(route.nexthop, [route]);
    else known.push(route);
  }
  return byVtep;
}

/** The step that keeps the MAC where it is: that at which the strongest of the others has lost. */
export function decidingStep(
  contenders: readonly Contender[],
): { readonly by: DecidedBy; readonly winner: MacClaim; readonly loser: MacClaim } | undefined {
  let strongest: { by: DecidedBy; winner: MacClaim; loser: MacClaim } | undefined;
  for (const { claim, outcome } of contenders) {
    if (outcome.kind !== "lost") continue;
    if (strongest !== undefined && !compareClaims(claim, strongest.loser).wins) continue;
    strongest = { by: outcome.by, winner: outcome.to, loser: claim };
  }
  return strongest;
}
