/** A leaf on which nothing is wrong, to be broken in one place. */
import type { FactsRow, VniFacts } from "../../src/control/facts-row.ts";
import { examine } from "../../src/doctor/examine.ts";
import type { Facts, HostFacts, LinkFacts } from "../../src/doctor/facts.ts";

export const VNI: VniFacts = {
  vni: 10,
  bridge: "br10",
  vxlan: "vxlan10",
  vtep: "10.255.0.1",
  exportTargets: ["65000:10"],
  importTargets: ["*:10"],
  flooding: ["10.255.0.2"],
  silent: [],
  unmatched: [],
  ageing: { bridgeSeconds: 300, leastSeconds: 150 },
};

export const DAEMON: FactsRow = {
  status: {
    version: "0.1.0",
    ready: true,
    uptimeSeconds: 90,
    vtep: "10.255.0.1",
    gobgp: {
      address: "127.0.0.1:50051",
      api: "v4",
      connected: true,
      asn: 65000,
      routerId: "10.255.0.1",
      peers: [{ address: "10.255.0.100", asn: 65000, state: "established" }],
    },
    vnis: 1,
    macs: { local: 1, remote: 1, duplicate: 0 },
    pending: { kernel: 0, gobgp: 0 },
  },
  capabilities: "0000000000003000",
  clock: { told: 1000, ofDay: 1010 },
  vnis: [VNI],
  sharedDistinguishers: [],
  tables: [{ table: "fdb", wanted: 3, retrying: 0, foreign: 0, unfit: 0, reason: null }],
};

export const VXLAN: LinkFacts = {
  name: "vxlan10",
  kind: "vxlan",
  mtu: 1450,
  master: "br10",
  vxlan: { vni: 10, local: "10.255.0.1", learning: false },
  portLearning: false,
};

export const UPLINK: LinkFacts = {
  name: "eth1",
  kind: undefined,
  mtu: 1500,
  master: undefined,
  vxlan: undefined,
  portLearning: undefined,
};

export const HOST: HostFacts = {
  links: { found: true, value: [UPLINK, VXLAN] },
  devices: new Map([["10.255.0.2", "eth1"]]),
  floods: new Map([[10, { found: true, value: ["10.255.0.2"] }]]),
  bridgeNetfilter: { found: true, value: { ipv4: false, ipv6: false } },
  forward: { found: true, value: { policy: "ACCEPT", rules: 0, docker: false } },
  arpSeconds: new Map([["br10", 105]]),
  apiListeners: { found: true, value: ["127.0.0.1"] },
  gobgpVersion: { found: true, value: "4.8.0" },
  frr: { found: true, value: { vnis: [], routes: [] } },
  synchronised: { found: true, value: true },
};

export function facts(daemon: Partial<FactsRow> = {}, host: Partial<HostFacts> = {}): Facts {
  return {
    daemon: { found: true, value: { ...DAEMON, ...daemon } },
    host: { found: true, value: { ...HOST, ...host } },
  };
}

/** What is wrong, by check: detail and remedy. */
export function wrongOf(
  given: Facts,
  gobgp?: ReadonlySet<string>,
): Readonly<Record<string, readonly [detail: string, remedy: string | null]>> {
  return Object.fromEntries(
    examine(given, gobgp)
      .filter(({ ok }) => ok === false)
      .map(({ check, detail, remedy }) => [check, [detail, remedy]]),
  );
}
