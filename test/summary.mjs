// Adds up what the runs of vitest have written (`run.sh`): names what was skipped and what failed, and
// ends with one line of counts. The exit code is 1 if anything failed.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

const directory = process.argv[2] ?? ".";
const count = { passed: 0, failed: 0, skipped: 0 };
const skipped = [];
const failed = [];

function fail(what, message = "") {
  count.failed += 1;
  failed.push(what);
  // Where nothing but these last lines is kept, a name alone would tell little.
  const lines = stripVTControlCharacters(message).split("\n").filter(Boolean);
  failed.push(...lines.slice(0, 4).map((line) => `    ${line.slice(0, 300)}`));
}

function parsed(path) {
  return JSON.parse(readFileSync(path, "utf8"));
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
  for (const file of parsed(path).testResults) {
    for (const test of file.assertionResults) {
      const title = `${project}: ${test.fullName.trim()}`;
      if (test.status === "passed") count.passed += 1;
      else if (test.status === "failed") fail(title, test.failureMessages[0]);
      else {
        count.skipped += 1;
        skipped.push(title);
      }
    }
  }
  // What cannot even be loaded or set up has no failed test.
  const suites = `${path}.suites`;
  for (const { suite, message } of existsSync(suites) ? parsed(suites) : []) {
    fail(`${project}: ${suite}`, message);
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
