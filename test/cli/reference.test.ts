import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cliReference } from "../../src/cli/reference.ts";

const page = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");

describe("docs/cli.md", () => {
  it("is what the commands say; else run npm run generate:cli", () => {
    expect(page).toBe(cliReference());
  });

  it("has a section with an example for everything that can be typed", () => {
    const sections = page.split("\n## ").slice(2);
    expect(sections.length).toBeGreaterThan(15);
    for (const section of sections)
      expect(section).toMatch(/```sh\nroam .*\n```|```sh\n(roam .*\n)+```/);
  });
});
