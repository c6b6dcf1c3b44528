/**
 * Watches that the old owner of a MAC which has come to us really lets go. If our route did not reach
 * it, or it passed it over, it is told again, by a higher number (a route that is the same as before
 * would be passed over by reflectors too). Some speakers never let go (those that know nothing of MAC
 * mobility); so we say so and stop after some tries.
 */
import type { MacAddress } from "../evpn/mac.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import { commit, type Scene } from "./commit.ts";
import type { Domain } from "./domain.ts";
import { strongestRival } from "./learn.ts";
import type { MacEntry } from "./mac-entry.ts";
import { raised } from "./reclaim.ts";

/** FRR takes 0.2 s; a fabric of two reflectors and a busy leaf may take some times that. */
const PATIENCE_MS = 3000;
const TRIES = 3;
/** So long at most the old owner may be busy with other MACs: a rack of 10,000 takes 5 to 10 s. */
const AT_WORK_MS = 30_000;

/** It has just come to us from another VTEP. */
export function watchLetGo({ domain, at }: Pick<Scene, "domain" | "at">, entry: MacEntry): void {
  if (strongestRival(entry) === undefined) return;
  domain.lettingGo.set(entry.mac, 0);
  domain.letGoAgenda.set(entry.mac, at + PATIENCE_MS);
}

/** A VTEP has let go of a MAC that has come to us. */
export function hasLetGo({ domain, at }: Pick<Scene, "domain" | "at">, vtep: VtepAddress): void {
  domain.letGoAt.set(vtep, at);
}

export function remindAll(scene: Scene): void {
  const { domain, at } = scene;
  for (;;) {
    const mac = domain.letGoAgenda.take(at);
    if (mac === undefined) return;
    remind(scene, mac);
  }
}

function remind(scene: Scene, mac: MacAddress): void {
  const { domain, outbox, at } = scene;
  const entry = domain.entry(mac);
  const tries = domain.lettingGo.get(mac) ?? 0;
  const rival = entry && strongestRival(entry);
  if (entry?.local === undefined || rival === undefined || entry.local.claim.sticky) {
    forget(domain, mac);
    return;
  }
  // Many have come to us at once, and it lets go of one after the other: to outbid it now would only
  // give it, and all others, more to do.
  const lately = domain.letGoAt.get(rival.vtep) ?? Number.NEGATIVE_INFINITY;
  if (at - lately < PATIENCE_MS && at - entry.since < AT_WORK_MS) {
    domain.letGoAgenda.set(mac, lately + PATIENCE_MS);
    return;
  }
  const isLast = tries >= TRIES;
  outbox.tell({ kind: "not-let-go", vni: domain.vni, mac, vtep: rival.vtep, tries });
  if (isLast) {
    forget(domain, mac);
    return;
  }
  commit(scene, { before: entry, after: raised(entry), by: "route" });
  domain.lettingGo.set(mac, tries + 1);
  domain.letGoAgenda.set(mac, at + PATIENCE_MS * 2 ** (tries + 1));
}

function forget(domain: Domain, mac: MacAddress): void {
  domain.lettingGo.delete(mac);
  domain.letGoAgenda.delete(mac);
}
