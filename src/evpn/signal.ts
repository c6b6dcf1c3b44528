/** The signals by which a host, or somebody for it, lets a leaf know where it is. */
export type Signal =
  /** ARP request or reply in which sender and target IP are the same, to all (RFC 5227 §3). */
  | "gratuitous-arp"
  | "arp-request"
  | "arp-reply"
  /** ARP request with sender 0.0.0.0: somebody asks whether an address is free (RFC 5227 §2.1). */
  | "arp-probe"
  /** Reverse ARP request, which hypervisors send for a guest that has moved (RFC 903). */
  | "rarp"
  | "neighbour-solicitation"
  | "neighbour-advertisement"
  /** A neighbour advertisement nobody asked for (RFC 4861 §7.2.6). */
  | "unsolicited-advertisement"
  /** A neighbour solicitation from `::`: duplicate address detection (RFC 4862 §5.4). */
  | "dad"
  | "router-solicitation"
  | "router-advertisement"
  /** A DHCP server has given the host an address. */
  | "dhcp"
  /** An ARP reply or neighbour advertisement to the leaf itself: the answer to a question of ours. */
  | "answer"
  /** A data frame: the bridge has learned the address from it. */
  | "data"
  /** None of the host's own: the hypervisor has said where it is. */
  | "word";
