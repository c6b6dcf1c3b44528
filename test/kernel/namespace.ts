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

/** Of iproute2, which can be given many lines at once: to start a program for each takes longer. */
const TAKES_BATCHES: ReadonlySet<string> = new Set(["ip", "bridge"]);

/** Runs commands, one per line, words parted by spaces; throws what the first failing one says. */
export function sh(commands: string): void {
  const lines = commands.split("\n").map((line) => line.trim().split(/\s+/));
  let batch: { readonly command: string; readonly lines: string[] } | undefined;
  const flush = (): void => {
    if (batch !== undefined) runBatch(batch.command, batch.lines);
    batch = undefined;
  };
  for (const [command, ...words] of lines) {
    if (command === undefined || command === "") continue;
    // Options are for the program, not for one line of a batch.
    const isLone = !TAKES_BATCHES.has(command) || words[0]?.startsWith("-") === true;
    if (isLone || batch?.command !== command) flush();
    if (isLone) run(command, words);
    else if (batch === undefined) batch = { command, lines: [words.join(" ")] };
    else batch.lines.push(words.join(" "));
  }
  flush();
}

function runBatch(command: string, lines: readonly string[], words: readonly string[] = []): void {
  const input = `${lines.join("\n")}\n`;
  execFileSync(command, [...words, "-batch", "-"], { input, stdio: ["pipe", "pipe", "pipe"] });
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
  const names = linkNames();
  if (names.length === 0) return;
  try {
    runBatch(
      "ip",
      names.map((name) => `link delete ${name}`),
      ["-force"],
    );
  } catch {
    // One of them went with its peer.
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

/**
 * The forwarding entries of a MAC, as `bridge fdb` shows them, sorted. A kernel that can filter VLANs
 * copies what is put into a bridge that does not, into its VLAN 1: that copy is left out.
 */
export function fdbOf(mac: string): readonly string[] {
  const lines = run("bridge", ["fdb", "show"])
    .split("\n")
    .filter((line) => line.startsWith(mac))
    .map((line) => line.trim().replace(" vlan 1 ", " "));
  return [...new Set(lines)].sort();
}
