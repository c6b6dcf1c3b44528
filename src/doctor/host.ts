/** Gathers what there is to know of this host, by the tools that every leaf has. It judges nothing. */
import { execFile } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import type { FactsRow } from "../control/facts-row.ts";
import type { Found, FrrFacts, HostFacts } from "./facts.ts";
import {
  readFloods,
  readForward,
  readFrrRoutes,
  readFrrVnis,
  readLinks,
  readListeners,
  readRouteDevice,
  readVersion,
} from "./readers.ts";

/** A tool that does not answer is as good as none. */
const PATIENCE_MS = 10_000;
/** FRR's table of a large fabric. */
const OUTPUT_MAX = 256 * 1024 * 1024;
/** So many VTEPs are looked up for the uplinks: nobody has more of those. */
const VTEPS_MAX = 16;
/** GoBGP's own, where nobody says. */
const API_PORT = 50_051;

export async function gatherHost(daemon: Found<FactsRow>, signal: AbortSignal): Promise<HostFacts> {
  const ask: Ask = (command, words) => run(command, words, signal);
  const vnis = daemon.found ? daemon.value.vnis : [];
  const vteps = [...new Set(vnis.flatMap(({ flooding, silent }) => [...flooding, ...silent]))];
  const address = daemon.found ? daemon.value.status.gobgp.address : "";
  return {
    links: await reading(ask("ip", ["-j", "-d", "link", "show"]), readLinks),
    devices: await devicesOf(ask, vteps),
    floods: new Map(
      await Promise.all(
        vnis.map(async ({ vni, vxlan }) => [vni, await floodsOf(ask, vxlan, vni)] as const),
      ),
    ),
    bridgeNetfilter: await bridgeNetfilter(),
    forward: await reading(ask("iptables", ["-w", "-S", "FORWARD"]), readForward),
    arpSeconds: new Map(
      await Promise.all(
        vnis.map(async ({ bridge }) => [bridge, await arpSeconds(bridge)] as const),
      ),
    ),
    apiListeners: await listeners(Number(/:(\d+)$/.exec(address)?.[1] ?? API_PORT)),
    gobgpVersion: await gobgpVersion(ask),
    frr: await frr(ask),
    synchronised: await synchronised(ask),
  };
}

type Ask = (command: string, words: readonly string[]) => Promise<Found<string>>;

function run(
  command: string,
  words: readonly string[],
  signal: AbortSignal,
): Promise<Found<string>> {
  return new Promise((resolve) => {
    const options = { timeout: PATIENCE_MS, maxBuffer: OUTPUT_MAX, signal, env: ENVIRONMENT };
    execFile(command, [...words], options, (error, stdout, stderr) => {
      if (error === null) resolve({ found: true, value: stdout });
      else resolve({ found: false, why: `Cannot run ${command}: ${reasonOf(error, stderr)}` });
    });
  });
}

/** Administrators' tools are not on everybody's path. */
const ENVIRONMENT = {
  ...process.env,
  PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin`,
  LC_ALL: "C",
};

function reasonOf(error: Error, stderr: string): string {
  if ("code" in error && error.code === "ENOENT") return "it is not installed";
  const [line = ""] = stderr.trim().split("\n");
  return line === "" ? (error.message.split("\n")[0] ?? "") : line;
}

async function reading<T>(
  said: Promise<Found<string>>,
  read: (text: string) => T | undefined,
): Promise<Found<T>> {
  const text = await said;
  if (!text.found) return text;
  try {
    const value = read(text.value);
    if (value !== undefined) return { found: true, value };
  } catch {
    // It said something else than it should.
  }
  return { found: false, why: `Cannot read "${text.value.slice(0, 60).trim()}"` };
}

async function devicesOf(ask: Ask, vteps: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const devices = new Map<string, string>();
  for (const vtep of vteps.slice(0, VTEPS_MAX)) {
    const device = await reading(ask("ip", ["-j", "route", "get", vtep]), readRouteDevice);
    if (device.found) devices.set(vtep, device.value);
  }
  return devices;
}

function floodsOf(ask: Ask, vxlan: string, vni: number): Promise<Found<readonly string[]>> {
  const said = ask("bridge", ["-j", "fdb", "show", "dev", vxlan]);
  return reading(said, (json) => readFloods(json, vni));
}

async function bridgeNetfilter(): Promise<HostFacts["bridgeNetfilter"]> {
  const folder = "/proc/sys/net/bridge";
  const [ipv4, ipv6] = await Promise.all(
    ["iptables", "ip6tables"].map((each) => textAt(`${folder}/bridge-nf-call-${each}`)),
  );
  // Without the module no frame ever passes.
  return { found: true, value: { ipv4: ipv4?.trim() === "1", ipv6: ipv6?.trim() === "1" } };
}

/** An entry is stale after at most one and a half of this, and gone after that (arp(7)). */
async function arpSeconds(device: string): Promise<number> {
  const folder = `/proc/sys/net/ipv4/neigh/${device}`;
  const [reachableMs, stale] = await Promise.all(
    ["base_reachable_time_ms", "gc_stale_time"].map((each) => textAt(`${folder}/${each}`)),
  );
  return (Number(reachableMs ?? 0) * 1.5) / 1000 + Number(stale ?? 0);
}

async function listeners(port: number): Promise<Found<readonly string[]>> {
  const [tcp, tcp6] = await Promise.all(["tcp", "tcp6"].map((each) => textAt(`/proc/net/${each}`)));
  if (tcp === undefined) return { found: false, why: "Cannot read /proc/net/tcp" };
  return { found: true, value: [tcp, tcp6 ?? ""].flatMap((text) => readListeners(text, port)) };
}

/** That which runs beside us says more than that which is installed. */
async function gobgpVersion(ask: Ask): Promise<Found<string>> {
  for (const pid of await processesNamed("gobgpd")) {
    const version = await reading(ask(`/proc/${pid}/exe`, ["--version"]), readVersion);
    if (version.found) return version;
  }
  return reading(ask("gobgpd", ["--version"]), readVersion);
}

/** In this network namespace. */
async function processesNamed(name: string): Promise<readonly string[]> {
  const here = await linkAt("/proc/self/ns/net");
  const pids = (await readdir("/proc")).filter((each) => /^\d+$/.test(each));
  const found = await Promise.all(
    pids.map(async (pid) => {
      if ((await textAt(`/proc/${pid}/comm`))?.trim() !== name) return [];
      return (await linkAt(`/proc/${pid}/ns/net`)) === here ? [pid] : [];
    }),
  );
  return found.flat();
}

async function frr(ask: Ask): Promise<Found<FrrFacts>> {
  const running = await Promise.all(["bgpd", "zebra"].map(processesNamed));
  if (running.flat().length === 0) return { found: true, value: { vnis: [], routes: [] } };
  const vnis = await reading(ask("vtysh", ["-c", "show evpn vni json"]), readFrrVnis);
  const routes = await reading(ask("vtysh", ["-c", "show bgp l2vpn evpn json"]), readFrrRoutes);
  if (!vnis.found && !routes.found) return { found: false, why: vnis.why };
  return {
    found: true,
    value: { vnis: vnis.found ? vnis.value : [], routes: routes.found ? routes.value : [] },
  };
}

async function synchronised(ask: Ask): Promise<Found<boolean>> {
  const told = await reading(
    ask("timedatectl", ["show", "--property=NTPSynchronized", "--value"]),
    (text) => ({ yes: true, no: false })[text.trim()],
  );
  if (told.found) return told;
  const chrony = await reading(ask("chronyc", ["-c", "tracking"]), (text) => {
    const leap = text.trim().split(",").at(-1);
    return leap === undefined ? undefined : leap !== "Not synchronised";
  });
  return chrony.found ? chrony : { found: false, why: "neither timedatectl nor chronyc tells" };
}

async function textAt(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

async function linkAt(path: string): Promise<string | undefined> {
  return readlink(path).catch(() => undefined);
}
