/**
 * Frames in flight (draft-ietf-nvo3-vmm §5, C9.10): other leaves go on sending here for a MAC that has
 * gone, until they hear of it. For some time what comes here for it is sent on to where it is.
 *
 * It can not go round in circles, however late anybody hears of anything. We send on only to a VTEP
 * whose claim outranks every claim we have ever made; the MAC's claims are in one order that all
 * leaves share (`outranks`); and who claims anew stops sending on. So each leaf that sends on does so
 * to a higher claim than its own last one, and that VTEP, if it sends on too, to a higher one still.
 * What others forge is another matter, so that the frames themselves are marked as well (see
 * `linux/redirect-rules.ts`).
 */
import type { MacAddress } from "../evpn/mac.ts";
import { type MacClaim, outranks } from "../evpn/mac-claim.ts";
import { redirectKey } from "../evpn/rows.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import { Agenda } from "./agenda.ts";
import type { Scene } from "./commit.ts";
import type { Domain } from "./domain.ts";
import { type MacEntry, ownerElsewhere } from "./mac-entry.ts";

export interface Redirect {
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** The claim of ours that was outranked; `undefined` if a former life of ours has made it. */
  readonly lost: MacClaim | undefined;
  /** Where the MAC is. The forwarding entry says so too; for whoever forwards, that is enough. */
  readonly vtep: VtepAddress;
}

export class Redirects {
  readonly #byMac = new Map<MacAddress, Redirect>();
  readonly agenda: Agenda<MacAddress> = new Agenda();
  /** What a former life of ours has left, and until when. */
  #adopted = new Map<MacAddress, number>();

  get(mac: MacAddress): Redirect | undefined {
    return this.#byMac.get(mac);
  }

  macs(): readonly MacAddress[] {
    return [...this.#byMac.keys()];
  }

  set(mac: MacAddress, redirect: Redirect): void {
    this.#byMac.set(mac, redirect);
    this.agenda.set(mac, redirect.until);
  }

  /** It is not judged before the start is over. */
  adopt({ mac, until }: { readonly mac: MacAddress; readonly until: number }): void {
    this.#adopted.set(mac, until);
  }

  takeAdopted(): ReadonlyMap<MacAddress, number> {
    const adopted = this.#adopted;
    this.#adopted = new Map();
    return adopted;
  }

  delete(mac: MacAddress): boolean {
    this.agenda.delete(mac);
    return this.#byMac.delete(mac);
  }
}

/** What has become of a MAC: it may have left us, gone on, or come back. */
export function followRedirect(scene: Scene, before: MacEntry | undefined, after: MacEntry): void {
  const { domain, at } = scene;
  const { mac } = after;
  const known = domain.redirects.get(mac);
  const lost = known === undefined ? before?.local?.claim : known.lost;
  if (known === undefined && lost === undefined) return;
  const owner = mayFollow(domain, after, lost);
  if (owner === undefined) endRedirect(scene, mac);
  // C9.19: one that goes on to another place begins anew.
  else if (owner.vtep !== known?.vtep) {
    begin(scene, mac, { until: at + domain.redirectMs(), lost, vtep: owner.vtep });
  }
}

/** The start is over: what a former life of ours was redirecting goes on where it is right. */
export function settleAdopted(scene: Scene): void {
  const { domain, at } = scene;
  for (const [mac, until] of domain.redirects.takeAdopted()) {
    const entry = domain.entry(mac);
    const owner = entry && mayFollow(domain, entry, undefined);
    if (owner === undefined || until <= at || domain.redirects.get(mac) !== undefined) continue;
    begin(scene, mac, { until, lost: undefined, vtep: owner.vtep });
  }
}

function begin({ domain, outbox }: Scene, mac: MacAddress, redirect: Redirect): void {
  domain.redirects.set(mac, redirect);
  const row = { vni: domain.vni, mac, until: redirect.until };
  outbox.want({ table: "redirect", key: redirectKey(row), row });
}

/** To whom what comes for the MAC may be sent on. */
function mayFollow(
  { segment, redirectMs, vrf }: Domain,
  entry: MacEntry,
  lost: MacClaim | undefined,
): MacClaim | undefined {
  const owner = ownerElsewhere(entry);
  if (owner === undefined || segment === undefined || vrf === undefined) return undefined;
  // What comes by a device for many VNIs does not say which of them it is of.
  if (redirectMs() === 0 || segment.isShared === true) return undefined;
  const seq = Math.max(entry.sentSeq, lost?.seq ?? -1);
  const ours: MacClaim = { vtep: segment.vtep, seq, sticky: lost?.sticky ?? false };
  return outranks(owner, ours) ? owner : undefined;
}

/** What is still redirected though its time is over, or the VXLAN device gone. */
export function endRedirect({ domain, outbox }: Omit<Scene, "at">, mac: MacAddress): void {
  if (!domain.redirects.delete(mac)) return;
  const key = redirectKey({ vni: domain.vni, mac });
  outbox.want({ table: "redirect", key, row: undefined });
}

export function endAllRedirects(scene: Omit<Scene, "at">): void {
  for (const mac of scene.domain.redirects.macs()) endRedirect(scene, mac);
}

export function endOldRedirects(scene: Scene): void {
  const { domain, at } = scene;
  for (;;) {
    const mac = domain.redirects.agenda.take(at);
    if (mac === undefined) return;
    endRedirect(scene, mac);
  }
}
