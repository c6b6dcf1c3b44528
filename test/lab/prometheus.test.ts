/** What Prometheus's own tool says of our rules, and of what a running roamd serves. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import { inRepository } from "../../labs/runner/repository.ts";

const promtool = promtoolHere();

/** The path of promtool; `undefined`, after saying why, where it can not be had. */
function promtoolHere(): string | undefined {
  const installed = spawnSync("sh", ["-c", "command -v promtool"], { encoding: "utf8" });
  if (installed.status === 0) return installed.stdout.trim();
  try {
    const suite = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
    const script = inRepository("labs/debian.sh");
    return execFileSync("sh", [script, "promtool", suite ?? "stable"], { encoding: "utf8" }).trim();
  } catch (error) {
    console.warn(`SKIPPED: tests with promtool: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/** What it says, on whichever stream, and whether it is content. */
function ask(
  words: readonly string[],
  input = "",
): { readonly code: number; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(promtool ?? "", words, { input, encoding: "utf8" });
  return { code: status ?? 128, said: stdout + stderr };
}

describe.skipIf(promtool === undefined)("To promtool", () => {
  it("the alert rules are right", () => {
    const rules = inRepository("configs/prometheus/roamd.rules.yml");
    expect(ask(["check", "rules", rules])).toMatchObject({ code: 0 });
  });

  it("they say what they should, of metrics that are well and of others", () => {
    const tests = inRepository("test/lab/roamd.rules.test.yml");
    expect(ask(["test", "rules", tests])).toEqual({ code: 0, said: expect.any(String) });
  });

  it("the metrics of a running roamd are as they should be", async () => {
    const directory = mkdtempSync(join(tmpdir(), "roamd-metrics-"));
    const http = "127.0.0.1:9479";
    const roamd = spawn(process.execPath, [
      inRepository("dist/src/main.js"),
      ...["--http", http, "--state", directory, "--control", join(directory, "sock")],
    ]);
    try {
      const metrics = await poll("roamd to serve its metrics", async () => {
        const answer = await fetch(`http://${http}/metrics`).catch(() => undefined);
        return answer?.text();
      });
      expect(metrics).toContain('roamd_notices_total{kind="duplicate-detected"} 0');
      expect(ask(["check", "metrics"], metrics)).toEqual({ code: 0, said: "" });
    } finally {
      roamd.kill();
      await once(roamd, "exit");
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
