/**
 * Watches that the old owner of a MAC which has come to us really lets go. If our route did not reach
 * it, or it passed it over, it is told again, by a higher number (a route that is the same as before
 * would be passed over by reflectors too). Some speakers never let go (those that know nothing of MAC
 * mobility); so we say so and stop after some tries.
 *
 * A higher number is only for a host that is here. It may have gone on meanwhile, perhaps to where it
 * came from, and the news of it be as late as that of the old owner: so it is asked first. One of which
 * no IP is known can not be asked, and is believed to be here.
 */
import type { MacAddress } from "../evpn/mac.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import { commit, type Scene } from "./commit.ts";
import type { Domain, Reminding } from "./domain.ts";
import { type LocalClaim, type MacEntry, strongestRival } from "./mac-entry.ts";
import { familyOf } from "./probes.ts";
import { raised } from "./reclaim.ts";

/** FRR takes 0.2 s; a fabric of two reflectors and a busy leaf may take some times that. */
const PATIENCE_MS = 3000;
const TRIES = 3;
/** A host answers at once; its leaf and we may be busy. */
const ANSWER_MS = 1000;
/** Hosts that are asked at once. */
const ASKED_MAX = 256;
/** So long at most the old owner may be busy with other MACs: a rack of 10,000 takes 5 to 15 s. */
const AT_WORK_MS = 30_000;

const NEW: Reminding = { tries: 0, bids: 0, askedAt: undefined };

/** It has just come to us from another VTEP. */
export function watchLetGo({ domain, at }: Pick<Scene, "domain" | "at">, entry: MacEntry): void {
  if (strongestRival(entry) === undefined) return;
  domain.lettingGo.set(entry.mac, NEW);
  domain.letGoAgenda.set(entry.mac, at + PATIENCE_MS);
}

/** A VTEP has let go of a MAC that has come to us. */
export function hasLetGo({ domain, at }: Pick<Scene, "domain" | "at">, vtep: VtepAddress): void {
  domain.letGoAt.set(vtep, at);
}

export function remindAll(scene: Scene): void {
  const { domain, at } = scene;
  let asked = 0;
  for (;;) {
    const mac = domain.letGoAgenda.take(at);
    if (mac === undefined) return;
    if (asked === ASKED_MAX) domain.letGoAgenda.set(mac, at + ANSWER_MS);
    else if (remind(scene, mac) === "asked") asked++;
  }
}

function remind(scene: Scene, mac: MacAddress): "asked" | undefined {
  const { domain, outbox, at } = scene;
  const entry = domain.entry(mac);
  const { tries, bids, askedAt } = domain.lettingGo.get(mac) ?? NEW;
  const rival = entry && strongestRival(entry);
  if (entry?.local === undefined || rival === undefined || entry.local.claim.sticky) {
    forget(domain, mac);
    return undefined;
  }
  // Many have come to us at once, and it lets go of one after the other: to outbid it now would only
  // give it, and all others, more to do.
  const lately = domain.letGoAt.get(rival.vtep) ?? Number.NEGATIVE_INFINITY;
  if (at - lately < PATIENCE_MS && at - entry.since < AT_WORK_MS) {
    domain.letGoAgenda.set(mac, lately + PATIENCE_MS);
    return undefined;
  }
  const { local } = entry;
  if (askedAt === undefined && local.ips.size > 0) {
    askOnce(scene, mac, local);
    domain.lettingGo.set(mac, { tries, bids, askedAt: at });
    domain.letGoAgenda.set(mac, at + ANSWER_MS);
    return "asked";
  }
  outbox.tell({ kind: "not-let-go", vni: domain.vni, mac, vtep: rival.vtep, tries: bids });
  if (tries >= TRIES) {
    forget(domain, mac);
    return undefined;
  }
  const isHere = local.ips.size === 0 || local.seenAt >= (askedAt ?? at);
  if (isHere) commit(scene, { before: entry, after: raised(entry), by: "route" });
  domain.lettingGo.set(mac, {
    tries: tries + 1,
    bids: bids + (isHere ? 1 : 0),
    askedAt: undefined,
  });
  domain.letGoAgenda.set(mac, at + PATIENCE_MS * 2 ** (tries + 1));
  return undefined;
}

/** About one IP of each family: it is the host that is asked for, not its addresses. */
function askOnce({ domain, outbox }: Scene, mac: MacAddress, { port, ips }: LocalClaim): void {
  const one = new Map([...ips.keys()].map((ip) => [familyOf(ip), ip]));
  for (const ip of one.values()) outbox.ask({ vni: domain.vni, port, mac, ip });
}

function forget(domain: Domain, mac: MacAddress): void {
  domain.lettingGo.delete(mac);
  domain.letGoAgenda.delete(mac);
}
