/** The links of this network namespace, kept true by what rtnetlink tells of them. */
import type { LinkMessage } from "../wire/netlink-link.ts";

export type Link = Omit<LinkMessage, "about" | "gone">;
/** By ifindex, which no other link has while this one exists. */
export type Links = ReadonlyMap<number, Link>;

/** Takes in a message; answers whether anything is different now. */
export function takeInLink(links: Map<number, Link>, message: LinkMessage): boolean {
  const { about, gone, ...told } = message;
  const known = links.get(told.ifindex);
  if (about === "device") {
    if (gone) return links.delete(told.ifindex);
    links.set(told.ifindex, told);
    return JSON.stringify(known) !== JSON.stringify(told);
  }
  // A bridge tells only what it knows of its port; a link it does not have any more may live on.
  if (known === undefined) return false;
  const link: Link = gone
    ? { ...known, master: known.master === told.master ? undefined : known.master }
    : { ...known, master: told.master, bridgePort: told.bridgePort };
  links.set(told.ifindex, link);
  return JSON.stringify(known) !== JSON.stringify(link);
}
