import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { run } from "../../src/cli/command.ts";
import type { Shell } from "../../src/cli/completion.ts";

async function scriptFor(shell: Shell): Promise<string> {
  let script = "";
  const take = async (text: string): Promise<void> => {
    script += text;
  };
  const { signal } = new AbortController();
  const io = { out: take, err: take, colour: false, now: () => 0, signal };
  expect(await run(["completion", shell], io)).toBe(0);
  return script;
}

/** What bash offers after these words, of which the last is being typed. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const script = await scriptFor("bash");
  const typed = ["roam", ...words].map((word) => `'${word}'`).join(" ");
  const ask = `COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _roam; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", `${script}\n${ask}`], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line !== "");
}

describe("bash completes", () => {
  it("commands, and commands below them", async () => {
    expect(await offered("sta")).toEqual(["status"]);
    expect(await offered("show", "ma")).toEqual(["macs"]);
    expect(await offered("show", "")).toEqual(expect.arrayContaining(["macs", "routes", "--json"]));
    expect(await offered("--json", "--control", "/run/x", "migrate", "la")).toEqual(["land"]);
  });

  it("the options of the command that was typed, and those that go everywhere", async () => {
    expect(await offered("show", "macs", "--l")).toEqual(["--local"]);
    expect(await offered("show", "routes", "--ty")).toEqual(["--type"]);
    expect(await offered("status", "--j")).toEqual(["--json"]);
    expect(await offered("status", "--ty")).toEqual([]);
  });

  it("what an option takes, where that can be known", async () => {
    expect(await offered("show", "ports", "--port", "l")).toContain("lo");
    expect(await offered("--control", "/etc/host")).toContain("/etc/hosts");
    expect(await offered("show", "macs", "--mac", "s")).toEqual([]);
  });

  it("nothing but options after an address", async () => {
    expect(await offered("clear", "duplicate", "02:00:00:00:00:01", "st")).toEqual([]);
    expect(await offered("clear", "duplicate", "02:00:00:00:00:01", "--vn")).toEqual(["--vni"]);
  });
});

const hasZsh = spawnSync("zsh", ["-c", "true"]).status === 0;

describe("The script for zsh", () => {
  it("has every command with what it is for", async () => {
    const script = await scriptFor("zsh");
    expect(script).toMatch(/^#compdef roam$/m);
    expect(script).toContain("'status:whether the daemon does its work, and what it waits for'");
  });

  it.skipIf(!hasZsh)("is one that zsh can read", async () => {
    const script = await scriptFor("zsh");
    expect(spawnSync("zsh", ["-n"], { input: script, encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    });
  });
});
