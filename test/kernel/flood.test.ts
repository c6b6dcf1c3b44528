/**
 * One port floods forged ARP while a host moves to another port of the same leaf (C9.14). The whole
 * daemon as its own process, with a real bridge and a speaker that takes everything.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseMac } from "../../src/evpn/mac.ts";
import { parseRouteDistinguisher } from "../../src/evpn/route-distinguisher.ts";
import { parseRouteTarget } from "../../src/evpn/route-target.ts";
import { toVni } from "../../src/evpn/vni.ts";
import { codecV4 } from "../../src/gobgp/codec-v4.ts";
import type { Path } from "../../src/gobgp/generated/v4/gobgp.ts";
import { macIpRoutePath } from "../../src/gobgp/write-route.ts";
import { FakeGobgpd } from "../gobgp/fake-gobgpd.ts";
import { ip, macIpRoute, must } from "../gobgp/routes.ts";
import { gratuitousArp, Host } from "./frames.ts";
import { clearLinks, ifindexOf, makeSegment, requireOwnNamespace, sh } from "./namespace.ts";

const VICTIM = "02:00:00:00:00:0a";
const SECONDS = 3;
const PER_SECOND = 100_000;
/** Half as much again as it needs when all is quiet. */
const HEAP_MB = 64;
/** Far longer than it takes, for a machine that is busy. */
const PATIENCE_MS = 20_000;

interface Line {
  readonly kind?: string;
  readonly sent?: number;
  readonly seconds?: number;
}

let folder: string;
let gobgpd: FakeGobgpd;
let daemon: Process;

class Process {
  readonly lines: Line[] = [];
  readonly #process: ChildProcess;

  constructor(words: readonly string[]) {
    this.#process = spawn(process.execPath, words, { stdio: ["pipe", "pipe", "inherit"] });
    const { stdout } = this.#process;
    if (stdout === null) throw new Error("Cannot read what it prints");
    createInterface({ input: stdout }).on("line", (line) => this.lines.push(JSON.parse(line)));
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null;
  }

  get residentKb(): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  }

  of(kind: string): Line[] {
    return this.lines.filter((line) => line.kind === kind);
  }

  /** Says that enough has been done. */
  enough(): void {
    this.#process.stdin?.end();
  }

  async end(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill();
    if (this.isRunning) await ended;
  }
}

/**
 * Sends forged ARP announcements, each from another MAC with another IP, for so long at least and until
 * it is enough; tells how many it were.
 */
const FLOODER = `
  import { openSocket } from "./dist/src/linux/native.js";
  const [ifindex, seconds, perSecond] = process.argv.slice(1).map(Number);
  const socket = openSocket(17, 3, 0);
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, 17, true);
  view.setUint16(2, 3);
  view.setInt32(4, ifindex, true);
  socket.bind(address);
  const frame = new Uint8Array(60);
  frame.fill(0xff, 0, 6);
  frame.set([0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1], 12);
  const bytes = new DataView(frame.buffer);
  let sent = 0;
  let failed = 0;
  const forge = () => {
    const n = sent++;
    for (const at of [6, 22]) { bytes.setUint16(at, 0x0266); bytes.setUint32(at + 2, n); }
    for (const at of [28, 38]) bytes.setUint32(at, 0x0a800000 + (n & 0x7fffff));
    if (socket.send(frame) < 0) failed++;
  };
  let isEnough = false;
  process.stdin.on("end", () => { isEnough = true; }).resume();
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const elapsed = (performance.now() - startedAt) / 1000;
    const due = elapsed * perSecond;
    // No longer than this at once: what was not sent in time is not made up for.
    for (let i = 0; sent < due && i < perSecond / 100; i++) forge();
    if (elapsed < seconds || !isEnough) return;
    clearInterval(timer);
    console.log(JSON.stringify({ kind: "flooded", sent, failed, seconds: elapsed }));
    socket.close();
  }, 5);
`;

function flood(device: string): Process {
  const numbers = [ifindexOf(device), SECONDS, PER_SECOND].map(String);
  return new Process(["--input-type=module", "--eval", FLOODER, ...numbers]);
}

async function until(look: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!look()) {
    if (performance.now() > end) throw new Error(`It never came: ${JSON.stringify(daemon.lines)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Another leaf has the victim. */
function claimedElsewhere(): Path[] {
  const rd = must(parseRouteDistinguisher("10.0.0.9:10"));
  const of = { rd, vni: must(toVni(10)), nexthop: ip("10.0.0.9"), mac: must(parseMac(VICTIM)) };
  const routeTargets = [must(parseRouteTarget("65000:10"))];
  return [undefined, ip("192.0.2.1")].map((each) => {
    const route = macIpRoute({ ...of, routeTargets, ip: each });
    const path = { ...must(macIpRoutePath(route)), neighbor: "192.0.2.254" };
    return { ...codecV4.encode(path, 0), best: true };
  });
}

/** Whether the leaf has said that the victim is here now, with its IP and a higher number. */
function hasMovedHere(): boolean {
  return gobgpd.written.flat().some((path) => {
    const text = JSON.stringify(path, (_, each) => (typeof each === "bigint" ? `${each}` : each));
    return [VICTIM, '"192.0.2.1"', '"sequenceNum":1'].every((part) => text.includes(part));
  });
}

beforeAll(requireOwnNamespace);
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "roamd-flood-"));
  sh("ip link set lo up");
  makeSegment();
  gobgpd = new FakeGobgpd();
  const claimed = claimedElsewhere();
  const endOfRib = claimed.map((path) => ({ ...path, nlri: undefined, pattrs: [] })).slice(1);
  const paths = [...endOfRib, ...claimed];
  gobgpd.onWatch = (call) => call.write({ event: { $case: "table", value: { paths } } });
  await gobgpd.start();
  const file = join(folder, "roamd.yaml");
  const control = `control: {socket: ${join(folder, "roamd.sock")}}`;
  writeFileSync(file, `gobgp: {address: "${gobgpd.address}"}\n${control}\nstate: ${folder}\n`);
  daemon = new Process([`--max-old-space-size=${HEAP_MB}`, "dist/src/main.js", "--config", file]);
  await until(() => daemon.of("ready").length === 1);
});
afterEach(async () => {
  clearLinks();
  await daemon.end();
  await gobgpd[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe("A port that floods forged ARP", () => {
  it("C9.14 keeps nobody at another port from moving, costs bounded memory, and is told once per limit", async () => {
    using victim = new Host("p2h");
    const before = daemon.residentKb;
    const flooder = flood("p1h");
    await until(
      () => daemon.of("limit-hit").length === 1 && daemon.of("port-flooded").length === 1,
    );
    const sentAt = performance.now();
    victim.send(gratuitousArp(VICTIM, "192.0.2.1"));
    await until(hasMovedHere);
    const tookMs = Math.round(performance.now() - sentAt);
    flooder.enough();
    await until(() => flooder.lines.length === 1);
    await until(() => !flooder.isRunning);
    const after = daemon.residentKb;
    const { sent, seconds } = flooder.lines[0] ?? {};
    console.log(
      `${sent} forged frames in ${seconds?.toFixed(1)} s: the move took ${tookMs} ms, ` +
        `the daemon grew by ${Math.round((after - before) / 1024)} MB`,
    );
    expect(daemon.isRunning).toBe(true);
    expect(daemon.of("limit-hit")).toHaveLength(1);
    expect(daemon.of("port-flooded")).toHaveLength(1);
    // With its IP each MAC makes two routes, and they are sent once.
    expect(gobgpd.written.flat().length).toBeLessThanOrEqual(2 * 1024 + 10);
  });
});
