/** `npm run generate:cli`: writes the page named on the command line. */
import { writeFileSync } from "node:fs";
import { cliReference } from "./reference.ts";

writeFileSync(process.argv[2] ?? "docs/cli.md", cliReference());
