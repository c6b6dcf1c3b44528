/** What the documents promise: links that lead somewhere, and commands that have been tried. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { inRepository } from "../../labs/runner/repository.ts";
import { run } from "../../src/cli/command.ts";
import { anchorOf, blocksOf, documents, textOf } from "./markdown.ts";

/** Documents whose commands a test runs as they stand. */
const RUN: Readonly<Record<string, string>> = {
  "labs/evpn-l2/README.md": "test/lab/readmes.test.ts",
  "labs/frr-mixed/README.md": "test/lab/readmes.test.ts",
  "labs/compose/README.md": "test/compose/readme.test.ts",
};

/** Made from the commands themselves; see below. */
const REFERENCE = "docs/cli.md";

function withoutCode(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```/gm, "").replaceAll(/`[^`\n]*`/g, "");
}

function headingsOf(path: string): readonly string[] {
  const text = textOf(path).replaceAll(/^ *```[\s\S]*?^ *```/gm, "");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading));
}

/** Links to nowhere. */
function broken(path: string): readonly string[] {
  const links = [...withoutCode(textOf(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(
    ([, to = ""]) => to,
  );
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : join(dirname(path), file);
    if (!existsSync(inRepository(target))) return true;
    return anchor !== undefined && !headingsOf(target).includes(anchor);
  });
}

/** Blocks of commands that nobody has said anything of. */
function untried(path: string): readonly string[] {
  return blocksOf(path)
    .filter(({ language }) => language === "sh")
    .filter(({ marker }) => {
      if (marker === undefined) return !(path in RUN) && path !== REFERENCE;
      const by = /^run by: (\S+)$/.exec(marker)?.[1];
      if (by !== undefined) return !existsSync(inRepository(by));
      return marker !== "in a namespace" && !/^not run: \S+/.test(marker);
    })
    .map(({ line }) => `${path}:${line}`);
}

describe.each(documents())("%s", (path) => {
  it("has no link that leads nowhere", () => {
    expect(broken(path)).toEqual([]);
  });

  it("has no block of commands that is neither run nor marked as not", () => {
    expect(untried(path)).toEqual([]);
  });

  it("does not mention the machine it was written on", () => {
    expect(textOf(path)).not.toMatch(/\/work\/|\/tmp\/team/);
  });
});

it.each(Object.entries(RUN))("the commands of %s are run by %s", (document, test) => {
  expect(textOf(test)).toContain(document);
});

describe("Every example of roam", () => {
  const lines = documents().flatMap((path) =>
    blocksOf(path).flatMap(({ language, text }) =>
      language === "sh" ? text.split("\n").map((line) => line.replace(/ +#.*$/, "")) : [],
    ),
  );
  const examples = [...new Set(lines.filter((line) => /^roam [a-z-]/.test(line)))];

  it("is there", () => expect(examples.length).toBeGreaterThan(20));

  it.each(examples.filter((line) => !/[|<>$]|--key-file/.test(line)))(
    "can be typed: %s",
    async (line) => {
      let said = "";
      const take = async (text: string): Promise<void> => {
        said += text;
      };
      const { signal } = new AbortController();
      const words = line.split(/\s+/).slice(1);
      const io = { out: take, err: take, colour: false, now: () => 0, signal };
      const code = await run(["--control", "/nowhere/roamd.sock", ...words], io);
      expect(code, said).not.toBe(2);
    },
  );
});
