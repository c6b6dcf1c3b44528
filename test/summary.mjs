// Adds up what the runs of vitest have written (`run.sh`): names what was skipped and what failed, and
// ends with one line of counts. The exit code is 1 if anything failed.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const directory = process.argv[2] ?? ".";
const count = { passed: 0, failed: 0, skipped: 0 };
const skipped = [];
const failed = [];

function fail(what) {
  count.failed += 1;
  failed.push(what);
}

for (const name of readdirSync(directory).filter((each) => each.endsWith(".code"))) {
  const project = name.replace(".code", "");
  const code = Number(readFileSync(join(directory, name), "utf8"));
  const path = join(directory, `${project}.json`);
  if (!existsSync(path)) {
    fail(`${project}: the run ended with code ${code} before it could tell`);
    continue;
  }
  const before = count.failed;
  for (const file of JSON.parse(readFileSync(path, "utf8")).testResults) {
    for (const test of file.assertionResults) {
      const title = `${project}: ${test.fullName.trim()}`;
      if (test.status === "passed") count.passed += 1;
      else if (test.status === "failed") fail(title);
      else {
        count.skipped += 1;
        skipped.push(title);
      }
    }
    // A file that can not even be loaded, or whose beforeAll fails, has no failed test.
    const told = file.assertionResults.some((test) => test.status === "failed");
    if (file.status === "failed" && !told) fail(`${project}: ${file.name}: ${file.message}`);
  }
  if (code !== 0 && count.failed === before) fail(`${project}: the run ended with code ${code}`);
}

for (const name of readdirSync(directory).filter((each) => each.endsWith(".skipped"))) {
  count.skipped += 1;
  skipped.push(readFileSync(join(directory, name), "utf8").trim());
}

const list = (heading, lines) => {
  if (lines.length > 0)
    console.log([`\n${heading}`, ...lines.map((line) => `  ${line}`)].join("\n"));
};
list("NOT RUN on this machine:", skipped);
list("FAILED:", failed);
console.log(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed === 0 ? 0 : 1;
