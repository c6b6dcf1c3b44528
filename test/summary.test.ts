/** What `npm test` says at its end, which is all that is kept of a run elsewhere. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { inRepository } from "../labs/runner/repository.ts";

const directory = mkdtempSync(join(tmpdir(), "roamd-summary-"));
afterEach(() => rmSync(directory, { recursive: true }));

const TESTS = `
describe("a lab", () => {
  beforeAll(() => { throw new Error("no scene\\nlog of leaf1"); });
  it("moves", () => {});
});
describe("a machine", () => {
  afterAll(() => { throw new Error("not struck"); });
  it("stays", () => {});
  it("goes", () => expect(1).toBe(2));
});
`;

it("names what failed with its error, also where no test of a suite could begin", () => {
  writeFileSync(join(directory, "some.test.js"), TESTS);
  writeFileSync(join(directory, "none.test.js"), 'import "./nowhere.js";');
  const json = join(directory, "lab.json");
  const reporters = ["--reporter=json", `--reporter=${inRepository("test/suite-errors.mjs")}`];
  const run = ["run", "--root", directory, "--globals", ...reporters, `--outputFile.json=${json}`];
  const { status } = spawnSync(inRepository("node_modules/.bin/vitest"), run);
  writeFileSync(join(directory, "lab.code"), `${status}`);

  const summary = spawnSync("node", [inRepository("test/summary.mjs"), directory], {
    encoding: "utf8",
  });
  const lines = summary.stdout.split("\n").filter((line) => !line.startsWith("          at "));
  expect(lines).toEqual(
    [
      ["", "NOT RUN on this machine:", "  lab: a lab moves"],
      ["", "FAILED:", "  lab: a machine goes"],
      ["      AssertionError: expected 1 to be 2 // Object.is equality"],
      ["  lab: none.test.js", expect.stringContaining("nowhere.js")],
      ["  lab: some.test.js: a lab", "      no scene", "      log of leaf1"],
      ["  lab: some.test.js: a machine", "      not struck"],
      ["", "1 passed, 4 failed, 1 skipped", ""],
    ].flat(),
  );
  expect(summary.status).toBe(1);
});
