/** What there is to say of the decision's notices; see `notices.ts`. */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { Notice, Place } from "../mobility/notice.ts";
import { type Direction, directionOf, placeName } from "./direction.ts";
import type { Count, Entries } from "./notice-entry.ts";

function decided({ kind }: Notice): readonly Count[] {
  return [["roamd_decisions_total", kind]];
}

/** Hosts that are new or gone, or move between others, may be very many. */
const HOSTS_OF_OURS: ReadonlySet<Direction> = new Set(["in", "out", "within"]);

export const DECISION: Entries<Notice> = {
  moved: {
    level: ({ from, to }) => (HOSTS_OF_OURS.has(directionOf(from, to)) ? "info" : "debug"),
    sentence: ({ vni, mac, from, to, seq, signal }) => {
      const number = seq === undefined ? "" : `, sequence number ${seq}`;
      return `MAC ${mac} in VNI ${vni} went from ${place(from)} to ${place(to)}${number} (${signal})`;
    },
    counts: (notice) => [
      ["roamd_moves_total", directionOf(notice.from, notice.to)],
      ...decided(notice),
    ],
  },
  "let-go": {
    level: "debug",
    sentence: ({ vni, mac, vtep }) => `${vtep} let go of MAC ${mac} in VNI ${vni}`,
  },
  "not-let-go": {
    level: "warn",
    sentence: ({ vni, mac, vtep, tries }) =>
      `${vtep} still claims MAC ${mac} in VNI ${vni}, outbid again ${tries} times`,
    counts: decided,
  },
  outranked: {
    level: "info",
    sentence: ({ vni, mac, ours, theirs, decidedBy }) =>
      `Gave up MAC ${mac} in VNI ${vni} to ${theirs.vtep}, by ${decidedBy}: ${theirs.seq} against ${ours.seq}`,
    counts: decided,
  },
  "ip-moved": {
    level: "info",
    sentence: ({ vni, mac, ip, from }) => `IP ${ip} in VNI ${vni} went from MAC ${from} to ${mac}`,
    counts: decided,
  },
  "ip-learned": {
    level: "debug",
    sentence: ({ vni, mac, ip, signal }) =>
      `Learned IP ${ip} of MAC ${mac} in VNI ${vni} (${signal})`,
    counts: decided,
  },
  "word-given": {
    level: "info",
    sentence: ({ vni, mac, word, by }) =>
      `Was told${teller(by)} to ${word} MAC ${mac} in VNI ${vni}`,
    counts: decided,
  },
  "word-refused": {
    level: "warn",
    sentence: ({ vni, mac, word, refused, by }) =>
      `Was told${teller(by)} to ${word} MAC ${mac} in VNI ${vni}, and did not: ${refused}`,
    counts: decided,
  },
  "migration-timed-out": {
    level: "warn",
    sentence: ({ vni, mac, phase }) =>
      `The migration of MAC ${mac} in VNI ${vni} was ${phase} for too long: over`,
    counts: decided,
  },
  "went-elsewhere": {
    level: "warn",
    sentence: ({ vni, mac, expected, vtep }) =>
      `MAC ${mac} in VNI ${vni} was to go to ${expected}, and is at ${vtep}`,
    counts: decided,
  },
  "reserved-ip-claimed": {
    level: "warn",
    sentence: ({ vni, mac, ip, owner, by }) =>
      `MAC ${mac} at ${place(by)} wants IP ${ip} in VNI ${vni}, which is reserved for ${owner}`,
    counts: decided,
  },
  "probe-answered": {
    level: "info",
    sentence: ({ vni, mac, ip, owner, port }) =>
      `Told MAC ${mac} on port ${port}, which wants IP ${ip} in VNI ${vni}, that MAC ${owner} has it`,
    counts: decided,
  },
  "probe-unanswered": {
    level: "debug",
    sentence: ({ vni, mac, ip, owner, port, reason }) =>
      `Did not tell MAC ${mac} on port ${port}, which wants IP ${ip} in VNI ${vni}, that MAC ${owner} has it: ${reason}`,
    counts: ({ reason }) => [["roamd_probes_unanswered_total", reason]],
  },
  "ip-announced": {
    level: "info",
    sentence: ({ vni, mac, ip, to }) =>
      `Announced that MAC ${mac} has IP ${ip} in VNI ${vni} now, to ${to.map((each) => AUDIENCE[each]).join(" and ")}`,
    counts: decided,
  },
  "ip-unverified": {
    level: "info",
    sentence: ({ vni, mac, ip }) =>
      `IP ${ip} of MAC ${mac} in VNI ${vni} did not answer here: no longer advertised`,
    counts: decided,
  },
  "ip-let-go": {
    level: "info",
    sentence: ({ vni, mac, ip }) =>
      `MAC ${mac} in VNI ${vni} does not answer for IP ${ip} any more: no longer advertised`,
    counts: decided,
  },
  "lease-ended": {
    level: "info",
    sentence: ({ vni, mac, ip }) =>
      `The lease of IP ${ip} to MAC ${mac} in VNI ${vni} is over, and it was never used`,
    counts: decided,
  },
  "spoof-suspected": {
    level: "warn",
    sentence: ({ vni, mac, ip, owner, ownerAt, action }) =>
      `MAC ${mac} in VNI ${vni} claims IP ${ip}, which is that of MAC ${owner} at ${place(ownerAt)}: ${action}`,
    counts: decided,
  },
  "ip-outside-prefixes": {
    level: "warn",
    sentence: ({ vni, mac, ip, port, action }) =>
      `MAC ${mac} on port ${port} claims IP ${ip}, which is in none of the prefixes of VNI ${vni}: ${action}`,
    counts: decided,
  },
  "membership-asked": {
    level: "debug",
    sentence: ({ vni, port }) =>
      `Asked all behind port ${port} in VNI ${vni} for their multicast groups`,
    counts: decided,
  },
  "limit-hit": {
    level: "warn",
    sentence: ({ vni, port, mac, limit, most }) =>
      mac === undefined
        ? `Port ${port} in VNI ${vni} has ${most} MACs, the most it may (${limit}): further ones are not believed`
        : `MAC ${mac} on port ${port} in VNI ${vni} has ${most} IPs, the most it may (${limit}): further ones are not believed`,
    counts: ({ limit }) => [["roamd_limits_hit_total", limit]],
  },
  "alive-twice": {
    level: "warn",
    sentence: ({ vni, mac, port, vtep }) =>
      `MAC ${mac} in VNI ${vni} went to ${vtep} and still answers on port ${port}`,
    counts: decided,
  },
  "at-two-ports": {
    level: "warn",
    sentence: ({ vni, mac, port, other, action }) =>
      `MAC ${mac} in VNI ${vni} was seen on port ${other} and still answers on port ${port}: ${action}`,
    counts: decided,
  },
  "sticky-violated": {
    level: "warn",
    sentence: ({ vni, mac, owner, by }) =>
      `MAC ${mac} in VNI ${vni} may not move from ${owner.vtep}, and is at ${place(by)} as well`,
    counts: decided,
  },
  "duplicate-detected": {
    level: "error",
    sentence: ({ vni, mac, ip, moves, vteps, action }) =>
      `${whose(mac, ip)} in VNI ${vni} is a duplicate, ${action}: ${moves} moves, between ${vteps.join(" and ")}`,
    counts: decided,
  },
  "duplicate-cleared": {
    level: "info",
    sentence: ({ vni, mac, ip, by, who }) =>
      `${whose(mac, ip)} in VNI ${vni} is no longer held to be a duplicate (${by}${who === undefined ? "" : `: ${who}`})`,
    counts: decided,
  },
  "own-mac-claimed": {
    level: "warn",
    sentence: ({ vni, mac, vtep }) => `${vtep} claims our own MAC ${mac} in VNI ${vni}`,
    counts: decided,
  },
  "seq-exhausted": {
    level: "error",
    sentence: ({ vni, mac, vtep }) =>
      `MAC ${mac} in VNI ${vni} has the highest sequence number there is, at ${vtep ?? "this leaf"}: it can not move any more`,
    counts: decided,
  },
  "seq-refused": {
    level: "info",
    sentence: ({ vni, mac, refused, seq }) =>
      `GoBGP refused sequence number ${refused} for MAC ${mac} in VNI ${vni}: bid again with ${seq}`,
    counts: decided,
  },
  "own-route-reflected": {
    level: "warn",
    sentence: ({ rd, vtep }) => `${vtep} uses our route distinguisher ${rd}`,
  },
  "segment-up": {
    level: "info",
    sentence: ({ vni, vtep }) => `VNI ${vni} is here, at ${vtep}`,
  },
  "segment-down": { level: "info", sentence: ({ vni }) => `VNI ${vni} is gone` },
  ready: { level: "info", sentence: () => "All sources have told their start: rows are written" },
  "sighting-ignored": {
    level: "debug",
    sentence: ({ vni, mac, port, reason }) =>
      `Ignored MAC ${mac} on port ${port} in VNI ${vni}: ${reason}`,
    counts: ({ reason }) => [["roamd_frames_ignored_total", reason]],
  },
  "route-ignored": {
    level: "debug",
    sentence: ({ reason }) => `Ignored a route: ${reason}`,
    counts: ({ reason }) => [["roamd_routes_ignored_total", reason]],
  },
};

const AUDIENCE = {
  ports: "the hosts here",
  tunnel: "those at other leaves",
} as const;

function whose(mac: MacAddress, ip: IpAddress | undefined): string {
  return ip === undefined ? `MAC ${mac}` : `IP ${ip} of MAC ${mac}`;
}

function teller(by: string | undefined): string {
  return by === undefined ? "" : ` by ${by}`;
}

function place(where: Place): string {
  return where.kind === "port" ? `port ${where.port}` : (placeName(where) ?? "nowhere");
}
