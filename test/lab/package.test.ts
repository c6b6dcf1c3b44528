/**
 * The package as npm would publish it, installed into an empty prefix: its programs do their work on
 * real leaves, on every Node it is made for, as another user than root.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { inRepository, REPOSITORY } from "../../labs/runner/repository.ts";
import { allRoutes, untilRoutes, withScene } from "./fabric.ts";

interface Ran {
  readonly code: number | null;
  readonly said: string;
}

function run(command: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Ran {
  const options = { encoding: "utf8", cwd: "/", env: { ...process.env, ...env } } as const;
  const { status, stdout, stderr } = spawnSync(command, words, options);
  return { code: status, said: stdout + stderr };
}

/** What a script of ours prints; `undefined`, after saying why, where it can not. */
function obtain(script: string, ...words: readonly string[]): string | undefined {
  try {
    const said = execFileSync("sh", [inRepository(script), ...words], { encoding: "utf8" });
    return said.trim();
  } catch (error) {
    console.warn(
      `SKIPPED: tests of the package: ${error instanceof Error ? error.message : error}`,
    );
    return undefined;
  }
}

const prefix = obtain("labs/package.sh");
const root = join(prefix ?? "", "lib/node_modules/roamd");
const RELEASES = ["20", "24", "newest"] as const;
const nodes = new Map(RELEASES.map((release) => [release, obtain("labs/node.sh", release)]));
const main = join(root, "dist/src/main.js");
const roam = join(root, "dist/src/cli/main.js");

const directory = mkdtempSync(join(tmpdir(), "roamd-package-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.skipIf(prefix === undefined)("The installed package", () => {
  it("has both programs on the path, and their manual pages", () => {
    const env = { PATH: `${prefix}/bin:${process.env.PATH}` };
    expect(run("roamd", ["--version"], env)).toEqual({ code: 0, said: `${versionHere()}\n` });
    expect(run("roam", ["--version"], env)).toEqual({ code: 0, said: `${versionHere()}\n` });
    expect(run("roam", ["--help"], env).said).toContain("Usage: roam ");
    for (const page of ["man1/roam.1", "man8/roamd.8"]) {
      expect(statSync(`${prefix}/share/man/${page}`).size).toBeGreaterThan(0);
    }
  });

  it("needs nothing of this checkout, and has nothing in it that is for developers", () => {
    const files = run("find", [
      root,
      "-path",
      "*/node_modules/roamd/node_modules",
      "-prune",
      "-o",
      "-print",
    ]);
    expect(files.said).not.toMatch(/\.(ts|map)$|\/(test|labs|bench)\//m);
    expect(run("grep", ["-rlF", REPOSITORY, root]).said).toBe("");
    expect(run("ls", [join(root, "node_modules")]).said).not.toMatch(/vitest|typescript|biome/);
  });

  it("takes its own sample configuration", () => {
    const words = [main, "--check", "--config", join(root, "configs/roamd.yaml")];
    expect(run("node", words)).toEqual({ code: 0, said: "" });
  });

  it("keeps what this Node makes of its text, and runs without it", () => {
    const kept = join(root, "dist/src/roamd.cjs.bytecode");
    expect(statSync(kept).size).toBeGreaterThan(100_000);
    rmSync(kept);
    expect(run("node", [main, "--check"])).toEqual({ code: 0, said: "" });
    expect(run("sh", [join(root, "native/install.sh")])).toEqual({ code: 0, said: "" });
    expect(statSync(kept).size).toBeGreaterThan(100_000);
  });

  it("builds the addon where the one it brings can not be loaded, and says what that takes", () => {
    const copy = join(directory, "native");
    cpSync(join(root, "native"), copy, { recursive: true });
    const addon = join(copy, "build/dgsock.node");
    const { mtimeMs } = statSync(addon);
    const install = join(copy, "install.sh");
    expect(run("sh", [install])).toEqual({ code: 0, said: "" });
    expect(statSync(addon).mtimeMs).toBe(mtimeMs);

    writeFileSync(addon, "of another machine");
    const without = run("sh", [install], { CC: "/nowhere/cc" });
    expect(without.code).toBe(1);
    expect(without.said).toContain('Cannot build the socket addon: no C compiler "/nowhere/cc"');
    expect(run("sh", [install], headers())).toMatchObject({ code: 0 });
    expect(run("node", ["-p", "typeof require(process.argv[1]).Socket", addon]).said).toBe(
      "function\n",
    );
  });

  describe.each(RELEASES)("on Node %s", (release) => {
    const node = nodes.get(release) ?? "";

    it.skipIf(node === "")("says its version, its help and what is wrong", () => {
      expect(run(node, [main, "--version"])).toEqual({ code: 0, said: `${versionHere()}\n` });
      expect(run(node, [roam, "--help"])).toMatchObject({ code: 0 });
      expect(run(node, [roam, "--control", join(directory, "none"), "status"])).toMatchObject({
        code: 3,
      });
      const config = join(directory, "wrong.yaml");
      writeFileSync(config, "mac-vrfs:\n  - vni: 16777216\n");
      const wrong = run(node, [main, "--check", "--config", config]);
      expect(wrong).toMatchObject({ code: 2, said: expect.stringContaining("16777216") });
    });
  });
});

const [oldest, middle, newest] = RELEASES.map((release) => nodes.get(release));
const canRun = prefix !== undefined && oldest !== undefined && middle !== undefined;

describe.skipIf(!canRun)("Two leaves with the installed package", () => {
  const env = canRun
    ? { ROAMD_LEAF1: starter("leaf1", oldest), ROAMD_LEAF2: starter("leaf2", middle) }
    : {};
  const scene = withScene({ env });

  it("follow a machine that moves, and let it go", async () => {
    const s = scene();
    await s.machine.move("leaf2");
    await s.followed("leaf2");
    await untilRoutes(s, "leaf2", allRoutes(1));
    await untilRoutes(s, "leaf1", []);
  });

  it("have a roamd that may nothing but what is said of it", async () => {
    const s = scene();
    const status = await s.fabric.run("leaf1", [
      "sh",
      "-c",
      "cat /proc/$(cat /run/roamd.pid)/status",
    ]);
    if (isRoot()) {
      expect(status).toMatch(/^Uid:\t65534\t65534/m);
      // CAP_NET_ADMIN is the 12th bit, CAP_NET_RAW the 13th.
      for (const set of ["Prm", "Eff", "Bnd"])
        expect(status).toMatch(new RegExp(`^Cap${set}:\t0*3000$`, "m"));
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    }
  });

  it.skipIf(newest === undefined)(
    "go on as they were when one is started again on the newest Node",
    async () => {
      const s = scene();
      const heard = s.rib.events.length;
      await s.daemon("leaf2", "kill", "roamd");
      starter("leaf2", newest ?? "");
      await s.daemon("leaf2", "start", "roamd");
      await s.roamdReady("leaf2");
      const versions = await s.fabric.run("leaf2", [
        "sh",
        "-c",
        "readlink /proc/$(cat /run/roamd.pid)/exe",
      ]);
      expect(versions.trim()).toBe(reachable(newest ?? ""));
      expect(s.rib.events.slice(heard).filter(({ withdrawn }) => withdrawn)).toEqual([]);
      await s.machine.move("leaf1");
      await s.followed("leaf1");
      await untilRoutes(s, "leaf1", allRoutes(2));
    },
  );
});

/** Real root can become others; who is root in a namespace of his own is all there is in it. */
function isRoot(): boolean {
  return /\s4294967295$/.test(readFileSync("/proc/self/uid_map", "utf8").trim());
}

/** The same file where nobody may read it, who may not look into root's home. */
function reachable(file: string): string {
  const reached = join(directory, file.replaceAll("/", "_"));
  if (existsSync(reached)) return reached;
  try {
    linkSync(file, reached);
  } catch {
    // On another file system.
    copyFileSync(file, reached);
  }
  return reached;
}

/** Writes the program that starts roamd on a leaf: with two capabilities, and as nobody. */
function starter(leaf: string, release: string): string {
  const node = reachable(release);
  const installed = join(directory, "roamd");
  if (!existsSync(installed)) cpSync(root, installed, { recursive: true, verbatimSymlinks: true });
  const main = join(installed, "dist/src/main.js");
  const file = join(directory, leaf);
  const caps = "+net_admin,+net_raw";
  const nobody = `setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs \\
  --bounding-set=-all,${caps} --inh-caps=-all,${caps} --ambient-caps=-all,${caps}`;
  const lines = isRoot()
    ? ["chown 65534:65534 /run/roamd", `exec ${nobody} ${node} ${main} "$@"`]
    : [`exec ${node} ${main} "$@"`];
  writeFileSync(file, `#!/bin/sh\n${lines.join("\n")}\n`);
  chmodSync(file, 0o755);
  chmodSync(directory, 0o755);
  return file;
}

/** Where the headers of Node are, should they not be where a compiler looks (`labs/setup.sh`). */
function headers(): NodeJS.ProcessEnv {
  const nodedir = process.env.npm_config_nodedir;
  return nodedir === undefined ? {} : { CPATH: `${nodedir}/include` };
}

function versionHere(): string {
  const manifest = JSON.parse(readFileSync(inRepository("package.json"), "utf8")) as {
    readonly version: string;
  };
  return manifest.version;
}
