/** What kernel tests need: a network namespace that is theirs, and commands to shape it. */
import { execFileSync } from "node:child_process";
import { readlinkSync } from "node:fs";

/**
 * Refuses to go on in a namespace that test/kernel/run.sh has not made: the tests make and delete
 * links as they like.
 */
export function requireOwnNamespace(): void {
  if (process.env["ROAMD_TEST_NAMESPACE"] !== readlinkSync("/proc/self/ns/net")) {
    throw new Error("Cannot run kernel tests here: start them with test/kernel/run.sh");
  }
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

/** Deletes every link but the loopback device: each test begins with an empty namespace. */
export function clearLinks(): void {
  for (const line of run("ip", ["-o", "link", "show"]).split("\n")) {
    const name = /^\d+: ([^:@]+)/.exec(line)?.[1];
    if (name === undefined || name === "lo") continue;
    try {
      run("ip", ["link", "delete", name]);
    } catch {
      // It went with its peer, or with the tunnel module (which keeps a device per kind).
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
    ip link set br${vni} up
    ip link add vxlan${vni} type vxlan id ${vni} local ${local} dstport 4789 nolearning
    ip link set vxlan${vni} master br${vni} up
  `);
  for (const port of ports) addPort(vni, port);
}

export function addPort(vni: number, port: string): void {
  sh(`
    ip link add ${port} type veth peer name ${port}h
    ip link set ${port} master br${vni} up
    ip link set ${port}h up
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
