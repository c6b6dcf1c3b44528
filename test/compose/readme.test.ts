/** The commands in labs/compose/README.md, as a reader would type them, one block after the other. */
import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { inRepository } from "../../labs/runner/repository.ts";
import { commandsOf } from "../docs/markdown.ts";
import { compose } from "./compose.ts";

const run = promisify(execFile);
const hasEngine = spawnSync("docker", ["version"]).status === 0;

describe.skipIf(!hasEngine)("labs/compose/README.md", () => {
  afterAll(() => compose("down", "--volumes", "--timeout", "1"));

  it.each(commandsOf("labs/compose/README.md").map(({ line, text }) => [line, text] as const))(
    "line %i",
    async (_line, text) => {
      const options = { cwd: inRepository("labs/compose"), timeout: 110_000 };
      const { stdout } = await run("sh", ["-e", "-c", text], options);
      expect(stdout).not.toContain("unhealthy");
    },
  );
});
