/**
 * Which hosts are routers, as their advertisements say (RFC 4861 §4.2, §4.4). A host that is told that
 * its router is none any more gives up its default route (§7.2.5), so that what is answered in a
 * router's place must say that it is one (RFC 9161 §3.2). GoBGP can not receive the community that
 * would carry this from leaf to leaf (RFC 9047): a router elsewhere is known by the advertisement it
 * sends to all, which the tunnel carries; and one that was here before, by what it has said then.
 */
import type { MacAddress } from "../evpn/mac.ts";
import { refreshNeighbour, type Scene } from "./commit.ts";
import { ipsOf, type MacEntry } from "./mac-entry.ts";

/** A host that has said whether it is a router; most frames say nothing of it. */
export function asRouter(entry: MacEntry, router: boolean | undefined): MacEntry {
  return router === undefined || router === entry.router ? entry : { ...entry, router };
}

/** A router has advertised itself out of the tunnel. Who nobody claims is not believed to be there. */
export function routerHeard(scene: Scene, mac: MacAddress): void {
  const { domain } = scene;
  const entry = domain.entry(mac);
  if (entry === undefined || entry.local !== undefined || entry.router === true) return;
  domain.put(asRouter(entry, true));
  for (const ip of ipsOf(entry)) refreshNeighbour(scene, ip);
}
