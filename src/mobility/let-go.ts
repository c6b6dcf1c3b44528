/**
 * Watches that the old owner of a MAC which has come to us really lets go. If our route did not reach
 * it, or it passed it over, it is told again, by a higher number (a route that is the same as before
 * would be passed over by reflectors too). Some speakers never let go (those that know nothing of MAC
 * mobility); so we say so and stop after some tries.
 */
import type { MacAddress } from "../evpn/mac.ts";
import { commit, type Scene } from "./commit.ts";
import type { Domain } from "./domain.ts";
import { strongestRival } from "./learn.ts";
import type { MacEntry } from "./mac-entry.ts";
import { raised } from "./reclaim.ts";

/** FRR takes 0.2 s; a fabric of two reflectors and a busy leaf may take some times that. */
const PATIENCE_MS = 3000;
const TRIES = 3;

/** It has just come to us from another VTEP. */
export function watchLetGo({ domain, at }: Pick<Scene, "domain" | "at">, entry: MacEntry): void {
  if (strongestRival(entry) === undefined) return;
  domain.lettingGo.set(entry.mac, 0);
  domain.letGoAgenda.set(entry.mac, at + PATIENCE_MS);
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
