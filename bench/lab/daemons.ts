/** Which binaries are compared, and what their configuration files say. */
import { execFileSync } from "node:child_process";
import { inRepository } from "../../labs/runner/repository.ts";
import { ASN } from "./hosts.ts";

export interface Binaries {
  readonly gobgpd: string;
  /** The directory with zebra, bgpd and vtysh. */
  readonly frr: string;
}

export const GOBGPD_NAME = "gobgpd 4.8";
export const FRR_NAME = "FRR 10.7";

/** Throws where one of them can not be had: then there is nothing to compare with. */
export function findBinaries(): Binaries {
  const find = (name: string, suite: string): string => {
    const words = [inRepository("labs/debian.sh"), name, suite];
    return execFileSync("sh", words, { encoding: "utf8" }).trim();
  };
  return { gobgpd: find("gobgpd", "sid"), frr: find("frr", "forky") };
}

export interface Peer {
  readonly address: string;
  /** Ours towards it. */
  readonly from: string;
  /** It gets the routes of the others from us, and is waited for. */
  readonly isClient: boolean;
}

export function gobgpdToml(routerId: string, peers: readonly Peer[]): string {
  const global = [
    "[global.config]",
    `  as = ${ASN}`,
    `  router-id = "${routerId}"`,
    // Nobody is waited for to begin with.
  ];
  const each = peers.flatMap(({ address, from, isClient }) => [
    "[[neighbors]]",
    "  [neighbors.config]",
    `    neighbor-address = "${address}"`,
    `    peer-as = ${ASN}`,
    "  [neighbors.transport.config]",
    `    local-address = "${from}"`,
    ...(isClient
      ? [
          "    passive-mode = true",
          "  [neighbors.route-reflector.config]",
          "    route-reflector-client = true",
          `    route-reflector-cluster-id = "${routerId}"`,
        ]
      : []),
    "  [neighbors.timers.config]",
    "    connect-retry = 1",
    "    hold-time = 90",
    "    keepalive-interval = 30",
    "  [[neighbors.afi-safis]]",
    "    [neighbors.afi-safis.config]",
    '      afi-safi-name = "l2vpn-evpn"',
  ]);
  return [...global, ...each, ""].join("\n");
}

/** FRR as its own defaults for datacenters have it; only that moves are never too many. */
export function frrConf(routerId: string, peers: readonly Peer[]): string {
  return [
    "frr version 8.4",
    "frr defaults datacenter",
    `router bgp ${ASN}`,
    ` bgp router-id ${routerId}`,
    " no bgp default ipv4-unicast",
    ...peers.flatMap(({ address, from, isClient }) => [
      ` neighbor ${address} remote-as ${ASN}`,
      ` neighbor ${address} update-source ${from}`,
      ` neighbor ${address} timers 30 90`,
      ` neighbor ${address} timers connect 1`,
      ...(isClient ? [` neighbor ${address} passive`] : []),
    ]),
    " address-family l2vpn evpn",
    ...peers.flatMap(({ address, isClient }) => [
      `  neighbor ${address} activate`,
      ...(isClient ? [`  neighbor ${address} route-reflector-client`] : []),
    ]),
    ...(peers.some(({ isClient }) => isClient)
      ? []
      : ["  advertise-all-vni", "  no dup-addr-detection"]),
    " exit-address-family",
    "exit",
    "",
  ].join("\n");
}

/** As it comes, but for where a lab has its files. */
export const ROAMD_DEFAULTS_YAML: string = "state: /run/roamd/state\nhttp: 127.0.0.1:9479\n";

/** The hosts here are thousands, and move all day: what is a limit otherwise must not be one here. */
export const ROAMD_YAML: string = [
  "state: /run/roamd/state",
  "http: 127.0.0.1:9479",
  "mobility: {duplicates: {exempt: ['02:*']}}",
  "hosts:",
  "  limits: {macs-per-port: 1000000, frames-per-second: 10000000}",
  "  probe: {idle: 24h}",
  "",
].join("\n");
