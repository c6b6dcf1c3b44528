/** The compiled program as a process: only what `command.test.ts` can not see. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ControlServer, listen } from "../../src/control/server.ts";
import type { EventListener } from "../../src/control/watch.ts";
import { entry, world } from "../control/world.ts";

const program = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));

const MACS = 100_000;
const entries = Array.from({ length: MACS }, (_, i) =>
  entry({
    mac: `02:00:00:${i
      .toString(16)
      .padStart(6, "0")
      .replace(/..(?!$)/g, "$&:")}`,
  }),
);
/** Goes on with each turn of the daemon's event loop. */
let turns = 0;

let folder = "";
let server: ControlServer;
let told: () => void = () => {};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roam-"));
  const listeners = new Set<EventListener>();
  const listening = await listen({
    socket: join(folder, "roamd.sock"),
    mode: 0o600,
    group: undefined,
    tcp: undefined,
    now: () => 0,
    tell: () => {},
    snapshot: () => world({ entries }),
    paths: async () => new Map(),
    subscribe: (listener) => {
      listeners.add(listener);
      told();
      return () => listeners.delete(listener);
    },
    command: () => ({ ok: true, value: { cleared: 0 } }),
  });
  if (!listening.ok) throw new Error(listening.error);
  server = listening.value;
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function roam(words: readonly string[], socket: string) {
  const child = spawn(process.execPath, [program, "--control", socket, ...words]);
  const exited = once(child, "exit");
  return { child, exited, out: text(child.stdout), err: text(child.stderr) };
}

describe.skipIf(!existsSync(program))("The program roam", () => {
  it("prints all rows and ends with 0", async () => {
    const { out, err, exited } = await roam(["show", "macs", "--json"], server.socket);
    expect(JSON.parse(await out)).toHaveLength(MACS);
    expect(await err).toBe("");
    expect((await exited)[0]).toBe(0);
  }, 60_000);

  it("lets the daemon do its work between any few hundred rows that it reads", async () => {
    let isReading = true;
    turns = 0;
    const turn = (): void => {
      turns++;
      if (isReading) setImmediate(turn);
    };
    turn();
    const { out } = await roam(["show", "macs"], server.socket);
    const lines = (await out).split("\n").length - 2;
    isReading = false;
    expect(lines).toBe(MACS);
    // To find the first of them takes some turns, and each 128 rows at least one.
    expect(turns).toBeGreaterThan(Math.floor((1.4 * MACS) / 128));
  }, 60_000);

  it("ends with 3 where nobody listens", async () => {
    const socket = join(folder, "none.sock");
    const { out, err, exited } = await roam(["status"], socket);
    expect((await exited)[0]).toBe(3);
    expect(await err).toBe(`Cannot reach roamd at ${socket}: ENOENT\n`);
    expect(await out).toBe("");
  });

  it.each([
    ["a table", ["show", "macs"]],
    ["an array", ["show", "macs", "--json"]],
    ["routes", ["show", "routes", "--json"]],
  ])(
    "ends quietly when nobody reads on: %s",
    async (_what, words) => {
      const child = spawn(process.execPath, [program, "--control", server.socket, ...words]);
      const err = text(child.stderr);
      child.stdout.once("data", () => child.stdout.destroy());
      expect((await once(child, "exit"))[0]).toBe(0);
      expect(await err).toBe("");
    },
    60_000,
  );

  it("can be cut by head, with the first rows of many", async () => {
    const command = `"$0" "$1" --control "$2" show macs | head -n 3`;
    const child = spawn("sh", ["-c", command, process.execPath, program, server.socket]);
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(out.split("\n")[1]).toContain("02:00:00:00:00:00");
    expect(out.split("\n")).toHaveLength(4);
    expect(err).toBe("");
  }, 60_000);

  it("ends a watch with 0 when it is interrupted", async () => {
    const watched = new Promise<void>((resolve) => {
      told = resolve;
    });
    const { child, err, exited } = await roam(["watch"], server.socket);
    await watched;
    child.kill("SIGINT");
    expect((await exited)[0]).toBe(0);
    expect(await err).toBe("");
  });
});
