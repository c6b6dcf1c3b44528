/**
 * All that roamd can say, in one table: for every kind of notice how loud it is, the sentence, and
 * what it counts. A kind without an entry does not compile.
 *
 * error: somebody must act. warn: may become an error. info: an event in the life of the daemon, or
 * a host of ours that moved. debug: all the rest, of which there may be very much.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { GobgpNotice } from "../gobgp/notice.ts";
import type { LinuxNotice } from "../linux/notice.ts";
import type { Notice, Place } from "../mobility/notice.ts";
import type { StateNotice } from "../state/notice.ts";
import { type Direction, directionOf, placeName } from "./direction.ts";
import type { CounterName } from "./metrics.ts";
import type { TableNotice } from "./table-notice.ts";

export type AnyNotice = Notice | LinuxNotice | GobgpNotice | StateNotice | TableNotice;

export type Level = "debug" | "info" | "warn" | "error";

/** A counter and the value of its label. */
export type Count = readonly [counter: CounterName, value: string];

interface Entry<N> {
  readonly level: Level | ((notice: N) => Level);
  readonly sentence: (notice: N) => string;
  /** Besides `roamd_notices_total`, which counts all of them. */
  readonly counts?: (notice: N) => readonly Count[];
}

type Entries<N extends { readonly kind: string }> = {
  readonly [K in N["kind"]]: Entry<Extract<N, { readonly kind: K }>>;
};

export function levelOf(notice: AnyNotice): Level {
  const { level } = entryOf(notice);
  return typeof level === "function" ? level(notice) : level;
}

export function sentenceOf(notice: AnyNotice): string {
  return entryOf(notice).sentence(notice);
}

export function countsOf(notice: AnyNotice): readonly Count[] {
  const own = entryOf(notice).counts?.(notice) ?? [];
  return [["roamd_notices_total", notice.kind], ...own];
}

function decided({ kind }: Notice): readonly Count[] {
  return [["roamd_decisions_total", kind]];
}

/** Hosts that are new or gone, or move between others, may be very many. */
const HOSTS_OF_OURS: ReadonlySet<Direction> = new Set(["in", "out", "within"]);

const DECISION: Entries<Notice> = {
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
    sentence: ({ vni, mac, word }) => `Was told to ${word} MAC ${mac} in VNI ${vni}`,
    counts: decided,
  },
  "word-refused": {
    level: "warn",
    sentence: ({ vni, mac, word, refused }) =>
      `Was told to ${word} MAC ${mac} in VNI ${vni}, and did not: ${refused}`,
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
  "ip-unverified": {
    level: "info",
    sentence: ({ vni, mac, ip }) =>
      `IP ${ip} of MAC ${mac} in VNI ${vni} did not answer here: no longer advertised`,
    counts: decided,
  },
  "alive-twice": {
    level: "warn",
    sentence: ({ vni, mac, port, vtep }) =>
      `MAC ${mac} in VNI ${vni} went to ${vtep} and still answers on port ${port}`,
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
    sentence: ({ vni, mac, ip, by }) =>
      `${whose(mac, ip)} in VNI ${vni} is no longer held to be a duplicate (${by})`,
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

const GOBGP: Entries<GobgpNotice> = {
  "gobgp-connected": {
    level: "info",
    sentence: ({ address, api, asn, routerId }) =>
      `Connected to gobgpd at ${address}, API ${api}: AS ${asn}, router id ${routerId}`,
  },
  "gobgp-disconnected": {
    level: "warn",
    sentence: ({ address, reason }) => `Cannot reach gobgpd at ${address}: ${reason}`,
  },
  "dangerous-version": {
    level: ({ refused }) => (refused ? "error" : "warn"),
    sentence: ({ versions, refused, reason }) =>
      `gobgpd is of version ${versions}${refused ? ", which can not be used" : ""}: ${reason}`,
  },
  "rib-told": {
    level: "info",
    sentence: ({ macIpRoutes, imetRoutes, swept, waitedFor }) =>
      `Read the RIB: ${macIpRoutes} MAC/IP routes, ${imetRoutes} IMET routes, ${swept} gone since (${waitedFor})`,
  },
  "path-malformed": {
    level: "warn",
    sentence: ({ reason, neighbor, route }) =>
      `Cannot read route ${route} from ${neighbor}: ${reason}`,
    counts: ({ reason }) => [["roamd_routes_ignored_total", reason]],
  },
  "route-refused": {
    level: "warn",
    sentence: ({ route, reason }) => `Cannot send route ${route}: ${reason}`,
  },
  "route-rewritten": {
    level: "info",
    sentence: ({ route, seq }) => `gobgpd has given route ${route} the sequence number ${seq}`,
  },
};

const LINUX: Entries<LinuxNotice> = {
  "device-without-local-address": {
    level: "warn",
    sentence: ({ device, vni }) =>
      `Cannot use ${device} for VNI ${vni}: it has no local address (ip link set ${device} type vxlan local ADDRESS)`,
  },
  "device-learns": {
    level: "warn",
    sentence: ({ device, vni }) =>
      `Cannot use ${device} for VNI ${vni}: it learns addresses from packets (it must be nolearning)`,
  },
  "device-down": {
    level: "warn",
    sentence: ({ device, vni }) => `${device} is down: VNI ${vni} waits for it`,
  },
  "bridge-filters-vlans": {
    level: "warn",
    sentence: ({ device, vni }) =>
      `Cannot see hosts of VNI ${vni} in other VLANs than 1: ${device} filters VLANs (vlan_filtering 1), which is not supported`,
  },
  "external-device-not-supported": {
    level: "warn",
    sentence: ({ device }) => `Cannot use ${device}: one device for many VNIs is not supported`,
  },
  "vni-on-two-devices": {
    level: "warn",
    sentence: ({ device, vni }) => `Cannot use ${device}: another device has VNI ${vni} already`,
  },
  "bridge-with-two-vxlan-devices": {
    level: "warn",
    sentence: ({ device, bridge }) =>
      `Cannot use ${device}: its bridge ${bridge} has another VXLAN device already`,
  },
  "device-missing": {
    level: "warn",
    sentence: ({ device, vni }) =>
      `Waiting for VNI ${vni}: ${device ?? "its VXLAN device"} is not there, or not a port of a bridge`,
  },
  "netlink-overrun": {
    level: "warn",
    sentence: () => "The kernel had more to tell than we could take: all is read again",
  },
  "netlink-ignored": {
    level: "debug",
    sentence: ({ reason }) => `Ignored a message of the kernel: ${reason}`,
  },
  "netlink-unreadable": {
    level: "error",
    sentence: ({ reason }) => `Cannot read what stands in the kernel: ${reason}`,
  },
  "frame-ignored": {
    level: "debug",
    sentence: ({ vni, port, reason }) => `Ignored a frame on port ${port} in VNI ${vni}: ${reason}`,
    counts: ({ reason }) => [["roamd_frames_ignored_total", reason]],
  },
  "port-deaf": {
    level: "error",
    sentence: ({ vni, port, reason }) =>
      `Cannot hear frames on port ${port} in VNI ${vni}: ${reason}`,
  },
};

const TABLE: Entries<TableNotice> = {
  "row-failed": {
    level: ({ failure }) => (failure === "unfit" ? "error" : "warn"),
    sentence: ({ table, row, reason }) => `Cannot write row ${row} of table ${table}: ${reason}`,
  },
  "table-read": {
    level: ({ wrong }) => (wrong === 0 ? "debug" : "info"),
    sentence: ({ table, cause, rows, wrong }) =>
      `Read table ${table} (${cause}): ${rows} rows, ${wrong} to be put right`,
  },
  "table-unreadable": {
    level: "warn",
    sentence: ({ table, cause, reason }) => `Cannot read table ${table} (${cause}): ${reason}`,
  },
};

const STATE: Entries<StateNotice> = {
  "memory-read": {
    level: ({ damaged }) => (damaged === 0 ? "info" : "warn"),
    sentence: ({ memories, damaged }) =>
      `Read the state directory: ${memories} memories, ${damaged} damaged lines`,
  },
  "memory-lost": {
    level: "warn",
    sentence: ({ reason }) => `${reason}; the RIB and the kernel are the memory`,
  },
};

const NOTICES: Entries<AnyNotice> = { ...DECISION, ...LINUX, ...GOBGP, ...TABLE, ...STATE };

function entryOf<N extends AnyNotice>(notice: N): Entry<N> {
  // The table's type says that this entry is for this notice; an index by union forgets it.
  return NOTICES[notice.kind] as unknown as Entry<N>;
}

function whose(mac: MacAddress, ip: IpAddress | undefined): string {
  return ip === undefined ? `MAC ${mac}` : `IP ${ip} of MAC ${mac}`;
}

function place(where: Place): string {
  return where.kind === "port" ? `port ${where.port}` : (placeName(where) ?? "nowhere");
}
