#!/usr/bin/env node
/** Starts `roamd` (`roamd.ts`), which is built into one file (`npm run build:bundle`). */
import { openCompiled } from "./compiled.ts";

process.exitCode = await openCompiled(new URL("./roamd.cjs", import.meta.url)).roamd();
