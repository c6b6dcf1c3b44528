/** Real gobgpd processes on loopback for the tests of this folder, of every version obtainable. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface GobgpdVersion {
  readonly name: string;
  readonly api: "v3" | "v4";
  /** The Debian suite it comes from. */
  readonly suite: string;
}

export const GOBGPD_VERSIONS: readonly GobgpdVersion[] = [
  { name: "gobgpd 3.10", api: "v3", suite: "bookworm" },
  { name: "gobgpd 3.36", api: "v3", suite: "trixie" },
  { name: "gobgpd 4.8", api: "v4", suite: "sid" },
];

/** The path of the binary; `undefined`, after saying why, where it can not be had. */
export function gobgpdOf({ name, suite }: GobgpdVersion): string | undefined {
  try {
    const script = join(import.meta.dirname, "../../labs/debian.sh");
    return execFileSync("sh", [script, "gobgpd", suite], { encoding: "utf8" }).trim();
  } catch (error) {
    console.warn(`SKIPPED: tests with ${name}: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

export interface GobgpdNeighbor {
  readonly address: string;
  readonly asn: number;
  readonly gracefulRestart?: boolean;
  /** Waits to be called, so that the two do not call each other at the same time. */
  readonly passive?: boolean;
}

export interface GobgpdOptions {
  readonly binary: string;
  /** In 127.0.0.0/8; router id and address for BGP, which listens on port 1790. */
  readonly address: string;
  readonly asn?: number;
  readonly apiHosts: string;
  readonly neighbors?: readonly GobgpdNeighbor[];
  readonly flags?: readonly string[];
  /** Without it the speaker is up, but BGP is not started on it. */
  readonly started?: boolean;
}

export class Gobgpd {
  readonly #directory = mkdtempSync(join(tmpdir(), "roamd-gobgpd-"));
  readonly #options: GobgpdOptions;
  #process: ChildProcess | undefined;
  log = "";

  constructor(options: GobgpdOptions) {
    this.#options = options;
  }

  get address(): string {
    return this.#options.apiHosts;
  }

  /** Starts it, perhaps as another binary than before, and waits until its API answers. */
  async start(binary: string = this.#options.binary): Promise<void> {
    const config = join(this.#directory, "gobgpd.toml");
    writeFileSync(config, configOf(this.#options));
    const flags = ["--api-hosts", this.#options.apiHosts, "--pprof-disable", "--log-plain"];
    if (this.#options.started !== false) flags.push("-f", config);
    flags.push(...(this.#options.flags ?? []));
    const child = spawn(binary, flags, { stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (data) => {
        this.log += data;
      });
    }
    while (!(await answers(this.#options.apiHosts))) {
      if (child.exitCode !== null) throw new Error(`gobgpd has exited: ${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name);
  }

  async kill(name: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGCONT");
    child.kill(name);
    await exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function configOf({ address, asn = 65000, neighbors = [] }: GobgpdOptions): string {
  return [
    "[global.config]",
    `as = ${asn}`,
    `router-id = "${address}"`,
    neighbors.length === 0 ? "port = -1" : "port = 1790",
    neighbors.length === 0 ? "" : `local-address-list = ["${address}"]`,
    ...neighbors.flatMap((neighbor) => neighborConfig(address, neighbor)),
    "",
  ].join("\n");
}

function neighborConfig(local: string, neighbor: GobgpdNeighbor): string[] {
  const gracefully = neighbor.gracefulRestart === true;
  return [
    "[[neighbors]]",
    "[neighbors.config]",
    `neighbor-address = "${neighbor.address}"`,
    `peer-as = ${neighbor.asn}`,
    "[neighbors.transport.config]",
    `local-address = "${local}"`,
    "remote-port = 1790",
    `passive-mode = ${neighbor.passive === true}`,
    "[neighbors.timers.config]",
    "connect-retry = 1",
    "idle-hold-time-after-reset = 1",
    ...(gracefully
      ? ["[neighbors.graceful-restart.config]", "enabled = true", "restart-time = 20"]
      : []),
    "[[neighbors.afi-safis]]",
    "[neighbors.afi-safis.config]",
    'afi-safi-name = "l2vpn-evpn"',
    ...(gracefully ? ["[neighbors.afi-safis.mp-graceful-restart.config]", "enabled = true"] : []),
  ];
}

function answers(apiHosts: string): Promise<boolean> {
  const [host, port] = apiHosts.split(":");
  const socket = apiHosts.startsWith("unix:")
    ? connect(apiHosts.replace(/^unix:(\/\/)?/, ""))
    : connect(Number(port), host);
  return new Promise((resolve) => {
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
