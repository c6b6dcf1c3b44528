/**
 * All that roamd can say, in one table: for every kind of notice how loud it is, the sentence, and
 * what it counts. A kind without an entry does not compile.
 *
 * error: somebody must act. warn: may become an error. info: an event in the life of the daemon, or
 * a host of ours that moved. debug: all the rest, of which there may be very much.
 */
import type { GobgpNotice } from "../gobgp/notice.ts";
import type { LinuxNotice } from "../linux/notice.ts";
import type { Notice } from "../mobility/notice.ts";
import type { StateNotice } from "../state/notice.ts";
import type { ControlNotice } from "./control-notice.ts";
import { DECISION } from "./decision-notices.ts";
import type { Count, Entries, Entry, Level } from "./notice-entry.ts";
import type { TableNotice } from "./table-notice.ts";

export type AnyNotice =
  | Notice
  | LinuxNotice
  | GobgpNotice
  | StateNotice
  | TableNotice
  | ControlNotice;

export function levelOf(notice: AnyNotice): Level {
  const { level } = entryOf(notice);
  return typeof level === "function" ? level(notice) : level;
}

export function sentenceOf(notice: AnyNotice): string {
  return entryOf(notice).sentence(notice);
}

const NO_COUNTS: readonly Count[] = [];

/** What it counts besides itself. */
export function countsOf(notice: AnyNotice): readonly Count[] {
  return entryOf(notice).counts?.(notice) ?? NO_COUNTS;
}

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
  "vxlan-port-without-vlan": {
    level: "warn",
    sentence: ({ device, vni }) =>
      `Cannot use ${device} for VNI ${vni}: its bridge filters VLANs, and its port has none (bridge vlan add .. pvid untagged)`,
  },
  "bridge-forgets-early": {
    level: "warn",
    sentence: ({ device, ageingMs, leastMs }) =>
      `Bridge ${device} forgets silent hosts after ${ageingMs / 1000} s, before they are asked: set its ageing_time to ${Math.ceil(leastMs / 10)} or more, or hosts.probe.idle lower`,
  },
  "external-device-without-vnis": {
    level: "warn",
    sentence: ({ device }) =>
      `Cannot use ${device}, which is for many VNIs: its bridge maps no VLANs to them (bridge vlan add .. tunnel_info id VNI)`,
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
  "device-of-frr": {
    level: "error",
    sentence: ({ device, vni }) =>
      `Cannot use ${device} for VNI ${vni}: FRR's zebra programs it (no advertise-all-vni in FRR's router bgp, address-family l2vpn evpn, or rows of an FRR that is gone: bridge fdb flush dev ${device} self)`,
  },
  provisioned: { level: "info", sentence: ({ done }) => `Provisioned: ${done}` },
  "not-provisioned": { level: "warn", sentence: ({ reason }) => reason },
  "netlink-worker-died": {
    level: "error",
    sentence: ({ reason }) =>
      `The thread that talks to the kernel has died, another one goes on: ${reason}`,
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
  "port-flooded": {
    level: "warn",
    sentence: ({ vni, port, framesPerSecond }) =>
      `Port ${port} in VNI ${vni} sends more than ${framesPerSecond} frames per second that are looked at: the others are ignored`,
    counts: () => [["roamd_limits_hit_total", "frames-per-second"]],
  },
  "frames-over-limit": {
    level: "debug",
    sentence: ({ vni, port, frames }) =>
      `Ignored ${frames} frames on port ${port} in VNI ${vni}: rate`,
    counts: ({ frames }) => [["roamd_frames_ignored_total", "rate", frames]],
  },
  "frames-lost": {
    level: "warn",
    sentence: ({ vni, port, frames }) =>
      `Lost ${frames} frames of port ${port} in VNI ${vni}: they came faster than they could be heard`,
    counts: ({ frames }) => [["roamd_frames_ignored_total", "no-room", frames]],
  },
  "cannot-redirect": {
    level: "warn",
    sentence: ({ reason }) =>
      `Frames in flight are not redirected when a MAC moves away (data-plane.redirect): ${reason}`,
  },
  redirected: {
    level: "debug",
    sentence: ({ vni, mac, frames }) =>
      `Sent on ${frames} frames for MAC ${mac} in VNI ${vni} to where it is now`,
    counts: ({ vni, frames }) => [["roamd_redirected_frames_total", String(vni), frames]],
  },
  "not-taught": { level: "warn", sentence: ({ reason }) => reason },
  "not-announced": {
    level: "warn",
    sentence: ({ vni, ip, mac, reason }) =>
      `Could not tell hosts that MAC ${mac} has IP ${ip} in VNI ${vni}: ${reason}`,
  },
  "membership-not-asked": {
    level: "debug",
    sentence: ({ vni, reason }) =>
      `Multicast membership in VNI ${vni} was not asked for: ${reason}`,
  },
  "unknown-targets-flooded": {
    level: "warn",
    sentence: ({ vni, device, reason }) =>
      `Cannot drop requests for unknown IPs in VNI ${vni} on ${device}, they are flooded: ${reason}`,
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
    level: ({ wrong, cause }) => (wrong === 0 && cause !== "start" ? "debug" : "info"),
    sentence: ({ table, cause, rows, wrong }) =>
      `Read table ${table} (${cause}): ${rows} rows, ${wrong} to be put right`,
  },
  "rows-drifted": {
    level: "info",
    sentence: ({ table, rows }) =>
      `Others have changed or removed ${rows} rows of ours in table ${table}: they are put right`,
    counts: ({ table, rows }) => [["roamd_drift_repaired_total", table, rows]],
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
  "history-read": {
    level: "info",
    sentence: ({ happenings, damaged }) =>
      `Read the history: ${happenings} happenings, ${damaged} damaged lines`,
  },
  "history-lost": {
    level: "warn",
    sentence: ({ reason }) => `${reason}; the history ends with this process`,
  },
};

const CONTROL: Entries<ControlNotice> = {
  "control-refused": {
    level: "warn",
    sentence: ({ peer, reason }) => `Refused a request of ${peer} over TCP: ${reason}`,
    counts: ({ reason }) => [["roamd_control_refused_total", reason]],
  },
};

const NOTICES: Entries<AnyNotice> = {
  ...DECISION,
  ...LINUX,
  ...GOBGP,
  ...TABLE,
  ...STATE,
  ...CONTROL,
};

/** The kinds of all notices, as they are in the log and in `roamd_notices_total`. */
export const NOTICE_KINDS: readonly AnyNotice["kind"][] = Object.keys(
  NOTICES,
) as AnyNotice["kind"][];

/** Those in which a decision is told. */
export const DECISION_KINDS: readonly Notice["kind"][] = Object.keys(DECISION) as Notice["kind"][];

function entryOf<N extends AnyNotice>(notice: N): Entry<N> {
  // The table's type says that this entry is for this notice; an index by union forgets it.
  return NOTICES[notice.kind] as unknown as Entry<N>;
}
