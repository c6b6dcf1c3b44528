/**
 * Builds a topology from network namespaces, runs commands in its nodes, and takes it down. The
 * process must be inside namespaces of its own (`inside.sh`), and all of the fabric ends with it.
 */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { poll } from "./poll.ts";
import { inRepository } from "./repository.ts";
import { type NodeDefinition, readTopology, type Topology } from "./topology.ts";

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** For a machine that is busy, or of which every program is slow (user-mode Linux). */
const UP_MS = 120_000;
const NODE_SCRIPT = inRepository("labs/runner/node.sh");

export class Fabric implements AsyncDisposable {
  readonly topology: Topology;
  readonly #inits = new Map<string, ChildProcess>();

  constructor(topology: Topology) {
    this.topology = topology;
  }

  /** Resolves as soon as every node has its links and its daemons are started. */
  static async up(path: string, env: NodeJS.ProcessEnv = process.env): Promise<Fabric> {
    const fabric = new Fabric(readTopology(path, env));
    try {
      await fabric.#start();
    } catch (error) {
      await fabric.down();
      throw error;
    }
    return fabric;
  }

  get nodes(): readonly string[] {
    return this.topology.nodes.map((node) => node.name);
  }

  /** Runs a command in a node, to its end. */
  exec(node: string, command: readonly string[]): Promise<Output> {
    return collect(this.spawn(node, command, { stdio: ["ignore", "pipe", "pipe"] }));
  }

  /** As `exec`, but anything other than success is an error; answers what it wrote. */
  async run(node: string, command: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.exec(node, command);
    if (code !== 0) {
      throw new Error(`Cannot run "${command.join(" ")}" in ${node}: ${stderr.trim() || code}`);
    }
    return stdout;
  }

  /** Starts a command in a node and leaves it running; it ends with the node at the latest. */
  spawn(node: string, command: readonly string[], options: SpawnOptions = {}): ChildProcess {
    // Our own working directory is no place there.
    const inside = ["env", "--chdir=/", ...command];
    return spawn("nsenter", [...entry(this.pid(node)), "--", ...inside], options);
  }

  /** The process that holds the node's namespaces. */
  pid(node: string): number {
    const pid = this.#inits.get(node)?.pid;
    if (pid === undefined) throw new Error(`Cannot enter node "${node}": there is none`);
    return pid;
  }

  /** What the node's daemons have said, for when a test fails. */
  logs(node: string): string {
    const directory = `/proc/${this.pid(node)}/root/run/log`;
    if (!existsSync(directory)) return "";
    return readdirSync(directory)
      .map((name) => `--- ${node} ${name}\n${readFileSync(`${directory}/${name}`, "utf8")}`)
      .join("\n");
  }

  async down(): Promise<void> {
    await Promise.all([...this.#inits.values()].map(end));
    this.#inits.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.down();
  }

  async #start(): Promise<void> {
    for (const node of this.topology.nodes) this.#inits.set(node.name, hold(node));
    // The namespaces are there as soon as they are no longer ours.
    const own = namespace("self");
    await poll("all namespaces", () =>
      this.nodes.every((node) => namespace(this.pid(node)) !== own),
    );
    await this.#wire();
    await poll("every node to be up", () => this.nodes.every((node) => this.#isUp(node)), {
      timeoutMs: UP_MS,
    });
    for (const node of this.topology.nodes) {
      for (const command of node.exec) await this.run(node.name, ["sh", "-c", command]);
    }
  }

  #isUp(node: string): boolean {
    const init = this.#inits.get(node);
    if (init?.exitCode !== null) {
      throw new Error(`Cannot start node ${node}: its command ended with ${init?.exitCode}`);
    }
    return existsSync(`/proc/${init.pid}/root/run/up`);
  }

  async #wire(): Promise<void> {
    const batch = this.topology.links.map(({ ends: [a, b], mtu }) => {
      const end = ({ node, port }: typeof a) => `name ${port} mtu ${mtu} netns ${this.pid(node)}`;
      return `link add ${end(a)} type veth peer ${end(b)}\n`;
    });
    const ip = spawn("ip", ["-batch", "-"], { stdio: ["pipe", "pipe", "pipe"] });
    ip.stdin.end(batch.join(""));
    const { code, stderr } = await collect(ip);
    if (code !== 0) throw new Error(`Cannot make the links: ${stderr.trim()}`);
  }
}

/** The options with which `nsenter` goes where a node is. */
export function entry(pid: number): readonly string[] {
  return [
    `--target=${pid}`,
    "--root",
    "--mount",
    "--net",
    "--uts",
    `--pid=/proc/${pid}/ns/pid_for_children`,
  ];
}

function hold(node: NodeDefinition): ChildProcess {
  const namespaces = ["--mount", "--net", "--uts", "--pid", "--fork", "--kill-child"];
  const binds = node.binds.map(({ source, target }) => `${source}:${target}`);
  const sysctls = Object.entries(node.sysctls).map(([name, value]) => `${name}=${value}`);
  return spawn("unshare", [...namespaces, "sh", NODE_SCRIPT, node.name, node.command, ...binds], {
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      LAB_SYSCTLS: sysctls.join(" "),
      ...node.env,
    },
  });
}

function end(init: ChildProcess): Promise<void> {
  if (init.exitCode !== null || init.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    init.once("exit", () => resolve());
    init.kill("SIGKILL");
  });
}

function namespace(pid: number | "self"): string {
  return readlinkSync(`/proc/${pid}/ns/net`);
}

function collect(child: ChildProcess): Promise<Output> {
  const parts = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    parts.stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    parts.stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 128, ...parts }));
  });
}
