/** A MAC that is forged at another port of the leaf, with Linux as its owner: what the guard makes of it. */
import { spawn } from "node:child_process";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { toVni } from "../../src/evpn/vni.ts";
import type { Kernel } from "../../src/linux/kernel.ts";
import { DEFAULT_DUPLICATES } from "../../src/mobility/duplicates.ts";
import { Engine } from "../../src/mobility/engine.ts";
import type { GuardMode } from "../../src/mobility/guard.ts";
import type { Notice } from "../../src/mobility/notice.ts";
import type { Observation } from "../../src/mobility/observation.ts";
import { DEFAULT_PROBES } from "../../src/mobility/probes.ts";
import { dataFrame, gratuitousArp, Host } from "./frames.ts";
import { clearLinks, makeSegment, requireOwnNamespace, run, sh } from "./namespace.ts";
import { open, Recorder } from "./recorder.ts";

const M = "02:00:00:00:00:0a" as MacAddress;
const I = "192.0.2.10";
const vni = toVni(10);
if (!vni.ok) throw new Error(vni.error);
const VNI = vni.value;

/** The engine with the kernel's eyes and mouth, without BGP. */
class Leaf extends Recorder {
  readonly decided: Notice[] = [];
  readonly #engine: Engine;
  #kernel: Kernel | undefined;

  constructor(guard: GuardMode) {
    super();
    const settings = { domains: new Map(), duplicates: DEFAULT_DUPLICATES, probe: DEFAULT_PROBES };
    this.#engine = new Engine({ ...settings, guard });
    this.news({ kind: "told", source: "rib" });
  }

  override readonly news = (observation: Observation): void => {
    const { notices, questions } = this.#engine.observe(observation, performance.now());
    this.decided.push(...notices);
    for (const question of questions) this.#kernel?.ask(question);
  };

  /** It asks by this kernel. */
  use(kernel: Kernel): void {
    this.#kernel = kernel;
  }

  get place(): string | undefined {
    return this.#engine.domain(VNI)?.entry(M)?.local?.port;
  }

  get ips(): readonly string[] {
    return [...(this.#engine.domain(VNI)?.entry(M)?.local?.ips.keys() ?? [])];
  }

  atTwoPorts(): readonly Notice[] {
    return this.decided.filter(({ kind }) => kind === "at-two-ports");
  }
}

let kernel: Kernel | undefined;
let owner: ReturnType<typeof spawn>;

beforeAll(requireOwnNamespace);
beforeEach(async () => {
  makeSegment();
  // The owner is a host of its own, so that its kernel answers as any other.
  owner = spawn("unshare", ["--net", "sleep", "infinity"]);
  await poll("the owner's namespace", () => {
    const links = `/proc/${owner.pid}/ns/net`;
    return run("readlink", [links]) !== run("readlink", ["/proc/self/ns/net"]);
  });
  sh(`
    ip link set p1h address ${M}
    ip link set p1h netns ${owner.pid}
  `);
  inOwner("ip link set p1h up");
  inOwner(`ip address add ${I}/24 dev p1h`);
  inOwner("ip route add default dev p1h");
});
afterEach(async () => {
  owner.kill();
  await kernel?.[Symbol.asyncDispose]();
  kernel = undefined;
  clearLinks();
});

function inOwner(command: string): void {
  run("nsenter", ["-t", String(owner.pid), "-n", ...command.split(" ")]);
}

async function settled(guard: GuardMode): Promise<Leaf> {
  const leaf = new Leaf(guard);
  kernel = await open(leaf);
  leaf.use(kernel);
  // It asks for an address that nobody has, and thereby says its own.
  const ping = ["ping", "-c", "1", "-w", "1", "192.0.2.99"];
  spawn("nsenter", ["-t", String(owner.pid), "-n", ...ping], { stdio: "ignore" });
  await poll("the owner to be seen with its IP", () => leaf.ips.includes(I));
  return leaf;
}

describe.each(["warn", "strict"] as const)("With guard %s, a MAC", (guard) => {
  it("that is forged at another port is told of, and its owner is where it was", async () => {
    const leaf = await settled(guard);
    using forger = new Host("p2h");
    forger.send(gratuitousArp(M, I));
    await poll("it to be told", () => leaf.atTwoPorts().length === 1);

    const action = guard === "strict" ? "refused" : "believed";
    expect(leaf.atTwoPorts()).toMatchObject([{ mac: M, port: "p1", other: "p2", action }]);
    expect(leaf.place).toBe("p1");
    expect(run("bridge", ["fdb", "show", "br", "br10"])).toContain(`${M} dev p1 master br10`);
  });

  it("that has moved is at the new port at once, without a word", async () => {
    const leaf = await settled(guard);
    // Nobody at the old port has the MAC, whatever the kernel there goes on saying of itself.
    inOwner(`ip address del ${I}/24 dev p1h`);
    inOwner("ip link set p1h address 02:00:00:00:00:99");
    using moved = new Host("p2h");
    moved.send(dataFrame(M));
    moved.send(gratuitousArp(M, I));
    await poll("it to be at the new port", () => leaf.place === "p2");

    expect(leaf.atTwoPorts()).toEqual([]);
  });
});
