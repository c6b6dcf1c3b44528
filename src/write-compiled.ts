/**
 * Keeps what V8 has made of the program's text, for its next starts (`compiled.ts`):
 *
 *   node dist/src/write-compiled.js
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bytecodeFile, openCompiled } from "./compiled.ts";

const bundle = new URL("./roamd.cjs", import.meta.url);
const compiled = openCompiled(bundle);
// Of what runs at each start as well.
process.argv = [process.argv0, "roamd", "--check"];
process.exitCode = await compiled.roamd();
writeFileSync(bytecodeFile(fileURLToPath(bundle)), compiled.bytecode());
