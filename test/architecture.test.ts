/** The rules of src/README.md, as a test. Change the table there and here together. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/** The text of every source file, by its path below src/. */
type Sources = ReadonlyMap<string, string>;

/** What a room may import besides itself: rooms with a slash at the end, or single files. */
const MAY_IMPORT: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  evpn: [],
  wire: ["evpn/"],
  mobility: ["evpn/"],
  reconcile: ["evpn/"],
  linux: ["evpn/", "wire/", "mobility/observation.ts", "reconcile/driver.ts"],
  gobgp: ["evpn/", "mobility/observation.ts", "reconcile/driver.ts"],
  state: ["evpn/", "mobility/memory.ts", "mobility/duplicates.ts"],
  report: ["evpn/", "reconcile/", /^[a-z]+\/notice\.ts$/],
  config: ["evpn/"],
  control: [
    "evpn/",
    "mobility/",
    "reconcile/",
    "config/",
    "report/move.ts",
    "report/history-row.ts",
    "report/control-notice.ts",
  ],
  doctor: ["evpn/", "control/rows.ts", "control/facts-row.ts"],
  cli: [
    "doctor/",
    "control/facts-row.ts",
    "control/protocol.ts",
    "control/rows.ts",
    "control/command.ts",
    "control/client.ts",
    "control/target.ts",
    "clock.ts",
    "version.ts",
  ],
};

/** These depend on nothing but the language. */
const PURE = ["evpn", "wire", "mobility"];
const PURE_PACKAGES = ["ip-address"];

/** These are told what time it is, and when to wake up. */
const TIMELESS = [...PURE, "reconcile", "config"];
const READS_TIME = /\bDate\.now\b|\bperformance\.(now|timeOrigin)\b|\bhrtime\b|\bnew Date\(\)/;
const SETS_TIMER = /\bset(Timeout|Interval|Immediate)\b|node:timers/;

const LINES_MAX = 300;

/** The room of a file; the files of the process stand in none. */
function roomOf(path: string): string | undefined {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : undefined;
}

function isGenerated(path: string): boolean {
  return path.includes("/generated/");
}

/** The code alone. What looks like a comment in a text is lost with the rest of its line. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/\/\/.*$/gm, "");
}

/** What a file imports, types too, at its start or later: paths below src/, or packages. */
function importsOf(path: string, text: string): readonly string[] {
  const specifiers = withoutComments(text).matchAll(
    /\b(?:from|import|require|new URL)\s*\(?\s*["']([^"']+)["']/g,
  );
  return [...specifiers].map(([, specifier = ""]) =>
    specifier.startsWith(".")
      ? normalize(join(dirname(path), specifier)).replaceAll(sep, "/")
      : specifier,
  );
}

function isFile(imported: string): boolean {
  return imported.endsWith(".ts");
}

function wrongImports(sources: Sources): readonly string[] {
  const wrong: string[] = [];
  for (const [path, text] of sources) {
    const room = roomOf(path);
    if (room === undefined) continue;
    const allowed = MAY_IMPORT[room];
    if (allowed === undefined) wrong.push(`${path}: the room ${room} is not in the table`);
    for (const imported of importsOf(path, text)) {
      const may = isFile(imported)
        ? imported.startsWith(`${room}/`) ||
          allowed?.some((one) =>
            typeof one !== "string"
              ? one.test(imported)
              : one.endsWith("/")
                ? imported.startsWith(one)
                : imported === one,
          )
        : !PURE.includes(room) || PURE_PACKAGES.includes(imported);
      if (may !== true) wrong.push(`${path} imports ${imported}`);
    }
  }
  return wrong;
}

function lateImports(sources: Sources): readonly string[] {
  return [...sources].flatMap(([path, text]) =>
    roomOf(path) !== "cli" && /\bawait import\(/.test(withoutComments(text)) ? [path] : [],
  );
}

/** The first way around from a room back to itself, if there is one. */
function cycle(sources: Sources): readonly string[] | undefined {
  const next = new Map<string, Set<string>>();
  for (const [path, text] of sources) {
    const room = roomOf(path) ?? "the process";
    const rooms = next.get(room) ?? new Set();
    next.set(room, rooms);
    for (const imported of importsOf(path, text)) {
      if (isFile(imported)) rooms.add(roomOf(imported) ?? "the process");
    }
    rooms.delete(room);
  }
  const clear = new Set<string>();
  const walk = (room: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(room)) return [...way.slice(way.indexOf(room)), room];
    if (clear.has(room)) return undefined;
    for (const to of next.get(room) ?? []) {
      const found = walk(to, [...way, room]);
      if (found !== undefined) return found;
    }
    clear.add(room);
    return undefined;
  };
  for (const room of next.keys()) {
    const found = walk(room, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

function wrongTime(sources: Sources): readonly string[] {
  const wrong: string[] = [];
  for (const [path, text] of sources) {
    const code = withoutComments(text);
    const reads = READS_TIME.exec(code)?.[0];
    if (reads !== undefined && path !== "clock.ts") wrong.push(`${path} reads ${reads}`);
    const sets = SETS_TIMER.exec(code)?.[0];
    if (sets !== undefined && TIMELESS.includes(roomOf(path) ?? "")) {
      wrong.push(`${path} sets ${sets}`);
    }
  }
  return wrong;
}

function wrongShape(sources: Sources): readonly string[] {
  const wrong: string[] = [];
  for (const [path, text] of sources) {
    const lines = text.trimEnd().split("\n").length;
    if (lines > LINES_MAX) wrong.push(`${path} has ${lines} lines`);
    if (!/^([a-z]+\/)*[a-z][a-z0-9]*(-[a-z0-9]+)*\.ts$/.test(path)) {
      wrong.push(`${path} is not named in kebab-case`);
    }
    if (/(^|\/)(utils?|helpers?|common|misc|index)(\/|\.ts$)/.test(path)) {
      wrong.push(`${path} does not say what it is for`);
    }
  }
  return wrong;
}

function readSources(): Sources {
  const src = fileURLToPath(new URL("../src/", import.meta.url));
  const paths = readdirSync(src, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll(sep, "/"))
    .filter((path) => path.endsWith(".ts") && !isGenerated(path));
  return new Map(paths.map((path) => [path, readFileSync(join(src, path), "utf8")]));
}

describe("The source", () => {
  const sources = readSources();

  it("has the rooms of the table, and each imports only what the table allows", () => {
    expect(sources.size).toBeGreaterThan(50);
    expect(wrongImports(sources)).toEqual([]);
  });

  it("has no way around from a room back to itself", () => {
    expect(cycle(sources)).toBeUndefined();
  });

  it("reads time in one place, and sets no timers in the rooms that are told", () => {
    expect(wrongTime(sources)).toEqual([]);
  });

  it("imports nothing late: the program in one file could not (`compiled.ts`)", () => {
    expect(lateImports(sources)).toEqual([]);
  });

  it("is in files of a size to be read, whose names say what they are for", () => {
    expect(wrongShape(sources)).toEqual([]);
  });
});

describe("The rules themselves find", () => {
  const source = (path: string, text: string): Sources => new Map([[path, text]]);

  it.each([
    ["a room that must not be imported", "evpn/ip.ts", 'import { a } from "../wire/arp.ts";'],
    ["a type", "wire/arp.ts", 'import type { A } from "../mobility/engine.ts";'],
    ["what is passed on", "evpn/ip.ts", 'export { a } from "../wire/arp.ts";'],
    ["what is imported for its effect", "evpn/ip.ts", 'import "../wire/arp.ts";'],
    ["what is imported late", "cli/main.ts", 'const a = await import("../control/server.ts");'],
    ["a type that is imported in place", "evpn/ip.ts", 'let a: import("../wire/arp.ts").A;'],
    ["several lines", "evpn/ip.ts", 'import {\n  a,\n  b,\n} from "../wire/arp.ts";'],
    ["a file of a worker", "gobgp/rib.ts", 'new URL("../linux/worker.ts", import.meta.url)'],
    ["another file of a room", "linux/kernel.ts", 'import { a } from "../mobility/engine.ts";'],
    ["a room beside", "gobgp/rib.ts", 'import { a } from "../linux/kernel.ts";'],
    ["a room from a folder of a room", "evpn/a/b.ts", 'import { a } from "../../wire/arp.ts";'],
    ["the process", "control/server.ts", 'import { run } from "../daemon.ts";'],
    ["a module of Node's in a pure room", "mobility/a.ts", 'import { b } from "node:net";'],
    ["a package in a pure room", "wire/a.ts", 'import { z } from "zod";'],
    ["a room that is not in the table", "utils/a.ts", 'import { z } from "zod";'],
  ])("%s", (_name, path, text) => {
    expect(wrongImports(source(path, text))).toHaveLength(1);
  });

  it.each([
    ["wire/arp.ts", 'import { a } from "../evpn/ip.ts";'],
    ["linux/kernel.ts", 'import type { Listener } from "../mobility/observation.ts";'],
    ["report/notices.ts", 'import type { Notice } from "../gobgp/notice.ts";'],
    ["evpn/ip.ts", 'import { Address6 } from "ip-address";'],
    ["evpn/ip.ts", '// as in import { a } from "../wire/arp.ts"'],
    ["evpn/ip.ts", '/* from "../wire/arp.ts" */ import { a } from "./mac.ts";'],
    ["daemon.ts", 'import { a } from "./linux/kernel.ts";'],
  ])("nothing in %s: %s", (path, text) => {
    expect(wrongImports(source(path, text))).toEqual([]);
  });

  it("a way around, also of types and over several rooms", () => {
    const around = new Map([
      ["a/one.ts", 'import { b } from "../b/one.ts";'],
      ["b/two.ts", 'import type { C } from "../c/one.ts";'],
      ["c/one.ts", 'import { a } from "../a/two.ts";'],
      ["d/one.ts", 'import { a } from "../a/one.ts";'],
    ]);
    expect(cycle(around)).toEqual(["a", "b", "c", "a"]);
    around.delete("c/one.ts");
    expect(cycle(around)).toBeUndefined();
  });

  it("what is imported late, but by `roam`, which is not that program", () => {
    const text = 'const a = await import("node:inspector");';
    expect(lateImports(source("give-back.ts", text))).toEqual(["give-back.ts"]);
    expect(lateImports(source("cli/command.ts", text))).toEqual([]);
  });

  it.each([
    ["mobility/engine.ts", "const now = Date.now();"],
    ["linux/kernel.ts", "const now = performance.now();"],
    ["daemon.ts", "const now = new Date();"],
    ["gobgp/rib.ts", "process.hrtime.bigint()"],
    ["reconcile/apply-loop.ts", "setTimeout(wake, 10);"],
    ["wire/arp.ts", 'import { setTimeout as sleep } from "node:timers/promises";'],
  ])("who reads time or sets a timer: %s: %s", (path, text) => {
    expect(wrongTime(source(path, text))).toHaveLength(1);
  });

  it("no fault with the clock, with a given time, or with a comment", () => {
    expect(wrongTime(source("clock.ts", "performance.now()"))).toEqual([]);
    expect(wrongTime(source("report/log.ts", "new Date(now()).toISOString()"))).toEqual([]);
    expect(wrongTime(source("mobility/a.ts", "// never Date.now()"))).toEqual([]);
  });

  it.each([
    ["evpn/macAddress.ts", ""],
    ["evpn/mac_address.ts", ""],
    ["evpn/Mac.ts", ""],
    ["evpn/index.ts", ""],
    ["evpn/utils/mac.ts", ""],
    ["evpn/long.ts", "\n".repeat(300).replaceAll("\n", "a\n").concat("a\n")],
  ])("what has a bad name or is too long: %s", (path, text) => {
    expect(wrongShape(source(path, text))).toHaveLength(1);
  });
});
