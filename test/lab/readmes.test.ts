/**
 * The commands in the READMEs of the labs, as a reader would type them, one block after the other. What
 * they should show is for the tests of each lab; here, that they can be typed and succeed.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import { inRepository } from "../../labs/runner/repository.ts";
import { blocksOf, commandsOf, documents } from "../docs/markdown.ts";

const LABS = ["labs/evpn-l2/README.md", "labs/frr-mixed/README.md"];

/** The lab of these tests is not the one that somebody may have up. */
const runtime = mkdtempSync(join(tmpdir(), "roamd-readme-"));
afterAll(() => rmSync(runtime, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly said: string;
}

function run(command: string, words: readonly string[]): Promise<Ran> {
  const env = { ...process.env, XDG_RUNTIME_DIR: runtime };
  const options = { cwd: inRepository("."), env, timeout: 120_000 };
  return new Promise((resolve) => {
    execFile(command, words, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 128;
      resolve({ code, said: stdout + stderr });
    });
  });
}

describe.each(LABS)("%s", (document) => {
  afterAll(async () => {
    await run("sh", ["labs/lab.sh", "down"]);
  });

  it.each(commandsOf(document).map((block) => [block.line, block.text] as const))(
    "line %i",
    async (_line, text) => {
      let last: Ran = { code: 0, said: "" };
      // Whoever reads is slower than this: a session may not be there yet.
      await poll(
        "the commands to succeed",
        async () => {
          last = await run("sh", ["-e", "-c", text]);
          return last.code === 0;
        },
        { everyMs: 2000, timeoutMs: 60_000, otherwise: () => last.said },
      );
    },
  );
});

describe("In a namespace of their own", () => {
  const blocks = documents().flatMap((path) =>
    blocksOf(path)
      .filter(({ marker }) => marker === "in a namespace")
      .map(({ line, text }) => [path, line, text] as const),
  );

  it.each(blocks)("%s, line %i", async (_path, _line, text) => {
    const inside = inRepository("labs/runner/inside.sh");
    expect(await run("sh", [inside, "sh", "-e", "-c", text])).toMatchObject({ code: 0 });
  });
});
