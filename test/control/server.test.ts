import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ControlClient, ControlError } from "../../src/control/client.ts";
import type { Filter } from "../../src/control/protocol.ts";
import type { EventRow, What } from "../../src/control/rows.ts";
import { type ControlServer, listen } from "../../src/control/server.ts";
import { COMMAND, decodeTexts, encodeTexts } from "../../src/control/service.ts";
import type { Snapshot } from "../../src/control/snapshot.ts";
import { type EventListener, WATCHER_QUEUE } from "../../src/control/watch.ts";
import { portName } from "../../src/evpn/port.ts";
import { entry, ip, LEAF2, mac, T0, vni, world } from "./world.ts";

const never = new AbortController().signal;
let folder = "";
let socket = "";
const listeners = new Set<EventListener>();
const open: AsyncDisposable[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roamd-control-"));
  socket = join(folder, "run", "roamd.sock");
});

afterEach(async () => {
  for (const server of open.splice(0)) await server[Symbol.asyncDispose]();
  listeners.clear();
  await rm(folder, { recursive: true, force: true });
});

async function start(
  snapshot: Snapshot = world(),
  access: { mode?: number; group?: string } = {},
): Promise<ControlServer> {
  const server = await listen({
    socket,
    mode: access.mode ?? 0o660,
    group: access.group,
    tcp: undefined,
    now: () => T0,
    tell: () => {},
    snapshot: () => snapshot,
    paths: async () => new Map(),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    command: (command) => {
      if (command.kind !== "clear-duplicate") throw new TypeError("not asked for");
      if (command.address === "all") throw new TypeError("no tables");
      return command.address === LEAF2
        ? { ok: true, value: { cleared: 3 } }
        : { ok: false, error: "Cannot clear it: it is no duplicate" };
    },
  });
  if (!server.ok) throw new Error(server.error);
  open.push(server.value);
  return server.value;
}

async function refusal(): Promise<string> {
  try {
    await start();
  } catch (error) {
    return (error as Error).message;
  }
  return "none";
}

function tell(notice: { kind: string; [field: string]: unknown }): void {
  for (const listener of listeners) listener({ level: "info", text: "It happened", ...notice }, T0);
}

async function ask(what: What, filter: Filter = {}): Promise<unknown[]> {
  using client = new ControlClient(socket);
  const rows: unknown[] = [];
  for await (const texts of client.show({ what, filter }, never)) {
    rows.push(...texts.map((text) => JSON.parse(text)));
  }
  return rows;
}

async function errorOf(promise: Promise<unknown>): Promise<ControlError> {
  return promise.then(
    () => expect.fail("it was answered"),
    (error: unknown) => error as ControlError,
  );
}

/** A call as somebody would make it who does not use our client. */
async function call(path: string, request: Buffer): Promise<ServiceError> {
  const client = new Client(`unix:${socket}`, credentials.createInsecure());
  try {
    const stream = client.makeServerStreamRequest(path, (b: Buffer) => b, decodeTexts, request);
    for await (const _ of stream) expect.fail("it was answered");
    return expect.fail("it ended well");
  } catch (error) {
    return error as ServiceError;
  } finally {
    client.close();
  }
}

describe("A command", () => {
  it("is done and answered once", async () => {
    await start();
    using client = new ControlClient(socket);
    const command = { kind: "clear-duplicate", address: LEAF2, vni: undefined } as const;
    expect(await client.command(command, never)).toBe('{"cleared":3}');
  });

  it("that can not be done fails with the daemon's sentence", async () => {
    await start();
    using client = new ControlClient(socket);
    const command = { kind: "clear-duplicate", address: ip("10.0.0.1"), vni: vni(10) } as const;
    const error = await errorOf(client.command(command, never));
    expect(error).toMatchObject({ kind: "failed", message: "Cannot clear it: it is no duplicate" });
  });

  it("that is none is refused, whoever sends it", async () => {
    await start();
    const { code, details } = await call(COMMAND.path, encodeTexts(['{"kind":"reboot"}']));
    expect(code).toBe(3);
    expect(details).toBe(
      'Cannot do "reboot": it is none of clear-duplicate, attach, detach, migrate',
    );
    expect((await call(COMMAND.path, encodeTexts([]))).details).toContain("Cannot do undefined");
  });

  it("that breaks the daemon's answer does not break the daemon", async () => {
    await start();
    using client = new ControlClient(socket);
    const command = { kind: "clear-duplicate", address: "all", vni: undefined } as const;
    const { message } = await errorOf(client.command(command, never));
    expect(message).toBe("Cannot answer: TypeError: no tables");
    expect(await ask("status")).toHaveLength(1);
  });
});

describe("The control server", () => {
  it("answers a question over its socket", async () => {
    await start(world({ entries: [entry({ mac: "02:00:00:00:00:0a", port: "swp1" })] }));
    expect(await ask("macs")).toMatchObject([{ mac: "02:00:00:00:00:0a", whereabouts: "here" }]);
    expect(await ask("macs", { vni: vni(11) })).toEqual([]);
    expect(await ask("status")).toMatchObject([{ ready: true, macs: { local: 1 } }]);
  });

  it("lets others have their turn while it looks through many MACs", async () => {
    const entries = Array.from({ length: 20_000 }, (_, i) =>
      entry({
        mac: `02:00:00:00:${(i >> 8).toString(16).padStart(2, "0")}:${(i & 255).toString(16).padStart(2, "0")}`,
      }),
    );
    await start(world({ entries }));
    let turns = 0;
    const answer = ask("macs", { port: portName("swp99") });
    let done = false;
    void answer.finally(() => {
      done = true;
    });
    while (!done) {
      await setImmediate();
      turns++;
    }
    expect(await answer).toEqual([]);
    expect(turns).toBeGreaterThan(100);
  });

  it("stops to make rows for a caller who has hung up", async () => {
    let made = 0;
    const entries = Array.from({ length: 50_000 }, (_, i) => {
      return new Proxy(entry({ mac: "02:00:00:00:00:0a", seq: i }), {
        get(target, field, receiver) {
          if (field === "since") made++;
          return Reflect.get(target, field, receiver);
        },
      });
    });
    await start({ ...world(), entries: () => entries });
    using client = new ControlClient(socket);
    for await (const _ of client.show({ what: "macs", filter: {} }, never)) break;
    await ask("status");
    await ask("status");
    expect(made).toBeLessThan(50_000);
  });

  const lies: readonly [sentence: string, request: Buffer, details: string | RegExp][] = [
    ["that is empty", Buffer.alloc(0), /Cannot show undefined: it is none of status/],
    ["that is no message", Buffer.from("ff".repeat(20), "hex"), /Error deserializing request/],
    ["that is no JSON", encodeTexts(["nonsense"]), "Cannot read the request: it is not JSON"],
    ["for something unknown", encodeTexts(['{"what":"flurbs"}']), /Cannot show "flurbs"/],
    ["larger than any", encodeTexts(["x".repeat(100_000)]), /larger than/i],
  ];
  for (const [sentence, request, details] of lies) {
    it(`answers a request ${sentence} with a named error, and goes on`, async () => {
      await start();
      const error = await call("/roamd.v1.Roamd/Show", request);
      expect(error.details).toMatch(details);
      expect(await ask("status")).toHaveLength(1);
    });
  }

  it("answers a method it does not have with a named error", async () => {
    await start();
    const error = await call("/roamd.v1.Roamd/Explode", encodeTexts(["{}"]));
    expect(error.details).toMatch(/does not implement/);
  });

  it("survives bytes that are not HTTP/2", async () => {
    await start();
    const stranger = connect(socket);
    stranger.on("error", () => {}); // The server may hang up hard; that is its right.
    stranger.resume();
    stranger.write("GET / HTTP/1.1\r\n\r\n\u0000\u00ff".repeat(100));
    await new Promise((resolve) => stranger.once("close", resolve));
    expect(await ask("status")).toHaveLength(1);
  });

  it("is refused by the client's own name for what is wrong", async () => {
    await start();
    const error = await errorOf(ask("vteps", { mac: mac("02:00:00:00:00:0a") }));
    expect(error).toBeInstanceOf(ControlError);
    expect(error.kind).toBe("refused");
    expect(error.message).toBe('Cannot narrow vteps by "mac": it is none of vni, vtep');
  });

  it("tells of a fault of its own without the fault ending it", async () => {
    const broken = world();
    await start({
      ...broken,
      entries: () => {
        throw new TypeError("no tables");
      },
    });
    const error = await errorOf(ask("macs"));
    expect(error).toMatchObject({ kind: "failed", message: "Cannot answer: TypeError: no tables" });
    expect(await ask("moves")).toEqual([]);
  });
});

describe("The control socket", () => {
  it("has the mode and the group it was given, in a folder made for it", async () => {
    await start(world(), { mode: 0o640, group: String(process.getgid?.()) });
    const { mode, gid } = await stat(socket);
    expect(mode & 0o777).toBe(0o640);
    expect(gid).toBe(process.getgid?.());
  });

  it("is gone when the server has gone, and can be listened on again", async () => {
    const server = await start();
    await server[Symbol.asyncDispose]();
    await expect(stat(socket)).rejects.toThrow("ENOENT");
    await start();
    expect(await ask("status")).toHaveLength(1);
  });

  it("is not taken from another roamd that is running", async () => {
    await start();
    expect(await refusal()).toBe(`Cannot listen on ${socket}: another roamd is running`);
    expect(await ask("status")).toHaveLength(1);
  });

  it("is taken over from a roamd that was killed", async () => {
    await (await start())[Symbol.asyncDispose]();
    await leaveStaleSocket(socket);
    await start();
    expect(await ask("status")).toHaveLength(1);
  });

  it("never replaces a file", async () => {
    socket = join(folder, "precious");
    await writeFile(socket, "data");
    expect(await refusal()).toBe(
      `Cannot listen on ${socket}: something that is not a socket stands there`,
    );
    expect(await readFile(socket, "utf8")).toBe("data");
  });

  it("can not have a path longer than Linux has room for", async () => {
    socket = join(folder, "x".repeat(120));
    expect(await refusal()).toMatch(/the path has \d+ bytes, a socket's has at most 107$/);
  });

  it("can not be given to a group that does not exist", async () => {
    await expect(start(world(), { group: "no-such-group" })).rejects.toThrow(
      `Cannot listen on ${socket}: there is no group "no-such-group"`,
    );
    await expect(stat(socket)).rejects.toThrow("ENOENT");
  });

  it("can not be in something that is not a folder", async () => {
    await writeFile(join(folder, "run"), "");
    expect(await refusal()).toMatch(/^Cannot listen on .*: (ENOTDIR|EEXIST)$/);
  });
});

/** What a killed process leaves: a socket's file on which nobody listens. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { link, unlink } = await import("node:fs/promises");
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.old`, resolve));
  await link(`${path}.old`, path);
  await new Promise((resolve) => server.close(resolve));
  await unlink(`${path}.old`).catch(() => {}); // Node has removed it, on closing.
  await chmod(path, 0o660);
}

describe("A watcher", () => {
  async function nextEvents(answer: AsyncGenerator<readonly string[]>): Promise<EventRow[]> {
    const { value } = await answer.next();
    return ((value ?? []) as string[]).map((text) => JSON.parse(text));
  }

  async function watch(client: ControlClient, filter: Filter = {}, signal = never) {
    const before = listeners.size;
    const answer = client.watch(filter, signal);
    const first = nextEvents(answer);
    await vi.waitFor(() => expect(listeners.size).toBe(before + 1));
    return { answer, first };
  }

  it("hears what happens, absent values as null", async () => {
    await start();
    using client = new ControlClient(socket);
    const { first } = await watch(client);
    tell({ kind: "let-go", vni: 10, seq: undefined });
    expect(await first).toEqual([
      {
        at: "2026-03-01T12:00:00.000Z",
        kind: "let-go",
        level: "info",
        text: "It happened",
        vni: 10,
        seq: null,
      },
    ]);
  });

  const cases: readonly [sentence: string, filter: Filter, kinds: string[]][] = [
    ["a VNI", { vni: vni(10) }, ["moved", "let-go"]],
    ["a MAC", { mac: mac("02:00:00:00:00:0a") }, ["moved"]],
    ["an IP in a list", { ip: ip("192.0.2.1") }, ["moved"]],
    ["a port it came from", { port: portName("swp1") }, ["moved"]],
    ["a VTEP", { vtep: LEAF2 }, ["moved", "let-go"]],
    ["a port in words", { port: portName("swp9") }, ["followed"]],
  ];
  for (const [sentence, filter, kinds] of cases) {
    it(`hears only what names ${sentence} it asked for`, async () => {
      await start();
      using client = new ControlClient(socket);
      const { first } = await watch(client, filter);
      tell({ kind: "ready" });
      tell({
        kind: "moved",
        vni: 10,
        mac: "02:00:00:00:00:0a",
        ips: ["192.0.2.1"],
        from: { kind: "port", port: "swp1" },
        to: { kind: "vtep", vtep: "10.255.0.2" },
      });
      tell({ kind: "let-go", vni: 10, mac: "02:00:00:00:00:0b", vtep: "10.255.0.2" });
      tell({ kind: "segment-down", vni: 11 });
      tell({ kind: "followed", vni: 11, from: null, to: "swp9", steps: [] });
      expect((await first).map((event) => event.kind)).toEqual(kinds);
    });
  }

  it("that reads too slowly is told how much it has missed", async () => {
    await start();
    using client = new ControlClient(socket);
    const { answer, first } = await watch(client);
    for (let i = 0; i < WATCHER_QUEUE + 5; i++) tell({ kind: "ready", i });
    let events = await first;
    while (events.at(-1)?.kind !== "events-dropped") {
      events = [...events, ...(await nextEvents(answer))];
    }
    expect(events).toHaveLength(WATCHER_QUEUE + 1);
    expect(events.at(-1)).toMatchObject({ count: 5 });
  });

  it("that hangs up is forgotten", async () => {
    await start();
    using client = new ControlClient(socket);
    const enough = new AbortController();
    const { answer, first } = await watch(client, {}, enough.signal);
    enough.abort();
    expect(await first).toEqual([]);
    expect(await answer.next()).toEqual({ done: true, value: undefined });
    await vi.waitFor(() => expect(listeners.size).toBe(0));
  });

  it("is told that the daemon has gone", async () => {
    const server = await start();
    using client = new ControlClient(socket);
    const { first } = await watch(client);
    const error = errorOf(first);
    await server[Symbol.asyncDispose]();
    expect(await error).toMatchObject({
      kind: "not-reachable",
      message: `Cannot reach roamd at ${socket}: ENOENT`,
    });
    expect(listeners.size).toBe(0);
  });
});

describe("The client", () => {
  it("says at which socket nobody answers, and why", async () => {
    expect(await errorOf(ask("status"))).toMatchObject({
      kind: "not-reachable",
      message: `Cannot reach roamd at ${socket}: ENOENT`,
    });
  });

  it("takes something that is not roamd for what it is", async () => {
    socket = join(folder, "other.sock");
    const other = createServer((caller) => {
      caller.on("error", () => {}); // The client may hang up hard.
      caller.end("hello\n");
    });
    await new Promise<void>((resolve) => other.listen(socket, resolve));
    try {
      expect(await errorOf(ask("status"))).toMatchObject({ kind: "not-reachable" });
    } finally {
      other.close();
    }
  });
});
