/**
 * `npm run bench -- [NAME...] [--json FILE] [--smoke]`: roamd beside FRR and the floor, in one run. Run
 * by `bench/run.sh`, inside namespaces of its own.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { findBinaries } from "./lab/daemons.ts";
import { judge } from "./measured.ts";
import { Noise } from "./noise.ts";
import { tableOf, tell, writeResults } from "./report.ts";
import { BENCHES, runBenches } from "./run.ts";

const USAGE = `usage: npm run bench -- [NAME...] [--json FILE] [--smoke]
names: ${BENCHES.join(", ")}`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "string" }, smoke: { type: "boolean", default: false } },
  });
  const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench === name));
  if (unknown.length > 0) {
    console.error(`Cannot run bench "${unknown.join(", ")}"\n${USAGE}`);
    return 2;
  }
  const names = positionals.length === 0 ? BENCHES : positionals;
  const noise = Noise.begin();
  const { measurements, failures } = await runBenches(names, {
    binaries: findBinaries(),
    isSmoke: values.smoke,
    say: (text) => console.error(text),
  });
  const judged = measurements.map((each) => judge(each, { timed: !values.smoke }));
  const heard = noise.end();
  for (const each of judged) console.log(tell(each));
  console.log(`\n${tableOf(judged)}\n${heard.sentence}`);
  if (values.json !== undefined) {
    writeFileSync(
      values.json,
      `${JSON.stringify(
        judged.map(({ line }) => line),
        undefined,
        2,
      )}\n`,
    );
  }
  // Figures of several runs do not belong in one table.
  const isComplete = BENCHES.every((name) => names.includes(name));
  if (isComplete && failures.length === 0 && !values.smoke) writeResults(judged, heard);
  for (const failure of failures) console.error(failure);
  return failures.length === 0 && judged.every(({ line }) => line.ok) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exitCode = 1;
}
