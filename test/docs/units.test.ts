/** The units for systemd: what they may, and that systemd can read them. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inRepository } from "../../labs/runner/repository.ts";

const UNITS = inRepository("configs/systemd");
const read = (path: string): string => readFileSync(join(UNITS, path), "utf8");

/** All values of a setting, in their order. */
function settings(unit: string, name: string): readonly string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value = ""]) => value);
}

describe("The unit of roamd", () => {
  const unit = read("roamd.service");

  it("gives it a user of its own and two capabilities, and checks the configuration first", () => {
    expect(settings(unit, "DynamicUser")).toEqual(["yes"]);
    for (const set of ["AmbientCapabilities", "CapabilityBoundingSet"]) {
      expect(settings(unit, set)).toEqual(["CAP_NET_ADMIN CAP_NET_RAW"]);
    }
    expect(settings(unit, "ExecStartPre")[0]).toMatch(/ --check$/);
    expect(settings(unit, "RestartPreventExitStatus")).toEqual(["2"]);
  });

  it("has the directories that are the defaults of roamd", () => {
    const sample = readFileSync(inRepository("configs/roamd.yaml"), "utf8");
    expect(sample).toContain("socket: /run/roamd/");
    expect(sample).toContain("state: /var/lib/roamd\n");
    expect(settings(unit, "RuntimeDirectory")).toEqual(["roamd"]);
    expect(settings(unit, "StateDirectory")).toEqual(["roamd"]);
  });
});

describe("The drop-in of gobgpd", () => {
  const unit = read("gobgpd.service.d/roamd.conf");

  it("has its API listen on this machine alone, where roamd looks for it", () => {
    expect(settings(unit, "Environment")[0]).toContain("--api-hosts=127.0.0.1:50051 ");
  });
});

/** The unit that Debian's package brings, as far as the drop-in depends on it. */
const GOBGPD = `[Service]
Type=notify
ExecStart=/usr/bin/gobgpd -f /etc/gobgpd.conf --sdnotify $GOBGPD_OPTIONS
DynamicUser=yes
AmbientCapabilities=CAP_NET_BIND_SERVICE
`;

/** What systemd complains of only because the machine it looks at is empty. */
const OF_AN_EMPTY_MACHINE = /Unit sysinit\.target not found|Command 'man .*' failed/;

const hasAnalyze = spawnSync("systemd-analyze", ["security", "--help"]).status === 0;

describe.skipIf(!hasAnalyze)("To systemd-analyze", () => {
  const root = mkdtempSync(join(tmpdir(), "roamd-units-"));
  const etc = join(root, "etc/systemd/system");

  beforeAll(() => {
    cpSync(UNITS, etc, { recursive: true });
    writeFileSync(join(etc, "gobgpd.service"), GOBGPD);
    mkdirSync(join(root, "usr/bin"), { recursive: true });
    for (const program of ["roamd", "gobgpd"]) {
      const file = join(root, "usr/bin", program);
      writeFileSync(file, "#!/bin/sh\n");
      chmodSync(file, 0o755);
    }
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each(["roamd.service", "gobgpd.service"])("%s is right", (unit) => {
    const { stderr } = spawnSync("systemd-analyze", ["verify", `--root=${root}`, unit], {
      encoding: "utf8",
    });
    const complaints = stderr.split("\n").filter((line) => line !== "");
    expect(complaints.filter((line) => !OF_AN_EMPTY_MACHINE.test(line))).toEqual([]);
  });

  // 0 is a service that can do nothing, 10 one that can do anything.
  it.each(["roamd.service", "gobgpd.service"])("%s is exposed by 2.5 of 10 at most", (unit) => {
    const words = ["security", "--offline=yes", "--threshold=25", `--root=${root}`, unit];
    const { status, stdout } = spawnSync("systemd-analyze", words, { encoding: "utf8" });
    expect(stdout).toMatch(/Overall exposure level for \S+: \d/);
    expect(status, stdout.trim().split("\n").at(-1) ?? "").toBe(0);
  });
});
