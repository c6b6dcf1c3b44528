/** `npm run generate:config`: writes the sample named on the command line. */
import { writeFileSync } from "node:fs";
import { sampleConfig } from "./sample.ts";

writeFileSync(process.argv[2] ?? "configs/roamd.yaml", sampleConfig());
