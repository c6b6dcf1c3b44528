import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { programOf, run } from "../../src/cli/command.ts";
import type { RoamCommand } from "../../src/cli/roam-command.ts";
import type { Command } from "../../src/control/command.ts";
import { type ControlServer, listen } from "../../src/control/server.ts";
import type { Snapshot } from "../../src/control/snapshot.ts";
import type { TcpAccess } from "../../src/control/tcp.ts";
import type { EventListener } from "../../src/control/watch.ts";
import { macIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import type { Vni } from "../../src/evpn/vni.ts";
import { entry, LEAF2, macIpRoute, port, T0, world } from "../control/world.ts";
import { adv, I4, A as LEAF, Leaf, M, B as OTHER } from "../mobility/leaf.ts";

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const TABLES = ["vnis", "macs", "neighbors", "routes", "vteps", "ports", "moves", "duplicates"];

let folder = "";
let socket = "";
let server: ControlServer | undefined;
let snapshot: Snapshot = world();
let paths: Snapshot["paths"] = new Map();
const listeners = new Set<EventListener>();
const commands: Command[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roam-"));
  socket = join(folder, "roamd.sock");
  snapshot = world({
    entries: [
      entry({ mac: A, port: "swp1", ips: ["192.0.2.10"] }),
      entry({ mac: B, remote: [macIpRoute(LEAF2, { mac: B, seq: 12 })] }),
    ],
    moves: [
      {
        at: "2026-03-01T12:00:00.000Z",
        vni: 10,
        mac: A,
        ips: ["192.0.2.10"],
        from: LEAF2,
        to: "swp1",
        seq: 1,
        signal: "gratuitous-arp",
        by: null,
        over: { vtep: LEAF2, seq: 0, sticky: false, decidedBy: "sequence" },
        steps: [
          { name: "frame", atMs: 0 },
          { name: "route-sent", atMs: 1.25 },
          { name: "old-owner-let-go", atMs: 20 },
        ],
        redirected: 37,
      },
    ],
  });
});

afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
  commands.length = 0;
  await rm(folder, { recursive: true, force: true });
});

async function start(tcp?: TcpAccess): Promise<void> {
  const listening = await listen({
    socket,
    mode: 0o600,
    group: undefined,
    tcp,
    now: () => 0,
    tell: () => {},
    snapshot: () => snapshot,
    paths: async () => {
      if (paths === undefined) throw new Error("GoBGP can not be reached");
      return paths;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    command: (command) => {
      commands.push(command);
      if (command.kind !== "clear-duplicate") {
        const said = command.kind === "migrate" ? command.step : command.kind;
        const where = { whereabouts: "here", port: "tap7", vtep: null, seq: 3 } as const;
        return { ok: true, value: { vni: 10 as Vni, mac: command.mac, said, ...where } };
      }
      return command.address === B
        ? { ok: false, error: `Cannot clear ${B}: it is no duplicate` }
        : { ok: true, value: { cleared: command.address === "all" ? 2 : 1 } };
    },
  });
  if (!listening.ok) throw new Error(listening.error);
  server = listening.value;
}

interface Said {
  code: number;
  out: string;
  err: string;
}

async function roam(
  words: string,
  {
    colour = false,
    signal = new AbortController().signal,
    onOut = (_: string) => {},
    now = 0,
    screenLines = undefined as number | undefined,
  } = {},
): Promise<Said> {
  const said = { code: -1, out: "", err: "" };
  said.code = await run(["--control", socket, ...words.split(" ").filter((word) => word !== "")], {
    out: async (text) => {
      said.out += text;
      onOut(text);
    },
    err: async (text) => {
      said.err += text;
    },
    colour,
    screenLines,
    now: () => now,
    signal,
  });
  return said;
}

describe("roam show", () => {
  it("prints a table with its columns aligned, and no line ends in spaces", async () => {
    await start();
    expect(await roam("show macs")).toEqual({
      code: 0,
      err: "",
      out: [
        "VNI  MAC                WHERE  PORT/VTEP   SEQ  IPS         LEARNED FROM    MOVES  SINCE",
        "10   02:00:00:00:00:0a  here   swp1        0    192.0.2.10  gratuitous-arp  1      2026-03-01T12:00:00Z",
        "10   02:00:00:00:00:0b  there  10.255.0.2  12   -           rib             1      2026-03-01T12:00:00Z",
        "",
      ].join("\n"),
    });
  });

  it("prints the head of a table that has no rows", async () => {
    await start();
    expect(await roam("show vteps --vni 99")).toEqual({
      code: 0,
      err: "",
      out: "VNI  VTEP  FLOODING  MACS\n",
    });
  });

  it("prints the steps of a move in milliseconds, and what was redirected", async () => {
    await start();
    expect(await roam("show moves --last 1")).toEqual({
      code: 0,
      err: "",
      out: [
        `2026-03-01T12:00:00.000Z  VNI 10  ${A}  192.0.2.10`,
        "  10.255.0.2 -> swp1, sequence 1 (gratuitous-arp), over 10.255.0.2 with 0 by sequence",
        "    frame              0.0 ms  *",
        "    route-sent         1.3 ms  ---*",
        "    old-owner-let-go  20.0 ms  ----------------------------------------*",
        "    37 frames that came here too late were sent on",
        "",
      ].join("\n"),
    });
  });

  it("prints every table there is", async () => {
    await start();
    for (const what of TABLES) {
      expect(await roam(`show ${what}`), what).toMatchObject({ code: 0, err: "" });
    }
  });

  it("takes filters, and --json before and after the command", async () => {
    await start();
    const after = await roam("show macs --remote --vni 10 --json");
    const before = await roam("--json show macs --remote --vni 10");
    expect(JSON.parse(after.out)).toMatchObject([{ mac: B, vtep: LEAF2, seq: 12, port: null }]);
    expect(before).toEqual(after);
  });

  it("prints an empty array for no rows", async () => {
    await start();
    expect(await roam("show macs --vni 99 --json")).toEqual({ code: 0, err: "", out: "[]\n" });
  });

  it("has colour only where it is told to", async () => {
    await start();
    expect((await roam("show macs", { colour: true })).out).toContain("\u001b[32mhere\u001b[0m   ");
    expect((await roam("show macs")).out).not.toContain("\u001b");
  });

  it("prints the first rows of a long table while the others come", async () => {
    const entries = Array.from({ length: 5000 }, (_, i) =>
      entry({
        mac: `02:00:00:00:${(i >> 8).toString(16).padStart(2, "0")}:${(i & 255).toString(16).padStart(2, "0")}`,
        ...(i === 4999 ? { port: "a-longer-name" } : {}),
      }),
    );
    snapshot = world({ entries });
    await start();
    const pieces: string[] = [];
    const { out } = await roam("show macs", { onOut: (text) => pieces.push(text) });
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces[0]?.split("\n").length).toBeLessThan(2000);
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(5001);
    expect(lines.filter((line) => line.startsWith("VNI"))).toHaveLength(1);
    expect(lines.at(-1)).toContain("a-longer-name");
  });

  it("takes times as people write them, and narrows by them", async () => {
    snapshot = { ...snapshot, since: () => T0 };
    await start();
    // The snapshot is of 90.5 s later.
    for (const [words, count] of [
      ["--older 90s", 1],
      ["--older 90", 1],
      ["--older 2m", 0],
      ["--newer 2m", 1],
      ["--newer 1h --older 1m", 1],
    ] as const) {
      expect(JSON.parse((await roam(`show routes --json ${words}`)).out), words).toHaveLength(
        count,
      );
    }
  });

  it("prints a block for each route with --detail, with every path and attribute", async () => {
    paths = new Map([
      [
        macIpRouteKey(macIpRoute(LEAF2, { mac: B })),
        [
          {
            neighbor: "10.255.0.100",
            best: true,
            since: T0 / 1000,
            attributes: () => ({ origin: "IGP", "local-pref": "100" }),
          },
        ],
      ],
    ]);
    await start();
    expect((await roam("show routes --detail")).out).toBe(
      [
        `type 2, RD 10.255.0.2:10, tag 0, VNI 10, ${B}`,
        "  remote, followed",
        "  next hop        10.255.0.2",
        "  sequence        12",
        "  route targets   65000:10",
        "  ESI             00:00:00:00:00:00:00:00:00:00",
        "  since           not known",
        "  path from 10.255.0.100, best, since 2026-03-01T12:00:00.000Z",
        "    origin                IGP",
        "    local-pref            100",
        "",
      ].join("\n"),
    );
  });

  it("says so where GoBGP can not be asked for details", async () => {
    paths = undefined;
    await start();
    expect(await roam("show routes --detail")).toEqual({
      code: 1,
      out: "",
      err: "Cannot show details: GoBGP can not be reached\n",
    });
  });

  it("does not let the name of a port speak to the terminal", async () => {
    snapshot = world({ entries: [entry({ mac: A, port: "a\u001b[2Jb" })] });
    await start();
    const { out } = await roam("show macs");
    expect(out).toContain("a?[2Jb");
    expect(out).not.toContain("\u001b");
  });

  it("fails with a sentence for a MAC that is not known", async () => {
    await start();
    expect(await roam("show macs --mac 02:00:00:00:00:ff")).toMatchObject({
      code: 1,
      err: "Cannot show MAC 02:00:00:00:00:ff: it is not known\n",
    });
    expect(await roam(`show macs --json --remote --mac ${A}`)).toEqual({
      code: 1,
      out: "[]\n",
      err: `Cannot show MAC ${A}: it is not known, or not with these filters\n`,
    });
  });
});

describe("roam history", () => {
  const happened = {
    at: "2026-03-01T12:00:01.000Z",
    vni: 10,
    mac: A,
    ips: ["192.0.2.10"],
    kind: "sticky-violated",
    text: "It may not move",
    times: 3,
    from: null,
    to: null,
    seq: null,
    signal: null,
    by: null,
    over: null,
    steps: [],
  };

  beforeEach(() => {
    const [move] = [...snapshot.moves];
    if (move === undefined) throw new Error("there is no move");
    const moved = { ...move, kind: "moved", text: "It went", times: 1 };
    snapshot = { ...snapshot, history: () => [happened, moved] };
  });

  it("draws what happened, oldest first, and tells the rest in words", async () => {
    await start();
    for (const host of [A, "192.0.2.10", "192.0.2.10 --vni 10"]) {
      expect(await roam(`history ${host}`), host).toEqual({
        code: 0,
        err: "",
        out: [
          `2026-03-01T12:00:00.000Z  ${A}`,
          "  10.255.0.2 -> swp1, sequence 1 (gratuitous-arp), over 10.255.0.2 with 0 by sequence",
          "    frame              0.0 ms  *",
          "    route-sent         1.3 ms  ---*",
          "    old-owner-let-go  20.0 ms  ----------------------------------------*",
          "    37 frames that came here too late were sent on",
          "2026-03-01T12:00:01.000Z  It may not move (3 times)",
          "",
        ].join("\n"),
      });
    }
  });

  it("is an array for scripts, and can be cut to the newest", async () => {
    await start();
    expect(JSON.parse((await roam(`history ${A} --last 1 --json`)).out)).toEqual([happened]);
  });

  it("fails with a sentence for a host of which nothing is remembered", async () => {
    await start();
    expect(await roam(`history ${B} --vni 10`)).toEqual({
      code: 1,
      out: "",
      err: `Cannot tell the history of MAC ${B} in VNI 10: nothing is remembered of it\n`,
    });
    expect(await roam(`history 192.0.2.99 --json`)).toMatchObject({ code: 1, out: "[]\n" });
  });

  it("takes nothing that is no address", async () => {
    expect((await roam("history vm7")).err).toContain(
      'Cannot ask about "vm7": it is not a MAC or an IP address',
    );
  });
});

describe("roam explain", () => {
  beforeEach(() => {
    const leaf = Leaf.ready(LEAF);
    leaf.hears(adv(OTHER, { ip: I4 }));
    leaf.sees({ mac: M, port: "p1" });
    leaf.after(2000);
    snapshot = {
      ...snapshot,
      now: leaf.now,
      domains: [...leaf.engine.domains()],
      entries: () => [],
    };
  });

  it("says first why, then all that bears on it, and nothing of what is not there", async () => {
    await start();
    const { code, out, err } = await roam(`explain ${M}`);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.split("\n").slice(0, 6)).toEqual([
      `${M} in VNI 10`,
      "  At port p1: sequence 1 beats 0 of 192.0.2.2",
      "",
      "claims",
      "  BY      VTEP       SEQ  OUTCOME                        ROUTES",
      "  local   192.0.2.1  1    won                            -",
    ]);
    expect(out).toContain("lost to 192.0.2.1 by sequence");
    expect(out).toContain("on port p1, came by data, last seen 2.0 s ago");
    expect(out).toContain("sequence sent 1, heard 0\n  1 of 5 moves within 180 s\n");
    expect(out).toMatch(/duplicate-window {2}in 178\.0 s/);
    expect(out).not.toContain("ignored routes");
    expect((await roam(`explain ${I4}`)).out).toContain(`  It holds ${I4}\n`);
  });

  it("is an array for scripts", async () => {
    await start();
    expect(JSON.parse((await roam(`explain ${M} --vni 10 --json`)).out)).toMatchObject([
      { mac: M, deciding: { step: "sequence" } },
    ]);
  });

  it("fails with a sentence for what is not known", async () => {
    await start();
    expect(await roam(`explain ${B}`)).toEqual({
      code: 1,
      out: "",
      err: `Cannot explain MAC ${B}: it is not known\n`,
    });
  });
});

describe("roam top", () => {
  const at = Date.parse("2026-03-01T12:00:05.000Z");

  it("looks once, and says what moves", async () => {
    snapshot = { ...snapshot, ports: [port("swp1", { frames: 7 })] };
    await start();
    expect(await roam("top --once", { now: at })).toEqual({
      code: 0,
      err: "",
      out: [
        "roamd 0.1.0, ready, up 90 s, 2026-03-01T12:00:05.000Z",
        "macs     1 local, 1 remote, 0 duplicate",
        "pending  0 kernel, 0 gobgp",
        "moves    0.10/s in 10 s, 0.02/s in 60 s, 0.00/s in 300 s",
        "",
        "top movers",
        "MOVES  VNI  MAC                IS AT  LAST",
        "1      10   02:00:00:00:00:0a  swp1   12:00:00.0",
        "",
        "ports",
        "VNI  PORT  MACS  FRAMES/S  IGNORED/S",
        "10   swp1  1     -         -",
        "",
        "last moves",
        "AT          VNI  MAC                WAY                 SEQ  SIGNAL          TOOK",
        "12:00:00.0  10   02:00:00:00:00:0a  10.255.0.2 -> swp1  1    gratuitous-arp  1.3 ms",
        "",
        "",
      ].join("\n"),
    });
  });

  it("is one object per look for scripts, until it is interrupted", async () => {
    await start();
    const enough = new AbortController();
    let looks = 0;
    const { code, out } = await roam("top --json --interval 0.1", {
      now: at,
      signal: enough.signal,
      onOut: () => {
        if (++looks === 2) enough.abort();
      },
    });
    expect(code).toBe(0);
    const frames = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(frames).toHaveLength(2);
    expect(frames[0]).toMatchObject({ ready: true, movers: [{ mac: A, moves: 1 }] });
  });

  it("draws on a screen of its own, and gives it back", async () => {
    await start();
    const enough = new AbortController();
    const { out } = await roam("top", {
      now: at,
      screenLines: 24,
      signal: enough.signal,
      onOut: (text) => {
        if (text.includes("top movers")) enough.abort();
      },
    });
    expect(out.startsWith("\u001b[?1049h\u001b[?25l\u001b[H")).toBe(true);
    expect(out.endsWith("\u001b[?25h\u001b[?1049l")).toBe(true);
    expect(out).not.toContain("\u001b[2J");
  });

  it("does not look all the time", async () => {
    expect((await roam("top --interval 0")).err).toContain('Cannot look every "0" seconds');
    expect((await roam("top --interval often")).code).toBe(2);
    expect((await roam("top --vni ten")).code).toBe(2);
  });
});

describe("roam doctor", () => {
  type Check = Readonly<Record<"check" | "ok" | "detail" | "remedy", unknown>>;
  const of = (said: Said, name: string): Check | undefined =>
    (JSON.parse(said.out) as Check[]).find(({ check }) => check === name);

  it("is an array of checks for scripts, and ends with 1 where one of them says no", async () => {
    await start();
    const said = await roam("doctor --json");
    const checks = JSON.parse(said.out) as Check[];
    for (const check of checks) {
      expect(Object.keys(check)).toEqual(["check", "ok", "detail", "remedy"]);
    }
    expect(of(said, "daemon")).toMatchObject({ ok: true, remedy: null });
    expect(of(said, "capabilities")).toMatchObject({ ok: true });
    expect(said.code).toBe(checks.some(({ ok }) => ok === false) ? 1 : 0);
  });

  it("says for people what is wrong, and what to do about it", async () => {
    snapshot = { ...snapshot, capabilities: "0" };
    await start();
    const { out, code } = await roam("doctor");
    expect(out).toMatch(
      /^WRONG {2}capabilities +roamd runs without CAP_NET_ADMIN and CAP_NET_RAW$/m,
    );
    expect(out).toMatch(/^ +-> give it CAP_NET_ADMIN and CAP_NET_RAW/m);
    expect(code).toBe(1);
  });

  it("looks at the host as well where the daemon does not answer", async () => {
    const said = await roam("doctor --json");
    expect(said).toMatchObject({ code: 1, err: "" });
    expect(of(said, "daemon")).toMatchObject({
      ok: false,
      detail: `Cannot reach roamd at ${socket}: ENOENT`,
    });
    expect(of(said, "learning")).toBeDefined();
  });

  it("does not judge this host by a daemon on another", async () => {
    await start({ address: "127.0.0.1:0", tls: undefined, keyFile: undefined });
    const said = await roam(`--control tcp://${server?.tcp} doctor --json`);
    expect(of(said, "daemon")).toMatchObject({ ok: true });
    expect(of(said, "mtu")).toMatchObject({ ok: null });
  });
});

describe("roam attach, detach and migrate", () => {
  it("pass on the word, and say where the host is after it", async () => {
    await start();
    const line = `${A} in VNI 10 is here on port tap7, sequence number 3\n`;
    expect(await roam(`attach ${A} --port tap7 --ip 10.0.0.1 --ip 2001:DB8::1`)).toEqual({
      code: 0,
      out: line,
      err: "",
    });
    expect((await roam(`detach ${A} --port tap7 --vni 10`)).code).toBe(0);
    expect((await roam(`migrate land ${A} --to ${LEAF2} --port tap7`)).out).toBe(line);
    expect(commands).toEqual([
      {
        kind: "attach",
        mac: A,
        vni: undefined,
        port: "tap7",
        ips: ["10.0.0.1", "2001:db8::1"],
      },
      { kind: "detach", mac: A, vni: 10, port: "tap7" },
      {
        kind: "migrate",
        step: "land",
        mac: A,
        vni: undefined,
        to: LEAF2,
        port: "tap7",
        ips: [],
      },
    ]);
  });

  it("are one object for scripts", async () => {
    await start();
    expect(JSON.parse((await roam(`migrate start ${A} --json`)).out)).toEqual({
      vni: 10,
      mac: A,
      said: "start",
      whereabouts: "here",
      port: "tap7",
      vtep: null,
      seq: 3,
    });
  });
});

describe("roam clear duplicate", () => {
  it("tells the daemon which, and people how many", async () => {
    await start();
    expect(await roam(`clear duplicate ${A.toUpperCase()} --vni 10`)).toEqual({
      code: 0,
      out: "Cleared 1 duplicate\n",
      err: "",
    });
    expect((await roam("clear duplicate 2001:DB8:0::1")).code).toBe(0);
    expect(commands).toEqual([
      { kind: "clear-duplicate", address: A, vni: 10 },
      { kind: "clear-duplicate", address: "2001:db8::1", vni: undefined },
    ]);
  });

  it("clears all there are, and is one object for scripts", async () => {
    await start();
    expect((await roam("clear duplicate --all")).out).toBe("Cleared 2 duplicates\n");
    expect((await roam("clear duplicate --all --json")).out).toBe('{"cleared":2}\n');
  });

  it("fails with a sentence for what is no duplicate", async () => {
    await start();
    expect(await roam(`clear duplicate ${B} --json`)).toEqual({
      code: 1,
      out: "",
      err: `Cannot clear ${B}: it is no duplicate\n`,
    });
  });
});

describe("roam status", () => {
  it("says for people what the daemon does", async () => {
    await start();
    expect((await roam("status")).out).toBe(
      [
        "roamd    0.1.0, ready, up 90 s",
        "vtep     10.255.0.1",
        "gobgp    127.0.0.1:50051, API v4, connected, AS 65000, router id 10.255.0.1",
        "peer     10.255.0.100, AS 65000, established",
        "vnis     1",
        "macs     1 local, 1 remote, 0 duplicate",
        "pending  0 kernel, 0 gobgp",
        "",
      ].join("\n"),
    );
  });

  it("is one object for scripts", async () => {
    await start();
    expect(JSON.parse((await roam("status --json")).out)).toMatchObject({
      version: "0.1.0",
      gobgp: { api: "v4" },
      macs: { local: 1, remote: 1 },
    });
  });
});

describe("roam watch", () => {
  const notice = {
    kind: "moved",
    level: "info",
    text: "MAC 02:00:00:00:00:0a is on port swp1",
    vni: 10,
    mac: A,
    ips: ["192.0.2.1", "192.0.2.2"],
    from: { kind: "nowhere" },
    to: { kind: "port", port: "swp1" },
    seq: undefined,
  };

  async function watch(words: string): Promise<Said> {
    await start();
    const enough = new AbortController();
    const said = roam(words, { signal: enough.signal, onOut: () => enough.abort() });
    await vi.waitFor(() => expect(listeners.size).toBe(1));
    for (const listener of listeners) listener(notice, T0);
    return said;
  }

  it("prints a line for each event, until it is interrupted", async () => {
    expect(await watch("watch")).toEqual({
      code: 0,
      err: "",
      out: "2026-03-01T12:00:00.000Z  info   MAC 02:00:00:00:00:0a is on port swp1\n",
    });
  });

  it("prints an object in each line for scripts", async () => {
    const { out } = await watch("--json watch --vni 10");
    expect(JSON.parse(out)).toEqual({ at: "2026-03-01T12:00:00.000Z", ...notice, seq: null });
    expect(out.indexOf("\n")).toBe(out.length - 1);
  });
});

describe("What roam does not take", () => {
  const wrong: readonly [words: string, sentence: string][] = [
    ["", "Usage: roam"],
    ["shwo", "error: unknown command 'shwo'"],
    ["show", "Usage: roam show"],
    ["show macs extra", "error: too many arguments"],
    ["show flurbs", "error: unknown command 'flurbs'"],
    ["show macs --colour", "error: unknown option '--colour'"],
    ["show vteps --mac 02:00:00:00:00:01", "error: unknown option '--mac'"],
    ["--control tcp://leaf1 status", 'error: Cannot reach roamd at "tcp://leaf1": it is not tcp'],
    ["--key-file /k status", "error: Cannot use --key-file with the socket"],
    ["--control tcp://leaf1:1 --key-file /none status", "error: Cannot use /none: ENOENT"],
    ["show macs --vni", "error: option '--vni <number>' argument missing"],
    ["show macs --vni ten", 'error: Cannot narrow macs by vni: "ten" is not a number'],
    ["show macs --vni 0", "error: Cannot narrow macs by vni: vni 0 is below 1"],
    [
      "show macs --vni 16777216",
      "error: Cannot narrow macs by vni: vni 16777216 is above 16777215",
    ],
    ["show macs --mac 02:00", 'error: Cannot narrow macs by mac: "02:00" is not a MAC address'],
    ["show macs --ip 1.2.3", 'error: Cannot narrow macs by ip: "1.2.3" is not an IP address'],
    ["show macs --local --remote", "error: option '--local' cannot be used with option '--remote'"],
    ["show macs --remote --local", "cannot be used with option"],
    [
      "show routes --type 5",
      "error: Cannot narrow routes by type: 5 is not a type of route known here: 2 or 3",
    ],
    ["attach 02:00:00:00:00:01", "error: required option '--port <name>' not specified"],
    ["attach 02:00 --port p1", 'error: Cannot attach: "02:00" is not a MAC address'],
    [`attach ${A} --port p1 --ip 10.0.0`, 'error: Cannot attach: "10.0.0" is not an IP address'],
    [`detach ${A} --port this-is-too-long-a-name`, "is not the name of a port"],
    [`migrate start ${A} --vni 0`, "error: Cannot start a migration: vni 0 is below 1"],
    [`migrate land ${A} --to leaf2`, '"leaf2" is not an IP address'],
    [`migrate halt ${A}`, "error: unknown command 'halt'"],
    ["clear", "Usage: roam clear"],
    ["clear duplicate", "error: Cannot clear a duplicate: either an address or --all is needed"],
    [
      `clear duplicate ${A} --all`,
      "error: Cannot clear a duplicate: either an address or --all is needed",
    ],
    [
      "clear duplicate 02:00",
      'error: Cannot clear a duplicate: "02:00" is not a MAC or an IP address, or all',
    ],
    ["clear duplicate --all --vni ten", 'Cannot clear a duplicate: "ten" is not a number'],
    ["clear duplicate --all --vni 0", "Cannot clear a duplicate: vni 0 is below 1"],
    [
      "show routes --rd leaf1",
      'error: Cannot narrow routes by rd: "leaf1" is not a route distinguisher',
    ],
    ["show routes --seq -1", 'Cannot narrow routes by seq: "-1" is not a sequence number'],
    ["show routes --older soon", 'by older: "soon" is not a time, as in 90s, 10m, 2h or 1d'],
    ["show macs --sticky", "error: unknown option '--sticky'"],
    ["show moves --last -1", 'error: Cannot narrow moves by last: "-1" is not a number above 0'],
  ];
  for (const [words, sentence] of wrong) {
    it(`"roam ${words}" ends with 2, and says so without asking the daemon`, async () => {
      const said = await roam(words);
      expect(said.err).toContain(sentence);
      expect(said).toMatchObject({ code: 2, out: "" });
    });
  }

  it("a daemon that is not there ends with 3 and one sentence that names the socket", async () => {
    expect(await roam("show macs --json")).toEqual({
      code: 3,
      out: "",
      err: `Cannot reach roamd at ${socket}: ENOENT\n`,
    });
  });

  it("a daemon that breaks in its answer ends with 1", async () => {
    snapshot = {
      ...world(),
      entries: () => {
        throw new TypeError("no tables");
      },
    };
    await start();
    expect(await roam("status")).toEqual({
      code: 1,
      out: "",
      err: "Cannot answer: TypeError: no tables\n",
    });
  });
});

describe("Help", () => {
  /** Every command there is, by its words. */
  function all(command: RoamCommand, path: readonly string[] = []): [string, RoamCommand][] {
    const under = command.commands.flatMap((each) =>
      all(each as RoamCommand, [...path, each.name()]),
    );
    return [[path.join(" "), command], ...under];
  }
  const io = {
    out: async () => {},
    err: async () => {},
    colour: false,
    now: () => 0,
    signal: new AbortController().signal,
  };
  const commands = all(programOf(io, async () => {}));
  /** These do not end by themselves, or ask another machine. */
  const isEndless = /^(watch|top(?!.*--once)|--control tcp)/;

  it("has all that the contract names", () => {
    expect(commands.map(([words]) => words)).toEqual(
      expect.arrayContaining([...TABLES.map((what) => `show ${what}`), "status", "watch"]),
    );
  });

  for (const [words, { examples }] of commands) {
    it(`of "roam ${words}" has an example, which roam takes`, async () => {
      await start();
      const { code, out } = await roam(`${words} --help`);
      expect(code).toBe(0);
      expect(out).toContain("--json");
      expect(examples).not.toEqual([]);
      for (const example of examples) {
        expect(out).toContain(`  roam ${example}\n`);
        expect(example).toContain(words);
        if (!isEndless.test(example)) expect((await roam(example)).code, example).not.toBe(2);
      }
    });
  }
});

describe("roam over TCP", () => {
  it("signs with the key it is given, and ends with 1 where it has none", async () => {
    const keyFile = join(folder, "shared.key");
    await writeFile(keyFile, "k".repeat(32), { mode: 0o600 });
    await start({ address: "127.0.0.1:0", tls: undefined, keyFile });
    const control = `--control tcp://${server?.tcp}`;
    const signed = await roam(`${control} --key-file ${keyFile} clear duplicate --all`);
    expect(signed).toMatchObject({ code: 0, err: "" });
    expect(await roam(`${control} clear duplicate --all`)).toEqual({
      code: 1,
      out: "",
      err: "Cannot take the request: it is not signed: roam needs --key-file\n",
    });
    expect(commands).toHaveLength(1);
  });
});
