/** What kernel tests need: a network namespace that is theirs, and commands to shape it. */
import { execFileSync } from "node:child_process";

/** Devices that the tunnel modules put into every namespace. */
const ALWAYS_THERE = /^(lo|tunl0|sit0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|ip6tnl0|ip6gre0)$/;

/**
 * Refuses to go on in a namespace that has links already: it is the machine's own, and the tests make
 * and delete links as they like.
 */
export function requireOwnNamespace(): void {
  const links = linkNames();
  if (links.length > 0) {
    throw new Error(`Cannot run kernel tests beside ${links}: start them with test/kernel/run.sh`);
  }
}

function linkNames(): string[] {
  return run("ip", ["-o", "link", "show"])
    .split("\n")
    .flatMap((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? [])
    .filter((name) => !ALWAYS_THERE.test(name));
}

/** Runs commands, one per line, words parted by spaces; throws what the first failing one says. */
export function sh(commands: string): void {
  for (const line of commands.split("\n")) {
    const [command, ...words] = line.trim().split(/\s+/);
    if (command !== undefined && command !== "") run(command, words);
  }
}

/** What a command prints. */
export function run(command: string, words: readonly string[]): string {
  return execFileSync(command, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

export function ifindexOf(device: string): number {
  return Number.parseInt(run("ip", ["-o", "link", "show", "dev", device]), 10);
}

/** Deletes every link: each test begins with an empty namespace. */
export function clearLinks(): void {
  for (const name of linkNames()) {
    try {
      run("ip", ["link", "delete", name]);
    } catch {
      // It went with its peer.
    }
  }
}

/** A leaf's bridge with a VXLAN device and as many access ports as are named, each with a peer. */
export function makeSegment({
  vni = 10,
  local = "10.0.0.1",
  ports = ["p1", "p2"],
}: {
  vni?: number;
  local?: string;
  ports?: readonly string[];
} = {}): void {
  sh(`
    ip link add br${vni} type bridge
    ip link set br${vni} addrgenmode none up
    ip link add vxlan${vni} type vxlan id ${vni} local ${local} dstport 4789 nolearning
    ip link set vxlan${vni} addrgenmode none master br${vni} up
  `);
  for (const port of ports) addPort(vni, port);
}

export function addPort(vni: number, port: string): void {
  sh(`
    ip link add ${port} type veth peer name ${port}h
    ip link set ${port}h addrgenmode none up
    ip link set ${port} addrgenmode none master br${vni} up
  `);
}

/** The forwarding entries of a MAC, as `bridge fdb` shows them, sorted. */
export function fdbOf(mac: string): readonly string[] {
  return run("bridge", ["fdb", "show"])
    .split("\n")
    .filter((line) => line.startsWith(mac))
    .map((line) => line.trim())
    .sort();
}
