/** Examples of what the decision has to tell; see `notice-examples.ts`. */
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import type { PortName } from "../../src/evpn/port.ts";
import type { Notice } from "../../src/mobility/notice.ts";
import { IP, LEAF2, LEAF3, MAC, nowhere, port, SELF, VNI, vtep } from "../report/fixtures.ts";
import type { Examples } from "./examples.ts";

const mac = { vni: VNI, mac: MAC };
const ip = { ...mac, ip: IP };
const eth1 = "eth1" as PortName;
const OTHER_MAC = "02:00:00:00:00:02" as MacAddress;
const ours = { vtep: SELF, seq: 3, sticky: false };
const theirs = { vtep: LEAF2, seq: 4, sticky: false };
const ips: readonly IpAddress[] = [IP];

export const DECISION_EXAMPLES: Examples<Notice> = {
  moved: [
    { ...mac, ips, from: vtep(LEAF2), to: port("eth1"), seq: 3, signal: "gratuitous-arp" },
    { ...mac, ips, from: nowhere, to: vtep(LEAF2), seq: 0, signal: "route" },
  ],
  "let-go": [{ ...mac, vtep: LEAF2 }],
  "not-let-go": [{ ...mac, vtep: LEAF2, tries: 3 }],
  outranked: [{ ...mac, ours, theirs, decidedBy: "sequence" }],
  "ip-moved": [{ ...ip, from: OTHER_MAC }],
  "ip-learned": [{ ...ip, signal: "arp-reply" }],
  "word-given": [{ ...mac, word: "land", by: "alice at 192.0.2.9" }],
  "word-refused": [{ ...mac, word: "abort", refused: "no-migration", by: "socket" }],
  "migration-timed-out": [{ ...mac, phase: "suspended" }],
  "went-elsewhere": [{ ...mac, expected: LEAF2, vtep: LEAF3 }],
  "reserved-ip-claimed": [{ ...ip, owner: OTHER_MAC, by: port("eth1") }],
  "probe-answered": [{ ...ip, owner: OTHER_MAC, port: eth1 }],
  "probe-unanswered": [{ ...ip, owner: OTHER_MAC, port: eth1, reason: "moving" }],
  "ip-announced": [{ ...ip, to: ["ports", "tunnel"] }],
  "ip-unverified": [ip],
  "ip-let-go": [ip],
  "lease-ended": [ip],
  "spoof-suspected": [{ ...ip, owner: OTHER_MAC, ownerAt: port("eth2"), action: "refused" }],
  "ip-outside-prefixes": [{ ...ip, port: eth1, action: "refused" }],
  "limit-hit": [
    { vni: VNI, port: eth1, mac: undefined, limit: "macs-per-port", most: 1024 },
    { vni: VNI, port: eth1, mac: MAC, limit: "ips-per-mac", most: 32 },
  ],
  "alive-twice": [{ ...mac, port: eth1, vtep: LEAF2 }],
  "membership-asked": [{ vni: VNI, port: "eth1" as PortName }],
  "at-two-ports": [
    { ...mac, port: "eth1" as PortName, other: "eth2" as PortName, action: "refused" },
  ],
  "sticky-violated": [{ ...mac, owner: ours, by: port("eth2") }],
  "duplicate-detected": [
    { ...mac, ip: undefined, moves: 5, vteps: [SELF, LEAF2], action: "frozen" },
  ],
  "duplicate-cleared": [{ ...mac, ip: undefined, by: "operator", who: "socket" }],
  "own-mac-claimed": [{ ...mac, vtep: LEAF2 }],
  "seq-exhausted": [{ ...mac, vtep: LEAF2 }],
  "seq-refused": [{ ...mac, refused: 3, seq: 4 }],
  "own-route-reflected": [{ rd: "10.255.0.1:10", vtep: LEAF2 }],
  "segment-up": [{ vni: VNI, vtep: SELF }],
  "segment-down": [{ vni: VNI }],
  ready: [{}],
  "sighting-ignored": [{ ...mac, port: eth1, reason: "late" }],
  "route-ignored": [{ reason: "no-matching-route-target" }],
};
