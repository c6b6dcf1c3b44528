/** The program in one file, with and without what V8 has made of it before. */
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { bytecodeFile, openCompiled } from "../src/compiled.ts";

let folder: string;
let bundle: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "compiled-"));
  bundle = join(folder, "bundle.cjs");
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(number: number): void {
  writeFileSync(
    bundle,
    `exports.roamd = async () => require("node:path").sep.length * ${number};\n`,
  );
}

async function answer(): Promise<number> {
  return openCompiled(pathToFileURL(bundle)).roamd();
}

it("runs without bytecode, with its own, and with what is none", async () => {
  write(7);
  expect(await answer()).toBe(7);
  writeFileSync(bytecodeFile(bundle), openCompiled(pathToFileURL(bundle)).bytecode());
  expect(await answer()).toBe(7);
  writeFileSync(bytecodeFile(bundle), "none");
  expect(await answer()).toBe(7);
});

it("is the text, where the bytecode is older: V8 itself looks at the length alone", async () => {
  write(7);
  const compiled = openCompiled(pathToFileURL(bundle));
  await compiled.roamd();
  writeFileSync(bytecodeFile(bundle), compiled.bytecode());
  write(8);
  utimesSync(bytecodeFile(bundle), 1000, 1000);
  expect(await answer()).toBe(8);
});
