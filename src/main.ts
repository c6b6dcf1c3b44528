#!/usr/bin/env node
/** Starts `roamd` (`roamd.ts`), which is built into one file (`npm run build:bundle`). */
import { Worker } from "node:worker_threads";
import { openCompiled } from "./compiled.ts";

// On the other processor, while this one reads the program: who wants to know what stands in the kernel
// would have to wait for it. It holds up no end, and where it fails another is started.
const netlinkWorker = new Worker(new URL("./linux/netlink-worker.js", import.meta.url), {
  execArgv: [],
});
netlinkWorker.unref();
netlinkWorker.on("error", () => {});

const { roamd } = openCompiled(new URL("./roamd.cjs", import.meta.url));
process.exitCode = await roamd(netlinkWorker);
