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

let folder = "";
let server: ControlServer;
let told: () => void = () => {};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roam-"));
  const entries = Array.from({ length: 5000 }, (_, i) =>
    entry({
      mac: `02:00:00:00:${(i >> 8).toString(16).padStart(2, "0")}:${(i & 255).toString(16).padStart(2, "0")}`,
    }),
  );
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
    expect(JSON.parse(await out)).toHaveLength(5000);
    expect(await err).toBe("");
    expect((await exited)[0]).toBe(0);
  });

  it("ends with 3 where nobody listens", async () => {
    const socket = join(folder, "none.sock");
    const { out, err, exited } = await roam(["status"], socket);
    expect((await exited)[0]).toBe(3);
    expect(await err).toBe(`Cannot reach roamd at ${socket}: ENOENT\n`);
    expect(await out).toBe("");
  });

  it("ends quietly when nobody reads on", async () => {
    const child = spawn(process.execPath, [
      program,
      "--control",
      server.socket,
      "show",
      "macs",
      "--json",
    ]);
    const err = text(child.stderr);
    child.stdout.once("data", () => child.stdout.destroy());
    expect((await once(child, "exit"))[0]).toBe(0);
    expect(await err).toBe("");
  });

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
