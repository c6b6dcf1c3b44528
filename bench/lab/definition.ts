/**
 * The labs of the benches, written out as definitions that `labs/runner` can bring up. The nodes are
 * those of `labs/evpn-l2`, with its start script; what differs is who speaks for a leaf.
 */
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRepository } from "../../labs/runner/repository.ts";
import {
  type Binaries,
  frrConf,
  gobgpdToml,
  type Peer,
  ROAMD_DEFAULTS_YAML,
  ROAMD_YAML,
} from "./daemons.ts";

/** Who speaks for the leaves, and for the reflector between them. */
export type Kind = "roamd" | "floor" | "frr" | "frr-gobgp";

export const LEAVES = ["leaf1", "leaf2", "leaf3"] as const;
export type Leaf = (typeof LEAVES)[number];

export const VTEPS: Readonly<Record<Leaf, string>> = {
  leaf1: "10.255.0.1",
  leaf2: "10.255.0.2",
  leaf3: "10.255.0.3",
};
export const SPINE = "10.255.0.100";

/** The guest of the fabric's node `vm`, and the host that talks to it. */
export const GUEST_IP = "192.168.10.100";
export const GUEST_MAC = "02:00:00:00:01:00";

interface NodeFiles {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
}

/** A spine, three leaves that have the same daemons, a machine with a leg in each, a host at each. */
export function fabricDefinition(kind: Kind, binaries: Binaries): string {
  const isFrr = kind === "frr" || kind === "frr-gobgp";
  const clients = LEAVES.map(
    (leaf): Peer => ({ address: VTEPS[leaf], from: SPINE, isClient: true }),
  );
  const spine: NodeFiles = {
    name: "spine",
    files: {
      "node.env": env({
        ROLE: "spine",
        LOOPBACK: SPINE,
        UPLINKS: LEAVES.map((_, i) => `eth${i + 1}=10.0.${i + 1}.0/31`).join(" "),
        ROUTES: LEAVES.map((leaf, i) => `${VTEPS[leaf]}=10.0.${i + 1}.1`).join(" "),
        DAEMONS: kind === "frr" ? "frr" : "gobgpd",
      }),
      "gobgpd.toml": gobgpdToml(SPINE, clients),
      "frr.conf": frrConf(SPINE, clients),
    },
  };
  const daemons = isFrr ? "frr" : kind === "roamd" ? "gobgpd roamd" : "gobgpd";
  const leaves = LEAVES.map((leaf, i): NodeFiles => {
    const peers = [{ address: SPINE, from: VTEPS[leaf], isClient: false }];
    const number = i + 1;
    const uplink = {
      UPLINKS: `eth1=10.0.${number}.1/31`,
      ROUTES: `10.255.0.0/24=10.0.${number}.0`,
    };
    const own = { ROLE: "leaf", LOOPBACK: VTEPS[leaf], VTEP: VTEPS[leaf], DAEMONS: daemons };
    return { name: leaf, files: leafFiles(VTEPS[leaf], { peers, env: { ...own, ...uplink } }) };
  });
  const hosts = LEAVES.map((_, i): NodeFiles => {
    const addresses = `192.168.10.${i + 1}/24`;
    const mac = `02:00:00:00:00:0${i + 1}`;
    const files = { "node.env": env({ ROLE: "host", MAC: mac, ADDRESSES: addresses }) };
    return { name: `host${i + 1}`, files };
  });
  const vm: NodeFiles = {
    name: "vm",
    files: {
      "node.env": env({
        ROLE: "vm",
        MAC: GUEST_MAC,
        // The hypervisor's program wants to know one of either family.
        ADDRESSES: `${GUEST_IP}/24 2001:db8:10::100/64`,
        LEGS: "leaf1=eth1 leaf2=eth2 leaf3=eth3",
        PLACE: "leaf1",
      }),
    },
  };
  const links = LEAVES.flatMap((leaf, i) => [
    [`spine:eth${i + 1}`, `${leaf}:eth1`],
    [`${leaf}:eth2`, `vm:eth${i + 1}`],
    [`${leaf}:eth3`, `host${i + 1}:eth1`],
  ]);
  return write([spine, ...leaves, vm, ...hosts], { links, binaries });
}

/** Where the leaf of the other definition is reached by its one peer. */
export const PEER_ADDRESS = "10.0.1.0";

/** One leaf, whose peer is a program of the bench's, and a host at each of two ports. */
export function leafDefinition(kind: "gobgp" | "frr", binaries: Binaries): string {
  const peers: readonly Peer[] = [{ address: PEER_ADDRESS, from: "10.0.1.1", isClient: false }];
  const leaf: NodeFiles = {
    name: "leaf1",
    files: leafFiles(VTEPS.leaf1, {
      peers,
      env: {
        ROLE: "leaf",
        LOOPBACK: VTEPS.leaf1,
        VTEP: VTEPS.leaf1,
        UPLINKS: "eth1=10.0.1.1/31",
        ROUTES: `10.255.0.0/16=${PEER_ADDRESS}`,
        DAEMONS: kind === "frr" ? "frr" : "gobgpd",
      },
    }),
  };
  const host = (name: string, mac: string, addresses: string): NodeFiles => ({
    name,
    files: { "node.env": env({ ROLE: "host", MAC: mac, ADDRESSES: addresses }) },
  });
  const nodes = [
    host("peer", "02:00:00:00:00:99", `${PEER_ADDRESS}/31`),
    leaf,
    host("host1", "02:00:00:00:00:01", "192.168.10.1/24"),
    host("host2", "02:00:00:00:00:02", "192.168.10.2/24"),
  ];
  const links = [
    ["peer:eth1", "leaf1:eth1"],
    ["leaf1:eth2", "host2:eth1"],
    ["leaf1:eth3", "host1:eth1"],
  ];
  return write(nodes, { links, binaries });
}

function leafFiles(
  routerId: string,
  { peers, env: variables }: { peers: readonly Peer[]; env: Readonly<Record<string, string>> },
): Readonly<Record<string, string>> {
  return {
    "node.env": env(variables),
    "gobgpd.toml": gobgpdToml(routerId, peers),
    "frr.conf": frrConf(routerId, peers),
    "roamd.yaml": ROAMD_YAML,
    "defaults.yaml": ROAMD_DEFAULTS_YAML,
  };
}

function env(variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables).map(([name, value]) => `${name}="${value}"\n`);
  return lines.join("");
}

/** Answers the path of the definition, in a directory that is the caller's to remove. */
function write(
  nodes: readonly NodeFiles[],
  { links, binaries }: { links: readonly (readonly string[])[]; binaries: Binaries },
): string {
  const directory = mkdtempSync(join(tmpdir(), "roamd-bench-"));
  cpSync(inRepository("labs/evpn-l2/node.sh"), join(directory, "node.sh"));
  for (const { name, files } of nodes) {
    mkdirSync(join(directory, name));
    for (const [file, text] of Object.entries(files)) {
      writeFileSync(join(directory, name, file), text);
    }
  }
  const definition = {
    name: "bench",
    topology: {
      defaults: { kind: "linux", cmd: "sh /lab/node.sh" },
      nodes: Object.fromEntries(
        nodes.map(({ name }) => [
          name,
          {
            binds: [
              "node.sh:/lab/node.sh:ro",
              `${name}:/lab/node:ro`,
              `${inRepository(".")}:/roamd:ro`,
            ],
            env: { GOBGPD: binaries.gobgpd, FRR: binaries.frr },
            sysctls: { "net.ipv4.ip_forward": 1 },
          },
        ]),
      ),
      links: links.map((endpoints) => ({ endpoints, mtu: 9500 })),
    },
  };
  const path = join(directory, "bench.clab.yml");
  writeFileSync(path, JSON.stringify(definition, undefined, 2));
  return path;
}
