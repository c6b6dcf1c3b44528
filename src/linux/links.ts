/** The links of this network namespace, kept true by what rtnetlink tells of them. */
import type { LinkMessage } from "../wire/netlink-link.ts";
import type { PortVlans } from "../wire/netlink-vlan.ts";

export type Link = Omit<LinkMessage, "about" | "gone">;
/** By ifindex, which no other link has while this one exists. */
export type Links = ReadonlyMap<number, Link>;

/** A bridge that has told of its port, and of no VLANs. */
const NO_VLANS: PortVlans = { vlans: [], tunnels: [] };

/** Takes in a message; answers whether anything is different now. */
export function takeInLink(links: Map<number, Link>, message: LinkMessage): boolean {
  const { about, gone, ...told } = message;
  const known = links.get(told.ifindex);
  if (about === "device") {
    if (gone) return links.delete(told.ifindex);
    const link = { ...told, portVlans: known?.portVlans };
    links.set(told.ifindex, link);
    return JSON.stringify(known) !== JSON.stringify(link);
  }
  // What a bridge says of itself, as of a port of its own.
  if (told.master === told.ifindex) return false;
  // A bridge tells only what it knows of its port; a link it does not have any more may live on.
  if (known === undefined) return false;
  const link: Link = gone
    ? { ...known, ...(known.master === told.master && { master: undefined, portVlans: undefined }) }
    : {
        ...known,
        master: told.master,
        bridgePort: told.bridgePort,
        portVlans: told.portVlans ?? NO_VLANS,
      };
  links.set(told.ifindex, link);
  return JSON.stringify(known) !== JSON.stringify(link);
}
