/**
 * Two segments, one on an IPv4 and one on an IPv6 underlay, and beside each its twin, which roamd
 * does not know. Whatever is done to a segment is done to its twin as well; so in the end the twin
 * has exactly the rows that are not roamd's.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

export interface Side {
  readonly vni: number;
  readonly bridge: string;
  vxlan: string;
  readonly ports: readonly [string, string];
}

export interface Segment {
  readonly vni: number;
  /** Its own address; changed by some. */
  local: string;
  readonly locals: readonly string[];
  readonly vteps: readonly string[];
  /** VTEPs that only others know. */
  readonly strangers: readonly string[];
  readonly real: Side;
  readonly twin: Side;
}

function sides(vni: number): Pick<Segment, "vni" | "real" | "twin"> {
  const twin = vni + 900;
  return {
    vni,
    real: {
      vni,
      bridge: `br${vni}`,
      vxlan: `vxlan${vni}`,
      ports: [`p${vni}a`, `p${vni}b`],
    },
    twin: {
      vni: twin,
      bridge: `br${twin}`,
      vxlan: `vxlan${twin}`,
      ports: [`p${twin}a`, `p${twin}b`],
    },
  };
}

export function segments(): readonly Segment[] {
  return [
    {
      ...sides(10),
      local: "10.0.0.1",
      locals: ["10.0.0.1", "10.0.0.101"],
      vteps: ["10.0.0.2", "10.0.0.3", "10.0.0.4"],
      strangers: ["10.0.0.8", "10.0.0.9"],
    },
    {
      ...sides(20),
      local: "2001:db8::1",
      locals: ["2001:db8::1", "2001:db8::101"],
      vteps: ["2001:db8::2", "2001:db8::3", "2001:db8::4"],
      strangers: ["2001:db8::8", "2001:db8::9"],
    },
  ];
}

/** Runs one command; answers what it says if it fails. */
export async function attempt(command: string): Promise<string | undefined> {
  const [program = "", ...words] = command.trim().split(/\s+/);
  try {
    await execute(program, words);
    return undefined;
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr ?? error).trim();
  }
}

export async function must(command: string): Promise<void> {
  const failure = await attempt(command);
  if (failure !== undefined) throw new Error(`${command}: ${failure}`);
}

export function vxlanCommands({ vni, bridge, vxlan }: Side, local: string): readonly string[] {
  return [
    `ip link add ${vxlan} type vxlan id ${vni} local ${local} dstport 4789 nolearning`,
    `ip link set ${vxlan} addrgenmode none master ${bridge} up`,
  ];
}

export function portCommands({ bridge }: Side, port: string): readonly string[] {
  return [
    `ip link add ${port} type veth peer name ${port}h`,
    `ip link set ${port}h addrgenmode none up`,
    `ip link set ${port} addrgenmode none master ${bridge} up`,
  ];
}

/** With an address of its own: if it changes with the ports, the kernel forgets all neighbours. */
export function bridgeCommands({ bridge, vni }: Side): readonly string[] {
  const address = `02:00:00:01:${(vni >> 8).toString(16)}:${(vni & 0xff).toString(16)}`;
  return [
    `ip link add ${bridge} address ${address} type bridge mcast_snooping 0`,
    `ip link set ${bridge} addrgenmode none up`,
  ];
}

export async function build(side: Side, local: string): Promise<void> {
  for (const command of bridgeCommands(side)) await must(command);
  const ports = side.ports.flatMap((port) => portCommands(side, port));
  for (const command of [...vxlanCommands(side, local), ...ports]) await must(command);
}

interface FdbEntry {
  readonly mac: string;
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly master?: string;
  readonly state?: string;
  readonly dst?: string;
}

interface Neighbour {
  readonly dst: string;
  readonly dev: string;
  readonly lladdr?: string;
  readonly state: readonly string[];
  readonly protocol?: string;
  readonly extern_learn?: unknown;
}

const ZERO = "00:00:00:00:00:00";

/** All that stands, read at once. */
export interface Tables {
  readonly fdb: readonly FdbEntry[];
  readonly neighbours: readonly Neighbour[];
}

export async function readTables(): Promise<Tables> {
  const neighbours = ["-4", "-6"].map((family) =>
    json("ip", ["-j", "-d", family, "neigh", "show", "nud", "all"]),
  );
  const [fdb, ...found] = await Promise.all([json("bridge", ["-j", "fdb", "show"]), ...neighbours]);
  return { fdb: fdb as FdbEntry[], neighbours: found.flat() as Neighbour[] };
}

/**
 * What stands on a side, in words that are the same for both. Left out is what the kernel has made by
 * itself: what it learned, its own addresses, and groups.
 */
export function rowsOf(side: Side, { fdb, neighbours }: Tables): readonly string[] {
  const rows = [...forwarding(side, fdb), ...ipNeighbours(side, neighbours)];
  const named = rows.map((row) =>
    row
      .replaceAll(side.vxlan, "vxlan")
      .replaceAll(side.ports[0], "portA")
      .replaceAll(side.ports[1], "portB"),
  );
  return named.sort();
}

function forwarding(side: Side, entries: readonly FdbEntry[]): string[] {
  return entries.flatMap(({ mac, ifname, flags, master, state = "", dst }) => {
    const isFixed = state === "static" || state === "permanent";
    if (ifname === side.vxlan && flags.includes("self")) {
      if (dst === undefined) return [];
      // The entry has one mark for all its destinations.
      if (mac === ZERO) return [`flood ${canonical(dst)}`];
      return [`tunnel ${mac} ${canonical(dst)} ${marks(flags, state)}`];
    }
    if (master !== side.bridge || !mac.startsWith("02:00:00:00:00:")) return [];
    if (!flags.includes("extern_learn") && !isFixed) return [];
    // Where an operator has put a static entry over another, the kernel keeps the other's mark.
    const isPinned = ifname === side.vxlan && flags.includes("sticky");
    const kept = isFixed && !isPinned ? without(flags, "extern_learn") : flags;
    return [`bridge ${mac} ${ifname} ${marks(kept, isFixed ? state : "dynamic")}`];
  });
}

function marks(flags: readonly string[], state: string): string {
  return [...without(without(flags, "self"), "master"), state].sort().join(" ");
}

function without(flags: readonly string[], flag: string): readonly string[] {
  return flags.filter((each) => each !== flag);
}

function ipNeighbours({ bridge }: Side, all: readonly Neighbour[]): string[] {
  return all.flatMap(({ dst, dev, lladdr, state, protocol, ...rest }) => {
    if (dev !== bridge) return [];
    const isFixed = state.includes("PERMANENT") || state.includes("NOARP");
    // The kernel keeps the protocol where somebody puts another neighbour over it.
    const mark = "extern_learn" in rest ? ` extern_learn ${protocol}` : "";
    if (!isFixed || dst.startsWith("ff") || dst.startsWith("224.")) return [];
    return [`neighbour ${dst} ${lladdr} ${state.join(" ")}${mark}`];
  });
}

async function json(program: string, words: readonly string[]): Promise<unknown[]> {
  const { stdout } = await execute(program, [...words], { maxBuffer: 1 << 24 });
  return stdout.trim() === "" ? [] : (JSON.parse(stdout) as unknown[]);
}

function canonical(ip: string): string {
  return ip.includes(":") ? new URL(`http://[${ip}]`).hostname.slice(1, -1) : ip;
}
